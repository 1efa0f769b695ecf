//! `std::io` as a transport.

use core::num::NonZeroUsize;
use std::io::{Error, ErrorKind, Read, Write};

use wantls::{Step, Usage, Want};

use crate::{Recv, Sent, StreamError, Transport};

/// Anything with `std::io::Read` and `Write`: a socket, a pipe, a pair of both. `ErrorKind::WouldBlock` is the
/// ordinary answer of a nonblocking one; an interrupted call is repeated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Io<T>(pub T);

impl<T: Read + Write> Transport for Io<T> {
    type Error = Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, Error> {
        match uninterrupted(|| self.0.read(space)) {
            Ok(n) => Ok(Recv::from_read(n)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Recv::WouldBlock),
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, Error> {
        match uninterrupted(|| self.0.write(bytes)) {
            Ok(n) => NonZeroUsize::new(n).map(Sent::Bytes).ok_or_else(|| ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Sent::WouldBlock),
            Err(error) => Err(error),
        }
    }

    fn flush(&mut self) -> Result<Step<()>, Error> {
        match uninterrupted(|| self.0.flush()) {
            Ok(()) => Ok(Step::Done(())),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Step::Want(Want::Write)),
            Err(error) => Err(error),
        }
    }
}

/// [`Io`] that blocks: `ErrorKind::WouldBlock` comes from a timeout.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockingIo<T>(pub T);

impl<T: Read + Write> Transport for BlockingIo<T> {
    type Error = Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, Error> {
        Io(&mut self.0).recv(space)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, Error> {
        Io(&mut self.0).send(bytes)
    }

    fn flush(&mut self) -> Result<Step<()>, Error> {
        Io(&mut self.0).flush()
    }

    fn waits(&self) -> bool {
        true
    }
}

/// A TLS error as `std::io` says it; the error itself is inside, for [`Error::get_ref`].
///
/// | error | kind |
/// | --- | --- |
/// | [`wantls::Error::Truncated`] | `UnexpectedEof` |
/// | [`Usage::WriteAfterShutdown`] | `BrokenPipe` |
/// | any other [`Usage`] | `InvalidInput` |
/// | [`wantls::Error::KeyExhausted`], [`wantls::Error::Crypto`] | `Other` |
/// | what the peer did wrong or refused, or sent too large for `tls_in` | `InvalidData` |
#[must_use]
pub fn io_error(error: wantls::Error) -> Error {
    let kind = match &error {
        wantls::Error::Truncated => ErrorKind::UnexpectedEof,
        wantls::Error::Usage(Usage::WriteAfterShutdown) => ErrorKind::BrokenPipe,
        wantls::Error::Usage(_) => ErrorKind::InvalidInput,
        wantls::Error::KeyExhausted | wantls::Error::Crypto(_) => ErrorKind::Other,
        wantls::Error::Peer(_)
        | wantls::Error::Protocol(_)
        | wantls::Error::Handshake(_)
        | wantls::Error::HandshakeTooLarge { .. }
        | wantls::Error::RecordTooLarge { .. }
        | _ => ErrorKind::InvalidData,
    };
    Error::new(kind, error)
}

impl From<StreamError<Self>> for Error {
    /// The transport's error as it is, a TLS error by [`io_error`].
    fn from(error: StreamError<Self>) -> Self {
        match error {
            StreamError::Tls(error) => io_error(error),
            StreamError::Transport(error) => error,
        }
    }
}

pub(crate) fn uninterrupted<R>(mut call: impl FnMut() -> Result<R, Error>) -> Result<R, Error> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}
