//! Keys in the form of `linux/tls.h`: `struct tls12_crypto_info_*`.

use core::fmt;

use wantls::{Algorithm, TrafficKey, Version};
use zeroize::Zeroizing;

/// Which half of a connection a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// What we send: `TLS_TX`.
    Write,
    /// What the peer sends: `TLS_RX`.
    Read,
}

/// Bytes of the longest of the structures.
const MAX_LEN: usize = 56;
/// Bytes of the part of an AES-GCM nonce that is called the salt.
const SALT_LEN: usize = 4;

/// The value of the socket options `TLS_TX` and `TLS_RX`. **It holds the key**, and is wiped on drop.
pub struct CryptoInfo {
    bytes: Zeroizing<[u8; MAX_LEN]>,
    len: usize,
}

impl CryptoInfo {
    /// `key` as the kernel wants it. `None`: the kernel has no structure for it.
    ///
    /// | | AES-GCM | ChaCha20-Poly1305 |
    /// | --- | --- | --- |
    /// | `salt` | the first 4 bytes of the IV | nothing |
    /// | `iv` | TLS 1.3: the other 8. TLS 1.2: the first explicit nonce that it sends, see below | the IV |
    /// | `rec_seq` | the number of the next record, big-endian | the same |
    ///
    /// In TLS 1.2 the kernel counts explicit nonces up from the one that it is given, where wantls has XORed record
    /// numbers into the IV. Counting from the IV would repeat the nonces of the handshake's last record and of all data
    /// sent so far, which gives the key away; it counts from behind all of them. For reading the peer's nonces count.
    #[must_use]
    pub fn new(version: Version, key: TrafficKey<'_>, direction: Direction) -> Option<Self> {
        let version_number = match version {
            Version::Tls12 => 0x0303_u16,
            Version::Tls13 => 0x0304,
            _ => return None,
        };
        let cipher_type = match key.algorithm {
            Algorithm::Aes128Gcm => libc::TLS_CIPHER_AES_GCM_128,
            Algorithm::Aes256Gcm => libc::TLS_CIPHER_AES_GCM_256,
            Algorithm::Chacha20Poly1305 => libc::TLS_CIPHER_CHACHA20_POLY1305,
            _ => return None,
        };
        let (salt, rest) = key.iv.split_at(SALT_LEN);
        let fresh: [u8; 8];
        let (salt, iv) = match (key.algorithm, version, direction) {
            (Algorithm::Chacha20Poly1305, ..) => (&[][..], &key.iv[..]),
            (_, Version::Tls12, Direction::Write) => {
                fresh = unused_explicit(rest.try_into().ok()?, key.seq);
                (salt, &fresh[..])
            }
            _ => (salt, rest),
        };
        let mut info = Self { bytes: Zeroizing::new([0; MAX_LEN]), len: 0 };
        info.push(&version_number.to_ne_bytes());
        info.push(&cipher_type.to_ne_bytes());
        info.push(iv);
        info.push(key.key);
        info.push(salt);
        info.push(&key.seq.to_be_bytes());
        Some(info)
    }

    /// The structure's bytes: 40 or 56.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, field: &[u8]) {
        self.bytes[self.len..][..field.len()].copy_from_slice(field);
        self.len += field.len();
    }
}

/// Without the key.
impl fmt::Debug for CryptoInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CryptoInfo").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The first explicit nonce behind all that `base ^ n` gives for `n < used`. Those lie in one aligned block, as XOR does
/// not leave it, so what follows the block is free for as many records as a connection can have.
fn unused_explicit(base: [u8; 8], used: u64) -> [u8; 8] {
    let base = u64::from_be_bytes(base);
    let block = u64::MAX.checked_shr(used.leading_zeros()).unwrap_or(0);
    (base | block).wrapping_add(1).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IV: [u8; 12] = *b"salt\x10\x11\x12\x13\x14\x15\x16\x17";

    fn key(algorithm: Algorithm, key: &[u8], seq: u64) -> TrafficKey<'_> {
        TrafficKey { algorithm, key, iv: &IV, seq }
    }

    fn bytes(version: Version, key: TrafficKey<'_>, direction: Direction) -> Vec<u8> {
        CryptoInfo::new(version, key, direction).map_or_else(Vec::new, |info| info.as_bytes().to_vec())
    }

    #[test]
    fn tls13_is_what_the_header_says() {
        for direction in [Direction::Write, Direction::Read] {
            for (algorithm, cipher, len) in [(Algorithm::Aes128Gcm, 51, 16), (Algorithm::Aes256Gcm, 52, 32)] {
                let secret = vec![0xa5; len];
                let info = bytes(Version::Tls13, key(algorithm, &secret, 0x0102), direction);
                let head = [0x0304_u16.to_ne_bytes(), u16::to_ne_bytes(cipher)].concat();
                let expected = [&head, &IV[4..], &secret, b"salt", &[0, 0, 0, 0, 0, 0, 1, 2]].concat();
                assert_eq!(info, expected);
            }
            let info =
                bytes(Version::Tls13, key(Algorithm::Chacha20Poly1305, &[0xa5; 32], u64::MAX - 1), direction);
            let head = [0x0304_u16.to_ne_bytes(), 54_u16.to_ne_bytes()].concat();
            let expected = [&head, &IV[..], &[0xa5; 32], &[0xff; 7], &[0xfe]].concat();
            assert_eq!(info, expected);
        }
    }

    #[test]
    fn tls12_keeps_the_salt_and_takes_another_explicit_nonce() {
        let info = bytes(Version::Tls12, key(Algorithm::Aes128Gcm, &[7; 16], 3), Direction::Write);
        assert_eq!(info[..4], [0x0303_u16.to_ne_bytes(), 51_u16.to_ne_bytes()].concat());
        // 3 numbers were used, those of the block of 4 that ends in 0x17.
        assert_eq!(info[4..12], [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x18]);
        assert_eq!((&info[28..32], &info[32..]), (&b"salt"[..], &3_u64.to_be_bytes()[..]));
        let info = bytes(Version::Tls12, key(Algorithm::Chacha20Poly1305, &[7; 32], 3), Direction::Write);
        assert_eq!((&info[4..16], &info[48..]), (&IV[..], &3_u64.to_be_bytes()[..]));
    }

    #[test]
    fn no_explicit_nonce_comes_twice() {
        for base in [0, 1, 5, 0xff, 0x1000, u64::MAX, u64::MAX - 6, 0x8000_0000_0000_0000] {
            for used in (0..40).chain([255, 256, 257]) {
                let first = u64::from_be_bytes(unused_explicit(base.to_be_bytes(), used));
                for before in (0..used).map(|n| base ^ n) {
                    // As far as the kernel counts up from `first`: that many records there can't be.
                    assert!(before.wrapping_sub(first) > u64::MAX - 1024, "{base:#x} {used}");
                }
            }
        }
        assert_eq!(unused_explicit([0xff; 8], u64::MAX), [0; 8], "all used: no key comes that far");
    }

    #[test]
    fn nothing_shows_the_key() {
        let secret = [0x5a; 16];
        let key = key(Algorithm::Aes128Gcm, &secret, 0);
        let info = CryptoInfo::new(Version::Tls13, key, Direction::Write);
        for text in [format!("{key:?}"), format!("{info:?}")] {
            assert!(!text.contains("90") && !text.to_lowercase().contains("5a"), "{text}");
        }
    }
}
