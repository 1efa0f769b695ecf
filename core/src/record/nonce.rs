//! Nonces: the sequence number mixed into the secret IV.

use zeroize::Zeroizing;

use super::aead::NONCE_LEN;

/// Bytes of the part of a TLS 1.2 GCM nonce that travels with the record (RFC 5288 section 3).
pub(super) const EXPLICIT_LEN: usize = 8;

/// Bytes of the part of it that doesn't.
pub(super) const SALT_LEN: usize = NONCE_LEN - EXPLICIT_LEN;

/// The IV of one direction; for TLS 1.2 GCM, the salt and a start value for the explicit part. Wiped when
/// dropped: RFC 8446 treats it as key material.
pub(super) struct Iv {
    /// The first eight bytes, and the last four. Nonces are put together as they are copied later: eight bytes and
    /// four. A load that spans two stores has to wait for both, which costs more than all the rest here.
    head: Zeroizing<u64>,
    tail: Zeroizing<u32>,
}

impl Iv {
    pub(super) fn new(iv: [u8; NONCE_LEN]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = iv;
        Self {
            head: Zeroizing::new(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
            tail: Zeroizing::new(u32::from_be_bytes([i, j, k, l])),
        }
    }

    /// The nonce of record `seq`: the IV with the number, big-endian, XORed into its end (RFC 8446 section 5.3,
    /// RFC 7905 section 2). As an explicit TLS 1.2 nonce it never repeats either.
    #[inline]
    pub(super) fn nonce(&self, seq: u64) -> [u8; NONCE_LEN] {
        join(*self.head ^ (seq >> u32::BITS), *self.tail ^ seq as u32)
    }

    /// The nonce that a peer completed: our salt, and the explicit part from the wire (RFC 5288 section 3).
    #[inline]
    pub(super) fn with_explicit(&self, explicit: [u8; EXPLICIT_LEN]) -> [u8; NONCE_LEN] {
        let explicit = u64::from_be_bytes(explicit);
        let salt = *self.head >> u32::BITS << u32::BITS;
        join(salt | (explicit >> u32::BITS), explicit as u32)
    }
}

#[inline]
fn join(head: u64, tail: u32) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    nonce[..8].copy_from_slice(&head.to_be_bytes());
    nonce[8..].copy_from_slice(&tail.to_be_bytes());
    nonce
}
