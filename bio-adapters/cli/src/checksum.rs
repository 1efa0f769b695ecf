//! SHA-256, and the time that it takes: it must not be taken for the time of TLS.

use std::fmt;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// A SHA-256 in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hasher {
    hash: Sha256,
    bytes: u64,
    time: Duration,
}

impl Hasher {
    pub(crate) fn update(&mut self, data: &[u8]) {
        let started = Instant::now();
        self.hash.update(data);
        self.bytes += data.len() as u64;
        self.time += started.elapsed();
    }

    /// Bytes that it was made of so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The time that was spent on it.
    pub(crate) fn time(&self) -> Duration {
        self.time
    }

    pub(crate) fn finish(self) -> Digested {
        Digested { bytes: self.bytes, sha256: self.hash.finalize().into() }
    }
}

/// What identifies some data: its length and its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) bytes: u64,
    sha256: [u8; 32],
}

/// The SHA-256 in hexadecimal.
impl fmt::Display for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sha256.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
