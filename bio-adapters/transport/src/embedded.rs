//! `embedded-io` as a transport.

use core::num::NonZeroUsize;

use embedded_io::{Error, ErrorKind, ErrorType, Read, Write};
use wantls::{Step, Usage};

use crate::{Recv, Sent, StreamError, Transport};

/// Anything with `embedded_io::Read` and `Write`. It blocks: the traits have no other answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbeddedIo<T>(pub T);

impl<T: Read + Write> Transport for EmbeddedIo<T> {
    type Error = <T as ErrorType>::Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, Self::Error> {
        self.0.read(space).map(Recv::from_read)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, Self::Error> {
        // 0 for bytes that are not empty breaks the trait's contract; an answer that is no progress ends the call.
        self.0.write(bytes).map(|n| NonZeroUsize::new(n).map_or(Sent::WouldBlock, Sent::Bytes))
    }

    fn flush(&mut self) -> Result<Step<()>, Self::Error> {
        self.0.flush().map(Step::Done)
    }

    fn waits(&self) -> bool {
        true
    }
}

/// A TLS error as `embedded-io` says it: `BrokenPipe` for a write after close_notify, `InvalidInput` for any other
/// [`Usage`], `ConnectionAborted` for [`wantls::Error::Truncated`], `Other` where the keys or the crypto gave out, and
/// `InvalidData` for what the peer did wrong or refused, or sent too large for `tls_in`.
fn error_kind(error: &wantls::Error) -> ErrorKind {
    match error {
        wantls::Error::Truncated => ErrorKind::ConnectionAborted,
        wantls::Error::Usage(Usage::WriteAfterShutdown) => ErrorKind::BrokenPipe,
        wantls::Error::Usage(_) => ErrorKind::InvalidInput,
        wantls::Error::KeyExhausted | wantls::Error::Crypto(_) => ErrorKind::Other,
        wantls::Error::Peer(_)
        | wantls::Error::Protocol(_)
        | wantls::Error::Handshake(_)
        | wantls::Error::HandshakeTooLarge { .. }
        | wantls::Error::RecordTooLarge { .. }
        | _ => ErrorKind::InvalidData,
    }
}

/// Why a call of an `embedded-io` or `embedded-io-async` stream failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EmbeddedError<E> {
    /// The connection; see [`wantls::Error`] for who has to act.
    #[error(transparent)]
    Tls(#[from] wantls::Error),
    /// The transport. The connection is as it was, and the call may be repeated if the transport can go on.
    #[error("the transport failed: {0}")]
    Transport(E),
    /// The transport moved nothing and gave no error: it wrote 0 bytes. The call may be repeated.
    #[error("the transport moved nothing")]
    Stalled,
}

impl<E> From<StreamError<E>> for EmbeddedError<E> {
    fn from(error: StreamError<E>) -> Self {
        match error {
            StreamError::Tls(error) => Self::Tls(error),
            StreamError::Transport(error) => Self::Transport(error),
        }
    }
}

impl<E: Error> Error for EmbeddedError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Tls(error) => error_kind(error),
            Self::Transport(error) => error.kind(),
            Self::Stalled => ErrorKind::WriteZero,
        }
    }
}
