//! What the last call failed with, and the codes that are derived from it.

use wantls::{BuildError, Error};
use wantls_transport::Transport;

use crate::{ErrorCode, Reason, ShutdownState, Ssl, Wanting};

/// Why a call failed, in more detail than [`ErrorCode`] and [`Reason`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure<E> {
    /// The call was refused before it did anything; the connection is as it was.
    #[error("the call was refused: {0}")]
    Refused(Reason),
    /// The connection: see there for who has to act.
    #[error(transparent)]
    Tls(#[from] Error),
    /// The connection could not be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The transport. The connection is as it was: the call may be repeated if the transport can go on.
    #[error("the transport failed: {0}")]
    Transport(E),
    /// The file of a `sendfile` could not be read: the system's error number, `errno` on Unix. The connection is as it
    /// was.
    #[error("the file could not be read: error {0} of the system")]
    File(i32),
}

impl<E> Failure<E> {
    /// OpenSSL's reason code; the failures of transports and files have none.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused(reason) => Some(*reason),
            Self::Tls(error) => Reason::of(error),
            Self::Build(_) => Some(Reason::INTERNAL_ERROR),
            Self::Transport(_) | Self::File(_) => None,
        }
    }
}

impl<T: Transport> Ssl<T> {
    /// `SSL_get_error(3)` for the return value of the last call: what to do next.
    ///
    /// Rules E1 to E5: a positive `ret` is [`ErrorCode::None`]. A failure is [`ErrorCode::Ssl`], of the transport or of a
    /// file [`ErrorCode::Syscall`]. [`ErrorCode::WantRead`] and [`ErrorCode::WantWrite`] need both, a call that
    /// [stopped in the transport](Self::want) and a transport whose last operation has to be repeated: so the answer
    /// does not change by draining or filling, only by the next call. Then [`ErrorCode::ZeroReturn`] if the peer has
    /// closed, else [`ErrorCode::Syscall`].
    ///
    /// The error belongs to the connection, not to a thread, and each call begins without one.
    pub fn get_error(&self, ret: i32) -> ErrorCode {
        if ret > 0 {
            return ErrorCode::None;
        }
        match (&self.failure, self.want, self.link.retry) {
            (Some(Failure::Transport(_) | Failure::File(_)), ..) => ErrorCode::Syscall,
            (Some(_), ..) => ErrorCode::Ssl,
            (None, Wanting::Reading | Wanting::Writing, Some(retry)) => retry.into(),
            (None, ..) if self.shutdown.contains(ShutdownState::RECEIVED) => ErrorCode::ZeroReturn,
            (None, ..) => ErrorCode::Syscall,
        }
    }

    /// What the last call failed with; `None` after a success, and where it only has to be repeated.
    pub fn failure(&self) -> Option<&Failure<T::Error>> {
        self.failure.as_ref()
    }

    /// The reason code of [`failure`](Self::failure) (`ERR_GET_REASON` of `ERR_peek_error`).
    pub fn reason(&self) -> Option<Reason> {
        self.failure.as_ref().and_then(Failure::reason)
    }

    /// Forgets the last call's failure (`ERR_clear_error`). Each call does so by itself.
    pub fn clear_error(&mut self) {
        self.failure = None;
    }

    /// `ret` of the last call as a `Result`: the count, or 1 for the calls that have none, or what
    /// [`get_error`](Self::get_error) says.
    ///
    /// # Errors
    /// Any code but [`ErrorCode::None`]; [`ErrorCode::WantRead`] and [`ErrorCode::WantWrite`] ask for a retry.
    pub fn check(&self, ret: i32) -> Result<usize, ErrorCode> {
        match (usize::try_from(ret), self.get_error(ret)) {
            (Ok(count), ErrorCode::None) => Ok(count),
            (_, code) => Err(code),
        }
    }

    // --- for the calls ---

    /// Remembers why a call is refused, and gives it its return value.
    pub(crate) fn refuse(&mut self, reason: Reason, ret: i32) -> i32 {
        self.failure = Some(Failure::Refused(reason));
        ret
    }

    /// Remembers an error of the connection. What a fatal one has queued, an alert, is sent as far as possible.
    pub(crate) fn fail(&mut self, error: Error, ret: i32) -> i32 {
        let silenced = self.shutdown.contains(ShutdownState::SENT) && !self.closing;
        if error.is_fatal() && !silenced {
            // The error is what the caller has to know; that the alert has to wait is a detail.
            let _ = self.flush();
        }
        if matches!(error, Error::Peer(_)) {
            self.shutdown = self.shutdown | ShutdownState::RECEIVED;
        }
        self.failure = Some(Failure::Tls(error));
        ret
    }

    /// Remembers a failure of the transport. It is not fatal: the call may be repeated.
    pub(crate) fn transport_failed(&mut self, error: T::Error) -> i32 {
        self.want = Wanting::Nothing;
        self.failure = Some(Failure::Transport(error));
        -1
    }
}
