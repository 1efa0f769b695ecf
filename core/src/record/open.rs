//! Records into plaintext.

use alloc::boxed::Box;

use super::aead::{Aead, Algorithm, NONCE_LEN, TAG_LEN};
use super::framing::{Aad, Framing};
use super::header::{HEADER_LEN, Header};
use super::nonce::Iv;
use super::{ContentType, MAX_PLAINTEXT, Version};
use crate::ProtocolError;

/// The read side: one key, and the number of the next record.
pub(crate) struct Opener {
    framing: Framing,
    seq: u64,
    iv: Iv,
    aead: Box<dyn Aead>,
}

/// A record that was opened in place: never change_cipher_spec, and empty only as application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) typ: ContentType,
    /// Where the plaintext begins in the record.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// What the AEAD needs to know of a record whose outside is in order.
struct Sealed {
    outer: ContentType,
    nonce: [u8; NONCE_LEN],
    aad: Aad,
    /// Where ciphertext and tag begin.
    start: usize,
    /// Bytes of ciphertext without the tag: the plaintext, and at TLS 1.3 its type and padding.
    inner_len: usize,
}

impl Opener {
    /// A read side whose next record is number `seq`.
    pub(crate) fn new(
        version: Version,
        algorithm: Algorithm,
        aead: Box<dyn Aead>,
        iv: [u8; NONCE_LEN],
        seq: u64,
    ) -> Self {
        Self { framing: Framing::new(version, algorithm), seq, iv: Iv::new(iv), aead }
    }

    /// Goes on with another form of the same key: the sequence number stays.
    pub(crate) fn replace_aead(&mut self, aead: Box<dyn Aead>) {
        self.aead = aead;
    }

    /// The number of the next record.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Opens one whole record, header and body, where it stands.
    ///
    /// # Errors
    /// Those of [`Header::check`]; [`PlaintextOverflow`](ProtocolError::PlaintextOverflow) for what is too long
    /// even without padding; [`BadRecordMac`](ProtocolError::BadRecordMac) for what does not decrypt, or is too
    /// short or cut off so that it can't; and for what is found inside
    /// [`NoContentType`](ProtocolError::NoContentType),
    /// [`UnexpectedContentType`](ProtocolError::UnexpectedContentType) and
    /// [`EmptyRecord`](ProtocolError::EmptyRecord). All of them end the connection; the contents of `record` are
    /// then unspecified.
    #[inline]
    pub(crate) fn open_in_place(&mut self, record: &mut [u8]) -> Result<Opened, ProtocolError> {
        let Sealed { outer, nonce, aad, start, inner_len } = self.inspect(record)?;
        let sealed = &mut record[start..];
        self.aead.open_in_place(&nonce, aad.as_slice(), sealed).map_err(|_| ProtocolError::BadRecordMac)?;
        self.seq += 1;
        let (typ, len) = self.content(outer, &sealed[..inner_len])?;
        Ok(Opened { typ, start, end: start + len })
    }

    /// Opens one whole record straight into `out`, which saves a copy; returns its type and the length of the
    /// plaintext, which is at the front of `out`.
    ///
    /// `Ok(None)` if that can't be done: the provider can't, the header already says that it is not application
    /// data, or `out` is too short. It has to hold what is sealed, that is the record without header, explicit
    /// nonce and tag, and so at TLS 1.3 the type and the padding too. Nothing has changed then: call
    /// [`open_in_place`](Self::open_in_place).
    ///
    /// At TLS 1.3 only opening tells the type, so an alert or a handshake message may land in `out`: look at the
    /// type before `out` is the application's. What was written behind the plaintext, or all of it on an error,
    /// is wiped.
    ///
    /// # Errors
    /// As for [`open_in_place`](Self::open_in_place).
    #[inline]
    pub(crate) fn open_to(
        &mut self,
        record: &[u8],
        out: &mut [u8],
    ) -> Result<Option<(ContentType, usize)>, ProtocolError> {
        let Sealed { outer, nonce, aad, start, inner_len } = self.inspect(record)?;
        if outer != ContentType::ApplicationData {
            return Ok(None);
        }
        let Some(inner) = out.get_mut(..inner_len) else { return Ok(None) };
        let Some(opened) = self.aead.open(&nonce, aad.as_slice(), &record[start..], inner) else {
            return Ok(None);
        };
        let content = match opened {
            Ok(()) => {
                self.seq += 1;
                self.content(outer, inner)
            }
            Err(_) => Err(ProtocolError::BadRecordMac),
        };
        let kept = content.map_or(0, |(_, len)| len);
        inner[kept..].fill(0);
        content.map(Some)
    }

    /// Checks all that shows from outside, and prepares what the AEAD needs.
    ///
    /// The limit of the plaintext is among it: lengths are public, so there is no need to decrypt first.
    #[inline]
    fn inspect(&self, record: &[u8]) -> Result<Sealed, ProtocolError> {
        let cut_off = ProtocolError::BadRecordMac;
        let header = Header::parse(record).ok_or(cut_off)?;
        header.check(self.framing.version())?;
        let outer = ContentType::try_from(header.typ)?;
        let (&header_bytes, body) = record.split_first_chunk::<HEADER_LEN>().ok_or(cut_off)?;
        if body.len() != header.len {
            return Err(cut_off);
        }
        let plaintext_len = record.len().checked_sub(self.framing.overhead()).ok_or(cut_off)?;
        if plaintext_len > MAX_PLAINTEXT {
            return Err(ProtocolError::PlaintextOverflow);
        }
        // The AEAD must never see a number twice, so the last one has no successor.
        if self.seq == u64::MAX {
            return Err(ProtocolError::SequenceExhausted);
        }
        let nonce = match (self.framing, body.first_chunk()) {
            (Framing::Tls12Gcm, Some(explicit)) => self.iv.with_explicit(*explicit),
            _ => self.iv.nonce(self.seq),
        };
        let aad = self.framing.aad(header_bytes, self.seq, plaintext_len);
        let start = self.framing.offset();
        Ok(Sealed { outer, nonce, aad, start, inner_len: record.len() - start - TAG_LEN })
    }

    /// The type and the length of what `inner`, authentic by now, holds in front.
    #[inline]
    fn content(&self, outer: ContentType, inner: &[u8]) -> Result<(ContentType, usize), ProtocolError> {
        let (typ, len) = match self.framing {
            Framing::Tls13 => {
                let end = last_nonzero(inner).ok_or(ProtocolError::NoContentType)?;
                (ContentType::try_from(inner[end])?, end)
            }
            Framing::Tls12Gcm | Framing::Tls12Chacha => (outer, inner.len()),
        };
        match (typ, len) {
            (ContentType::ChangeCipherSpec, _) => Err(ProtocolError::UnexpectedContentType(typ as u8)),
            (ContentType::Alert | ContentType::Handshake, 0) => Err(ProtocolError::EmptyRecord(typ as u8)),
            _ => Ok((typ, len)),
        }
    }
}

/// Where the content type stands: the last byte that is not padding (RFC 8446 section 5.4).
///
/// Padding may fill a whole record, so it is skipped a block at a time.
#[inline]
fn last_nonzero(inner: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let padding = inner.rchunks_exact(BLOCK).take_while(|block| *block == [0; BLOCK]).count() * BLOCK;
    inner[..inner.len() - padding].iter().rposition(|&byte| byte != 0)
}
