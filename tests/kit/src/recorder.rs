//! Record crypto that notes every use of a nonce, and fails when told to.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use wantls::{Aead, AeadError, Algorithm, NONCE_LEN, RecordCrypto};

/// Another library's record crypto under watch: a key and a nonce that seal twice are a panic.
///
/// Clones share what they have seen, so that both ends of a connection, or many connections, can be watched as one.
#[derive(Clone, Debug)]
pub struct Recorder<C> {
    inner: C,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Key and nonce of every seal.
    used: Mutex<HashSet<(Vec<u8>, [u8; NONCE_LEN])>>,
    /// Keys that were made.
    keys: AtomicUsize,
    /// Seals that are still to fail.
    failures: AtomicUsize,
}

impl<C> Recorder<C> {
    /// Watches `inner`.
    pub fn new(inner: C) -> Self {
        Self { inner, seen: Arc::default() }
    }

    /// Records sealed so far, with all keys.
    #[must_use]
    pub fn sealed(&self) -> usize {
        self.seen.used.lock().unwrap().len()
    }

    /// Keys made so far: one per direction, connection and KeyUpdate.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.seen.keys.load(Ordering::Relaxed)
    }

    /// Lets the next `n` seals fail, after their nonces were used.
    pub fn fail_next(&self, n: usize) {
        self.seen.failures.store(n, Ordering::Relaxed);
    }
}

impl<C: RecordCrypto> RecordCrypto for Recorder<C> {
    fn supports(&self, algorithm: Algorithm) -> bool {
        self.inner.supports(algorithm)
    }

    fn key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
        self.seen.keys.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.key(algorithm, key)?;
        Ok(Box::new(Watched { inner, key: key.to_vec(), seen: self.seen.clone() }))
    }
}

struct Watched {
    inner: Box<dyn Aead>,
    key: Vec<u8>,
    seen: Arc<Seen>,
}

impl Watched {
    fn note(&self, nonce: &[u8; NONCE_LEN]) -> Result<(), AeadError> {
        let fresh = self.seen.used.lock().unwrap().insert((self.key.clone(), *nonce));
        assert!(fresh, "a key has sealed twice with the nonce {nonce:02x?}");
        let fails = self
            .seen
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_ok();
        if fails { Err(AeadError) } else { Ok(()) }
    }
}

impl Aead for Watched {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        self.note(nonce)?;
        self.inner.seal(nonce, aad, plaintext, extra, out)
    }

    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        self.note(nonce)?;
        self.inner.seal_in_place(nonce, aad, in_out)
    }

    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        self.inner.open_in_place(nonce, aad, in_out)
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        self.inner.open(nonce, aad, sealed, out)
    }
}
