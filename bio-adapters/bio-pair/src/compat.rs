//! OpenSSL's numbers for this crate's answers, for tests that compare the two.
//!
//! They hold for `BIO_read` and `BIO_write`. The in-place calls return -2, not -1, on an unpaired BIO.

use crate::{BioError, ReadOutcome, Retry, WriteOutcome};

/// What `BIO_read` returns: the number of bytes, 0 at the end, -1 for "retry" and for errors.
#[must_use]
pub fn read_return(result: Result<ReadOutcome, BioError>) -> isize {
    match result {
        Ok(ReadOutcome::Bytes(n)) => count(n),
        Ok(ReadOutcome::Eof) => 0,
        Ok(ReadOutcome::WouldBlock) | Err(_) => -1,
    }
}

/// What `BIO_write` returns: the number of bytes, -1 for "retry" and for errors.
#[must_use]
pub fn write_return(result: Result<WriteOutcome, BioError>) -> isize {
    match result {
        Ok(WriteOutcome::Bytes(n)) => count(n),
        Ok(WriteOutcome::WouldBlock) | Err(_) => -1,
    }
}

/// The bits of `BIO_get_retry_flags`: 0x01 for a read, 0x02 for a write, each with 0x08 for "should retry".
#[must_use]
pub const fn retry_flags(retry: Option<Retry>) -> u32 {
    match retry {
        None => 0,
        Some(Retry::Read) => 0x01 | 0x08,
        Some(Retry::Write) => 0x02 | 0x08,
    }
}

/// The reason that OpenSSL puts into its error queue (library 32, `ERR_LIB_BIO`).
#[must_use]
pub const fn reason(error: BioError) -> u32 {
    match error {
        BioError::Uninitialized => 120,
        BioError::InUse => 123,
        BioError::BrokenPipe => 124,
        BioError::InvalidArgument => 125,
    }
}

/// No slice is longer than `isize::MAX`, so nothing is ever cut off here.
fn count(n: usize) -> isize {
    isize::try_from(n).unwrap_or(isize::MAX)
}
