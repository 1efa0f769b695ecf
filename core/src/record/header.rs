//! The five bytes in front of every record, and what they alone can be refused for.

use super::{ContentType, Version};
use crate::ProtocolError;

/// Bytes of a record header.
pub(crate) const HEADER_LEN: usize = 5;

/// The version that every record after the handshake names, TLS 1.3's too (RFC 8446 section 5.2).
pub(crate) const RECORD_VERSION: u16 = 0x0303;

/// A header as received; nothing is checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Content type: the outer one, for TLS 1.3.
    pub(crate) typ: u8,
    /// The record version.
    pub(crate) version: u16,
    /// Bytes of the body that follows.
    pub(crate) len: usize,
}

impl Header {
    /// The header at the front of `bytes`; `None` while there are fewer than [`HEADER_LEN`].
    #[inline]
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[typ, v1, v0, l1, l0, ..] = bytes else { return None };
        Some(Self {
            typ,
            version: u16::from_be_bytes([v1, v0]),
            len: usize::from(u16::from_be_bytes([l1, l0])),
        })
    }

    /// Bytes of the whole record.
    #[inline]
    pub(crate) fn record_len(&self) -> usize {
        HEADER_LEN + self.len
    }

    /// Refuses what can't be a protected record of this version, so that nothing waits for the body of a
    /// hostile header.
    ///
    /// # Errors
    /// [`RecordVersion`](ProtocolError::RecordVersion), [`RecordOverflow`](ProtocolError::RecordOverflow),
    /// [`ChangeCipherSpec`](ProtocolError::ChangeCipherSpec) or
    /// [`UnexpectedContentType`](ProtocolError::UnexpectedContentType), looked for in this order.
    #[inline]
    pub(crate) fn check(&self, version: Version) -> Result<(), ProtocolError> {
        if self.version != RECORD_VERSION {
            return Err(ProtocolError::RecordVersion(self.version));
        }
        if self.len > max_len(version) {
            return Err(ProtocolError::RecordOverflow(self.len));
        }
        match (ContentType::try_from(self.typ)?, version) {
            (ContentType::ChangeCipherSpec, _) => Err(ProtocolError::ChangeCipherSpec),
            // All that TLS 1.3 protects looks like application data from outside (RFC 8446 section 5.2).
            (ContentType::ApplicationData, _)
            | (ContentType::Alert | ContentType::Handshake, Version::Tls12) => Ok(()),
            (ContentType::Alert | ContentType::Handshake, Version::Tls13) => {
                Err(ProtocolError::UnexpectedContentType(self.typ))
            }
        }
    }
}

/// The header of a record whose body has `len` bytes: the sealer's own, so never above [`max_len`].
#[inline]
pub(crate) fn encode(typ: ContentType, len: usize) -> [u8; HEADER_LEN] {
    let [v1, v0] = RECORD_VERSION.to_be_bytes();
    let [l1, l0] = (len as u16).to_be_bytes();
    [typ as u8, v1, v0, l1, l0]
}

/// The longest body that may be sent (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
#[inline]
const fn max_len(version: Version) -> usize {
    match version {
        Version::Tls12 => super::MAX_PLAINTEXT + 2048,
        Version::Tls13 => super::MAX_PLAINTEXT + 256,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    fn header(typ: u8, version: u16, len: usize) -> Header {
        Header { typ, version, len }
    }

    #[test]
    fn a_header_needs_five_bytes_and_only_reads_them() {
        let bytes = [23, 3, 3, 0x40, 0x01, 0xff];
        for short in 0..HEADER_LEN {
            assert_eq!(Header::parse(&bytes[..short]), None);
        }
        assert_eq!(Header::parse(&bytes[..HEADER_LEN]), Some(header(23, 0x0303, 0x4001)));
        assert_eq!(Header::parse(&bytes), Some(header(23, 0x0303, 0x4001)));
        assert_eq!(Header::parse(&bytes).unwrap().record_len(), 0x4006);
    }

    #[test]
    fn every_length_survives_encoding() {
        for len in [0, 1, 255, 256, max_len(Version::Tls13), max_len(Version::Tls12)] {
            let bytes = encode(ContentType::Handshake, len);
            assert_eq!(Header::parse(&bytes), Some(header(22, 0x0303, len)));
        }
    }

    #[test]
    fn any_other_version_is_refused() {
        // A prime step under Miri, which is some hundred times slower.
        let step = if cfg!(miri) { 251 } else { 1 };
        for version in (0..=u16::MAX).step_by(step).filter(|v| *v != 0x0303) {
            for tls in [Version::Tls12, Version::Tls13] {
                let refused = header(23, version, 100).check(tls);
                assert_eq!(refused, Err(ProtocolError::RecordVersion(version)));
            }
        }
    }

    #[test]
    fn the_longest_record_passes_and_one_byte_more_does_not() {
        for (tls, max) in [(Version::Tls13, 16384 + 256), (Version::Tls12, 16384 + 2048)] {
            assert_eq!(header(23, 0x0303, max).check(tls), Ok(()));
            let refused = header(23, 0x0303, max + 1).check(tls);
            assert_eq!(refused, Err(ProtocolError::RecordOverflow(max + 1)));
        }
    }

    #[test]
    fn content_types_have_their_place() {
        use ProtocolError::{ChangeCipherSpec, UnexpectedContentType};
        for typ in 0..=u8::MAX {
            let (tls12, tls13) = match typ {
                20 => (Err(ChangeCipherSpec), Err(ChangeCipherSpec)),
                21 | 22 => (Ok(()), Err(UnexpectedContentType(typ))),
                23 => (Ok(()), Ok(())),
                _ => (Err(UnexpectedContentType(typ)), Err(UnexpectedContentType(typ))),
            };
            assert_eq!(header(typ, 0x0303, 100).check(Version::Tls12), tls12);
            assert_eq!(header(typ, 0x0303, 100).check(Version::Tls13), tls13);
        }
    }
}
