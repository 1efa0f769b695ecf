//! What the tests of this layer share: a transparent AEAD that notes what it is given, and the real ones.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

extern crate std;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::sync::Mutex;

use super::Version;
use super::aead::{Aead, AeadError, Algorithm, NONCE_LEN, TAG_LEN};

pub(crate) const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

pub(crate) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Aes128Gcm, Algorithm::Aes256Gcm, Algorithm::Chacha20Poly1305];

/// Nonce and additional data of one call.
pub(crate) type Call = ([u8; NONCE_LEN], Vec<u8>);

/// An AEAD without secrets: the "ciphertext" is the plaintext, and the tag is made of the nonce. It notes every
/// call, also those that it is told to refuse.
#[derive(Clone, Default)]
pub(crate) struct Glass {
    calls: Arc<Mutex<Vec<Call>>>,
    /// Refuse every call from now on.
    broken: Arc<Mutex<bool>>,
    /// Open whatever comes, as if the peer's key were ours: it reaches what is behind the tag.
    gullible: bool,
    /// Answer `None` to `open`.
    in_place_only: bool,
}

impl Glass {
    pub(crate) fn gullible() -> Self {
        Self { gullible: true, ..Self::default() }
    }

    pub(crate) fn in_place_only() -> Self {
        Self { in_place_only: true, ..Self::default() }
    }

    pub(crate) fn boxed(&self) -> Box<dyn Aead> {
        Box::new(self.clone())
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn set_broken(&self, broken: bool) {
        *self.broken.lock().unwrap() = broken;
    }

    fn note(&self, nonce: &[u8; NONCE_LEN], aad: &[u8]) -> Result<[u8; TAG_LEN], AeadError> {
        self.calls.lock().unwrap().push((*nonce, aad.to_vec()));
        if *self.broken.lock().unwrap() { Err(AeadError) } else { Ok(tag(nonce)) }
    }
}

/// The tag that [`Glass`] makes.
pub(crate) fn tag(nonce: &[u8; NONCE_LEN]) -> [u8; TAG_LEN] {
    let mut tag = [0xee; TAG_LEN];
    tag[..NONCE_LEN].copy_from_slice(nonce);
    tag
}

impl Aead for Glass {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        let tag = self.note(nonce, aad)?;
        out.copy_from_slice(&[plaintext, extra, &tag].concat());
        Ok(())
    }

    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let tag = self.note(nonce, aad)?;
        *in_out.last_chunk_mut().unwrap() = tag;
        Ok(())
    }

    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError> {
        let tag = self.note(nonce, aad)?;
        let authentic = self.gullible || in_out.last_chunk() == Some(&tag);
        if authentic { Ok(()) } else { Err(AeadError) }
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        if self.in_place_only {
            return None;
        }
        // As the real ones may, write first and verify then.
        out.copy_from_slice(&sealed[..sealed.len() - TAG_LEN]);
        Some(self.open_in_place(nonce, aad, &mut sealed.to_vec()))
    }
}

/// A record with a right header around `body`.
pub(crate) fn record(typ: u8, body: &[u8]) -> Vec<u8> {
    let [l1, l0] = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[typ, 3, 3, l1, l0], body].concat()
}

/// Bytes from the hexadecimal digits in `text`; everything else is layout.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|d| u8::try_from(d).unwrap()).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Every provider that is compiled in, with its name.
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto"))]
pub(crate) const PROVIDERS: &[(&str, &dyn super::aead::RecordCrypto)] = &[
    #[cfg(feature = "aws-lc-rs")]
    ("aws-lc-rs", &crate::crypto::AwsLcRs),
    #[cfg(feature = "ring")]
    ("ring", &crate::crypto::Ring),
    #[cfg(feature = "rustcrypto")]
    ("RustCrypto", &crate::crypto::RustCrypto),
];

/// Bytes of the algorithm's key.
pub(crate) fn key_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Aes128Gcm => 16,
        Algorithm::Aes256Gcm | Algorithm::Chacha20Poly1305 => 32,
    }
}
