//! A half that blocks where a test says so.

use crate::{Bio, BioError, ReadOutcome, Retry, WriteOutcome};

/// A [`Bio`] that passes only as many bytes as it was allowed to, in each direction, and none at first.
///
/// Allow one byte at a time, and every byte position becomes a place where the code above must stop and go on.
/// Without allowance every operation blocks, even where the half below would report the end of the data or an error.
/// Empty slices always pass.
#[derive(Debug)]
pub struct QuotaBio {
    bio: Bio,
    read: usize,
    write: usize,
    retry: Option<Retry>,
}

impl QuotaBio {
    /// Puts `bio` under a quota of zero bytes in both directions.
    #[must_use]
    pub fn new(bio: Bio) -> Self {
        Self { bio, read: 0, write: 0, retry: None }
    }

    /// Allows `bytes` more to be read.
    pub fn allow_read(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes);
    }

    /// Allows `bytes` more to be written.
    pub fn allow_write(&mut self, bytes: usize) {
        self.write = self.write.saturating_add(bytes);
    }

    /// Bytes that may still be read.
    #[must_use]
    pub fn read_quota(&self) -> usize {
        self.read
    }

    /// Bytes that may still be written.
    #[must_use]
    pub fn write_quota(&self) -> usize {
        self.write
    }

    /// Reads as [`Bio::read`] does, at most [`read_quota`](Self::read_quota) bytes. The other half's read request is
    /// for what the quota leaves of `out`.
    ///
    /// # Errors
    /// As [`Bio::read`].
    pub fn read(&mut self, out: &mut [u8]) -> Result<ReadOutcome, BioError> {
        if self.read == 0 && !out.is_empty() {
            self.retry = Some(Retry::Read);
            return Ok(ReadOutcome::WouldBlock);
        }
        let allowed = out.len().min(self.read);
        let outcome = self.bio.read(&mut out[..allowed]);
        self.retry = self.bio.retry();
        if let Ok(ReadOutcome::Bytes(n)) = outcome {
            self.read -= n;
        }
        outcome
    }

    /// Writes as [`Bio::write`] does, at most [`write_quota`](Self::write_quota) bytes.
    ///
    /// # Errors
    /// As [`Bio::write`].
    pub fn write(&mut self, data: &[u8]) -> Result<WriteOutcome, BioError> {
        if self.write == 0 && !data.is_empty() {
            self.retry = Some(Retry::Write);
            return Ok(WriteOutcome::WouldBlock);
        }
        let allowed = data.len().min(self.write);
        let outcome = self.bio.write(&data[..allowed]);
        self.retry = self.bio.retry();
        if let Ok(WriteOutcome::Bytes(n)) = outcome {
            self.write -= n;
        }
        outcome
    }

    /// The operation that blocked last, by the quota or below it; see [`Bio::retry`].
    #[must_use]
    pub fn retry(&self) -> Option<Retry> {
        self.retry
    }

    /// The half below, for its questions.
    #[must_use]
    pub fn get_ref(&self) -> &Bio {
        &self.bio
    }

    /// The half below, without the quota.
    pub fn get_mut(&mut self) -> &mut Bio {
        &mut self.bio
    }

    /// Takes the quota away.
    #[must_use]
    pub fn into_inner(self) -> Bio {
        self.bio
    }
}
