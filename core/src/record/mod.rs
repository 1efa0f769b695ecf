//! The record layer: plaintext into protected records and back (RFC 8446 section 5, RFC 5246 section 6).
//!
//! It works on slices that the caller owns, allocates nothing, and knows nothing of buffers, alerts or
//! handshake messages. `header` refuses what a header alone gives away, before the body has arrived;
//! `seal` writes records; `open` reads them. What the versions and suites do differently is in `framing`
//! and `nonce`. [`aead`] is the seam to the crypto library.

pub(crate) mod aead;
mod framing;
pub(crate) mod header;
mod nonce;
pub(crate) mod open;
pub(crate) mod seal;

#[cfg(test)]
#[cfg_attr(
    not(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto")),
    expect(dead_code, reason = "most tests need a provider")
)]
pub(crate) mod testing;
#[cfg(test)]
#[cfg_attr(
    not(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto")),
    expect(dead_code, reason = "most tests need a provider")
)]
mod tests;

use core::fmt;

use crate::ProtocolError;

/// The longest plaintext of a record, in bytes (RFC 8446 section 5.1, RFC 5246 section 6.2.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;

/// The TLS version that a connection negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        })
    }
}

/// What a record carries (RFC 8446 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ContentType {
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

impl TryFrom<u8> for ContentType {
    type Error = ProtocolError;

    #[inline]
    fn try_from(typ: u8) -> Result<Self, ProtocolError> {
        match typ {
            20 => Ok(Self::ChangeCipherSpec),
            21 => Ok(Self::Alert),
            22 => Ok(Self::Handshake),
            23 => Ok(Self::ApplicationData),
            unknown => Err(ProtocolError::UnexpectedContentType(unknown)),
        }
    }
}
