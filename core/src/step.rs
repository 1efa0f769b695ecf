//! What a call answers: done, or what it wants.

use core::num::NonZeroUsize;

/// The answer of a call that can't wait by itself. It is inside `Result`, so `?` never swallows a want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a Want means that the call has to be repeated"]
pub enum Step<T> {
    /// The call did its work.
    Done(T),
    /// The call stopped until the transport has done something; then repeat it.
    Want(Want),
}

impl<T> Step<T> {
    /// The result, if the call is done.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(t) => Some(t),
            Self::Want(_) => None,
        }
    }

    /// What the call wants, if it is not done.
    pub fn want(&self) -> Option<Want> {
        match self {
            Self::Done(_) => None,
            Self::Want(want) => Some(*want),
        }
    }

    /// Changes the result and leaves a want as it is.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Done(t) => Step::Done(f(t)),
            Self::Want(want) => Step::Want(want),
        }
    }
}

/// Why *this* call stopped: `SSL_get_error`'s `SSL_ERROR_WANT_*`, `SSL_want(3)`.
///
/// What to poll the transport for is another question: see [`Interest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Want {
    /// More bytes of the peer are needed in `tls_in`.
    Read,
    /// `tls_out` has to be drained.
    Write,
}

/// What to poll the transport for *now*, whatever the last call answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interest {
    /// `tls_in` has space, and more bytes can still matter.
    pub read: bool,
    /// `tls_out` has bytes to send.
    pub write: bool,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Received {
    /// So many bytes of plaintext.
    Data(NonZeroUsize),
    /// The peer's close_notify: no data follows. `SSL_ERROR_ZERO_RETURN`.
    Closed,
}

/// How far a shutdown has come: `SSL_shutdown(3)`'s 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// Our close_notify has left `tls_out`; the peer's has not been seen.
    Sent,
    /// Both close_notify alerts have been exchanged.
    Complete,
}
