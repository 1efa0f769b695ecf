//! What kernel TLS does for a socket.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use crate::sys;
use crate::{CryptoInfo, Direction};

/// A socket with kernel TLS: the calls of Linux's `Documentation/networking/tls.rst`. Everything that has a descriptor is
/// one; whether its kernel can do it, the calls tell.
///
/// Errors are the system's, `WouldBlock` too. An interrupted call is repeated.
pub trait Socket {
    /// Attaches the kernel's TLS to a connected socket, which goes on as before: the option `TCP_ULP`. Where it is
    /// attached already, nothing happens.
    ///
    /// # Errors
    /// `ENOENT`: the kernel has no TLS. `ENOTCONN`: not connected.
    fn attach(&mut self) -> io::Result<()>;

    /// Gives the kernel a key: the options `TLS_TX` and `TLS_RX`. All that is sent, or received, from then on is TLS. A
    /// second key for a direction follows a KeyUpdate.
    ///
    /// # Errors
    /// `ENOPROTOOPT`, `EINVAL`, `ENOENT`: the kernel can't do the direction, version or algorithm. `EBUSY`: it can't
    /// change a key (Linux before 6.14).
    fn set_key(&mut self, direction: Direction, info: &CryptoInfo) -> io::Result<()>;

    /// Sends `content` in records of `content_type`: `send(2)` for application data, else `sendmsg(2)` with
    /// `TLS_SET_RECORD_TYPE`. Returns the bytes taken.
    ///
    /// # Errors
    /// The system's.
    fn send(&mut self, content_type: u8, content: &[u8]) -> io::Result<usize>;

    /// Receives from records of one content type into `space`: `recvmsg(2)` with `TLS_GET_RECORD_TYPE`. Returns the
    /// content type and the bytes; 0 bytes at the end of the transport.
    ///
    /// # Errors
    /// `EBADMSG`: a record does not decrypt. `InvalidData`: the socket does no TLS.
    fn recv(&mut self, space: &mut [u8]) -> io::Result<(u8, usize)>;

    /// Sends at most `len` bytes of `file` from byte `offset` on: `sendfile(2)`. Returns the bytes taken, 0 at the end of
    /// the file.
    ///
    /// # Errors
    /// The system's. A peer that has gone raises `SIGPIPE` where that is not ignored; Rust's runtime ignores it.
    fn sendfile(&mut self, file: &File, offset: u64, len: usize) -> io::Result<usize>;
}

impl<T: AsFd> Socket for T {
    fn attach(&mut self) -> io::Result<()> {
        sys::attach(self.as_fd())
    }

    fn set_key(&mut self, direction: Direction, info: &CryptoInfo) -> io::Result<()> {
        sys::set_key(self.as_fd(), direction, info)
    }

    fn send(&mut self, content_type: u8, content: &[u8]) -> io::Result<usize> {
        uninterrupted(|| sys::send(self.as_fd(), content_type, content))
    }

    fn recv(&mut self, space: &mut [u8]) -> io::Result<(u8, usize)> {
        uninterrupted(|| sys::recv(self.as_fd(), space))
    }

    fn sendfile(&mut self, file: &File, offset: u64, len: usize) -> io::Result<usize> {
        uninterrupted(|| sys::sendfile(self.as_fd(), file.as_fd(), offset, len))
    }
}

fn uninterrupted<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}
