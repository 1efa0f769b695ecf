//! Plaintext into records.

use alloc::boxed::Box;

use super::aead::{Aead, Algorithm, NONCE_LEN};
use super::framing::{Aad, Framing};
use super::header::{self, HEADER_LEN};
use super::nonce::{EXPLICIT_LEN, Iv, SALT_LEN};
use super::{ContentType, MAX_PLAINTEXT, Version};

/// The write side: one key, and the number of the next record.
pub(crate) struct Sealer {
    framing: Framing,
    seq: u64,
    iv: Iv,
    aead: Box<dyn Aead>,
}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    /// The sequence number is used up (RFC 8446 section 5.3: it must not wrap).
    Exhausted,
    /// `out` is shorter than the record, which has `needed` bytes.
    Room { needed: usize },
    /// The AEAD failed, or the plaintext is longer than [`MAX_PLAINTEXT`]: a fault on this side.
    Aead,
}

impl Sealer {
    /// A write side whose next record is number `seq`.
    pub(crate) fn new(
        version: Version,
        algorithm: Algorithm,
        aead: Box<dyn Aead>,
        iv: [u8; NONCE_LEN],
        seq: u64,
    ) -> Self {
        Self { framing: Framing::new(version, algorithm), seq, iv: Iv::new(iv), aead }
    }

    /// Bytes that a record is longer than its plaintext: 22 for TLS 1.3; 29 for TLS 1.2 with AES-GCM, 21 with
    /// ChaCha20-Poly1305.
    #[inline]
    pub(crate) const fn overhead(&self) -> usize {
        self.framing.overhead()
    }

    /// Where the plaintext stands in a record that is sealed in place: 5, or 13 for TLS 1.2 with AES-GCM.
    #[inline]
    pub(crate) const fn plaintext_offset(&self) -> usize {
        self.framing.offset()
    }

    /// Goes on with another form of the same key: the sequence number stays.
    pub(crate) fn replace_aead(&mut self, aead: Box<dyn Aead>) {
        self.aead = aead;
    }

    /// The number of the next record.
    #[inline]
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Writes `plaintext`, at most [`MAX_PLAINTEXT`] bytes, as one record to the front of `out`; returns the
    /// record's length, `plaintext.len() + self.overhead()`.
    ///
    /// # Errors
    /// After [`SealError::Aead`] from the AEAD the number is spent and `out` unspecified; every other error has
    /// changed nothing.
    #[inline]
    pub(crate) fn seal(
        &mut self,
        typ: ContentType,
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SealError> {
        let needed = self.record_len(plaintext.len(), out)?;
        let (nonce, aad) = self.begin(typ, plaintext.len(), &mut out[..needed])?;
        let sealed = &mut out[self.framing.offset()..needed];
        let inner_type = &[typ as u8][..self.framing.inner_type_len()];
        self.aead.seal(&nonce, aad.as_slice(), plaintext, inner_type, sealed).map_err(|_| SealError::Aead)?;
        Ok(needed)
    }

    /// As [`seal`](Self::seal), for `len` bytes of plaintext that already stand in `out` from
    /// [`plaintext_offset`](Self::plaintext_offset) on.
    ///
    /// # Errors
    /// As for [`seal`](Self::seal).
    #[inline]
    pub(crate) fn seal_in_place(
        &mut self,
        typ: ContentType,
        len: usize,
        out: &mut [u8],
    ) -> Result<usize, SealError> {
        let needed = self.record_len(len, out)?;
        let (nonce, aad) = self.begin(typ, len, &mut out[..needed])?;
        let sealed = &mut out[self.framing.offset()..needed];
        sealed[len..len + self.framing.inner_type_len()].fill(typ as u8);
        self.aead.seal_in_place(&nonce, aad.as_slice(), sealed).map_err(|_| SealError::Aead)?;
        Ok(needed)
    }

    /// The length of a record with `len` bytes of plaintext, if it is legal and fits into `out`.
    #[inline]
    fn record_len(&self, len: usize, out: &[u8]) -> Result<usize, SealError> {
        if len > MAX_PLAINTEXT {
            return Err(SealError::Aead);
        }
        let needed = len + self.overhead();
        if out.len() < needed { Err(SealError::Room { needed }) } else { Ok(needed) }
    }

    /// Spends a sequence number and writes what stands in front of the ciphertext.
    ///
    /// The number is spent before the AEAD runs: if that fails half-way, its nonce has been used.
    #[inline]
    fn begin(
        &mut self,
        typ: ContentType,
        len: usize,
        record: &mut [u8],
    ) -> Result<([u8; NONCE_LEN], Aad), SealError> {
        let seq = self.seq;
        self.seq = seq.checked_add(1).ok_or(SealError::Exhausted)?;
        let nonce = self.iv.nonce(seq);
        let header = header::encode(self.framing.outer_type(typ), record.len() - HEADER_LEN);
        record[..HEADER_LEN].copy_from_slice(&header);
        if self.framing == Framing::Tls12Gcm {
            record[HEADER_LEN..][..EXPLICIT_LEN].copy_from_slice(&nonce[SALT_LEN..]);
        }
        Ok((nonce, self.framing.aad(header, seq, len)))
    }
}
