//! What TLS 1.3 and the two kinds of TLS 1.2 suites do differently around the same AEAD.

use super::aead::{Algorithm, TAG_LEN};
use super::header::HEADER_LEN;
use super::nonce::EXPLICIT_LEN;
use super::{ContentType, Version};

/// How a record is laid out around its ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// RFC 8446 section 5.2: the content type is sealed behind the plaintext.
    Tls13,
    /// RFC 5288: part of the nonce stands in front of the ciphertext.
    Tls12Gcm,
    /// RFC 7905: nothing but ciphertext and tag.
    Tls12Chacha,
}

impl Framing {
    pub(super) fn new(version: Version, algorithm: Algorithm) -> Self {
        match (version, algorithm) {
            (Version::Tls13, _) => Self::Tls13,
            (Version::Tls12, Algorithm::Aes128Gcm | Algorithm::Aes256Gcm) => Self::Tls12Gcm,
            (Version::Tls12, Algorithm::Chacha20Poly1305) => Self::Tls12Chacha,
        }
    }

    #[inline]
    pub(super) const fn version(self) -> Version {
        match self {
            Self::Tls13 => Version::Tls13,
            Self::Tls12Gcm | Self::Tls12Chacha => Version::Tls12,
        }
    }

    /// Bytes in front of the ciphertext.
    #[inline]
    pub(super) const fn offset(self) -> usize {
        match self {
            Self::Tls12Gcm => HEADER_LEN + EXPLICIT_LEN,
            Self::Tls13 | Self::Tls12Chacha => HEADER_LEN,
        }
    }

    /// Bytes of the content type that is sealed with the plaintext: one or none.
    #[inline]
    pub(super) const fn inner_type_len(self) -> usize {
        match self {
            Self::Tls13 => 1,
            Self::Tls12Gcm | Self::Tls12Chacha => 0,
        }
    }

    /// Bytes that a record is longer than its plaintext.
    #[inline]
    pub(super) const fn overhead(self) -> usize {
        self.offset() + self.inner_type_len() + TAG_LEN
    }

    /// The content type in the header of a record that carries `typ`.
    #[inline]
    pub(super) const fn outer_type(self, typ: ContentType) -> ContentType {
        match self {
            Self::Tls13 => ContentType::ApplicationData,
            Self::Tls12Gcm | Self::Tls12Chacha => typ,
        }
    }

    /// What is authenticated besides the plaintext: the header as sent (RFC 8446 section 5.2), or the header
    /// as it would stand in front of the plaintext, behind the sequence number (RFC 5246 section 6.2.3.3).
    #[inline]
    pub(super) fn aad(self, header: [u8; HEADER_LEN], seq: u64, plaintext_len: usize) -> Aad {
        let mut bytes = [0; TLS12_AAD_LEN];
        match self {
            Self::Tls13 => {
                bytes[..HEADER_LEN].copy_from_slice(&header);
                Aad { bytes, len: HEADER_LEN }
            }
            Self::Tls12Gcm | Self::Tls12Chacha => {
                let (number, rest) = bytes.split_at_mut(size_of::<u64>());
                number.copy_from_slice(&seq.to_be_bytes());
                rest[..3].copy_from_slice(&header[..3]);
                // At most 2^14: checked before by who seals or opens.
                rest[3..].copy_from_slice(&(plaintext_len as u16).to_be_bytes());
                Aad { bytes, len: TLS12_AAD_LEN }
            }
        }
    }
}

/// Sequence number, then a header.
const TLS12_AAD_LEN: usize = size_of::<u64>() + HEADER_LEN;

/// Additional authenticated data, on the stack.
pub(super) struct Aad {
    bytes: [u8; TLS12_AAD_LEN],
    len: usize,
}

impl Aad {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
