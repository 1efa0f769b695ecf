//! `std::io` as a transport.

use core::num::NonZeroUsize;
use std::io::{Error, ErrorKind, Read, Write};

use crate::{Recv, Sent, Transport};

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

    fn flush(&mut self) -> Result<(), Error> {
        match uninterrupted(|| self.0.flush()) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

fn uninterrupted<R>(mut call: impl FnMut() -> Result<R, Error>) -> Result<R, Error> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}
