//! The ordinary answers of a read and of a write, and the retry flag.

/// What a read found. [`Half::read`](crate::Half::read) gives the number of bytes,
/// [`Half::readable`](crate::Half::readable) the bytes themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ReadOutcome<T = usize> {
    /// Bytes were there. Zero bytes only if the caller asked for zero.
    Bytes(T),
    /// Nothing there yet: retry after the other half has written. The half's retry flag is [`Retry::Read`].
    WouldBlock,
    /// The other half has ended its direction, and everything it had written was read.
    Eof,
}

impl<T> ReadOutcome<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> ReadOutcome<U> {
        match self {
            Self::Bytes(bytes) => ReadOutcome::Bytes(f(bytes)),
            Self::WouldBlock => ReadOutcome::WouldBlock,
            Self::Eof => ReadOutcome::Eof,
        }
    }
}

/// What a write did. [`Half::write`](crate::Half::write) gives the number of bytes,
/// [`Half::writable`](crate::Half::writable) the room itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum WriteOutcome<T = usize> {
    /// There was room. May be fewer bytes than were offered; zero only if zero were offered.
    Bytes(T),
    /// The ring is full: retry after the other half has read. The half's retry flag is [`Retry::Write`].
    WouldBlock,
}

impl<T> WriteOutcome<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> WriteOutcome<U> {
        match self {
            Self::Bytes(bytes) => WriteOutcome::Bytes(f(bytes)),
            Self::WouldBlock => WriteOutcome::WouldBlock,
        }
    }
}

/// The retry flag of a half: which of its own operations blocked last (`BIO_should_retry(3)`).
///
/// It is a record of that operation, not a statement about now: what the other half does in the meantime
/// leaves it standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// A read found nothing (`BIO_should_read`).
    Read,
    /// A write found no room (`BIO_should_write`).
    Write,
}
