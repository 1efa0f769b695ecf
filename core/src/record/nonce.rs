//! Nonces: the sequence number mixed into the secret IV.

use zeroize::Zeroizing;

use super::aead::NONCE_LEN;

/// Bytes of the part of a TLS 1.2 GCM nonce that travels with the record (RFC 5288 section 3).
pub(super) const EXPLICIT_LEN: usize = 8;

/// Bytes of the part of it that doesn't.
const SALT_LEN: usize = NONCE_LEN - EXPLICIT_LEN;

/// The IV of one direction; for TLS 1.2 GCM, the salt and a start value for the explicit part. Wiped when
/// dropped: RFC 8446 treats it as key material.
pub(super) struct Iv(Zeroizing<[u8; NONCE_LEN]>);

impl Iv {
    pub(super) fn new(iv: [u8; NONCE_LEN]) -> Self {
        Self(Zeroizing::new(iv))
    }

    /// The nonce of record `seq`: the IV with the number, big-endian, XORed into its end (RFC 8446 section 5.3,
    /// RFC 7905 section 2). As an explicit TLS 1.2 nonce it never repeats either.
    #[inline]
    pub(super) fn nonce(&self, seq: u64) -> [u8; NONCE_LEN] {
        let mut nonce = *self.0;
        for (byte, number) in nonce[SALT_LEN..].iter_mut().zip(seq.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }

    /// The nonce that a peer completed: our salt, and the explicit part from the wire (RFC 5288 section 3).
    #[inline]
    pub(super) fn with_explicit(&self, explicit: [u8; EXPLICIT_LEN]) -> [u8; NONCE_LEN] {
        let mut nonce = *self.0;
        nonce[SALT_LEN..].copy_from_slice(&explicit);
        nonce
    }
}
