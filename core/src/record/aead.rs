//! The AEAD that protects records: two small traits that a crypto library, or a crypto peripheral, implements.

use alloc::boxed::Box;

/// Bytes of an AEAD tag: 16 for every suite here (RFC 5116 section 5).
pub const TAG_LEN: usize = 16;

/// Bytes of a nonce (RFC 8446 section 5.3).
pub const NONCE_LEN: usize = 12;

/// The AEAD algorithms of the suites that rustls negotiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// AES-128 in Galois/Counter mode; a 16-byte key.
    Aes128Gcm,
    /// AES-256 in Galois/Counter mode; a 32-byte key.
    Aes256Gcm,
    /// ChaCha20-Poly1305; a 32-byte key.
    Chacha20Poly1305,
}

/// The AEAD refused: a tag that does not verify, or lengths that don't fit. It says no more, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the AEAD refused")]
pub struct AeadError;

/// One key of one direction.
///
/// The record layer keeps the lengths right: an implementation may rely on the sizes named here, and answers
/// [`AeadError`] where they don't hold.
pub trait Aead: Send + Sync {
    /// Seals `plaintext` followed by `extra` (at most one byte: TLS 1.3's inner content type) into `out`, which
    /// is exactly `plaintext.len() + extra.len() + TAG_LEN` bytes. One pass, no copy, where the library can.
    ///
    /// # Errors
    /// [`AeadError`] if the lengths don't fit or the library fails; `out` is then unspecified.
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError>;

    /// Seals what is in `in_out` already: its last [`TAG_LEN`] bytes receive the tag.
    ///
    /// # Errors
    /// As for [`seal`](Self::seal).
    fn seal_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError>;

    /// Opens `in_out`, ciphertext followed by the tag, in place; the plaintext is its first
    /// `in_out.len() - TAG_LEN` bytes.
    ///
    /// # Errors
    /// [`AeadError`] if the tag does not verify; `in_out` then holds nothing that may be used.
    fn open_in_place(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], in_out: &mut [u8]) -> Result<(), AeadError>;

    /// Opens `sealed`, ciphertext followed by the tag, into `out`, which is exactly `sealed.len() - TAG_LEN`
    /// bytes. `None`: this implementation can't, and the caller opens in place and copies.
    ///
    /// # Errors
    /// [`AeadError`] if the tag does not verify; `out` then holds nothing that may be used.
    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Option<Result<(), AeadError>> {
        let _ = (nonce, aad, sealed, out);
        None
    }
}

/// Makes keys: what a [`Context`](crate::ClientContext) is given besides the rustls config.
pub trait RecordCrypto: Send + Sync {
    /// Whether [`key`](Self::key) can make a key of this algorithm.
    fn supports(&self, algorithm: Algorithm) -> bool;

    /// Makes a key of one direction; once per direction and KeyUpdate.
    ///
    /// # Errors
    /// [`AeadError`] if `key` has the wrong length or the algorithm is not supported.
    fn key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Box<dyn Aead>, AeadError>;
}
