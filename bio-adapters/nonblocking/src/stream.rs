//! A connection on a nonblocking transport.

#[cfg(any(unix, windows))]
use std::fs::File;
use std::io::{Read, Write};
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use wantls::{Connection, Interest, Pending, Received, Shutdown, Step};
#[cfg(any(unix, windows))]
use wantls_transport::read_at;
use wantls_transport::{Io, StreamError};

#[cfg(any(unix, windows))]
use crate::FileError;

/// Why a call failed: the connection, or the transport. A want is no error.
pub type Error = StreamError<std::io::Error>;

type Result<R> = core::result::Result<R, Error>;

/// A TLS stream over anything with [`Read`] and [`Write`] that answers `WouldBlock`.
///
/// **Each call** moves the bytes that it needs moved, by as few system calls as it can: one takes all records that
/// `tls_out` holds, one fetches as many as `tls_in` has space for. Before a call answers [`Step::Want`] it has tried
/// both directions, so that two peers who only write do not wait for each other for ever.
///
/// **Waiting**: poll for [`interest`](Self::interest), not for the want: a read may have to send, a write to receive. Then
/// repeat the call; a want has taken nothing. What [`pending`](Self::pending) calls `progress_without_io` is worth a read
/// before any wait: no event will come for bytes that have come already.
///
/// **Edge-triggered** polling works: after a want every direction of the interest has answered `WouldBlock`, so a new
/// edge will come. **Level-triggered** polling does not spin: a direction that is not in the interest has nothing to
/// do.
///
/// **Dropping** sends nothing: call [`shutdown`](Self::shutdown) until it is done.
#[derive(Debug)]
pub struct Stream<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]> = Box<[u8]>> {
    inner: wantls_transport::Stream<Io<T>, B>,
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Stream<T, B> {
    /// Puts a connection on a transport, which has to be nonblocking already. Nothing is sent yet.
    pub const fn new(tls: Connection<B>, transport: T) -> Self {
        Self { inner: wantls_transport::Stream::new(tls, Io(transport)) }
    }

    /// The connection, for its questions.
    pub const fn tls(&self) -> &Connection<B> {
        self.inner.tls()
    }

    /// The connection, for its settings.
    pub const fn tls_mut(&mut self) -> &mut Connection<B> {
        self.inner.tls_mut()
    }

    /// The transport.
    pub const fn get_ref(&self) -> &T {
        &self.inner.transport().0
    }

    /// The transport. What is sent or received past the stream breaks the connection.
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.inner.transport_mut().0
    }

    /// Both, apart, as they are: nothing is sent.
    pub fn into_parts(self) -> (Connection<B>, T) {
        let (tls, transport) = self.inner.into_parts();
        (tls, transport.0)
    }

    /// What to poll the transport for now.
    pub fn interest(&self) -> Interest {
        self.inner.interest()
    }

    /// What is in the connection, and whether a read can progress without an event.
    pub fn pending(&self) -> Pending {
        self.tls().pending()
    }

    /// Goes on with the handshake; reading and writing do so by themselves.
    ///
    /// # Errors
    /// [`Error`]. The alert is sent as far as the transport takes it; [`flush`](Self::flush) sends the rest.
    pub fn handshake(&mut self) -> Result<Step<()>> {
        self.inner.handshake()
    }

    /// Copies plaintext into `out`: [`Connection::read`].
    ///
    /// # Errors
    /// [`Error`], after all plaintext that came before was read.
    pub fn read(&mut self, out: &mut [u8]) -> Result<Step<Received>> {
        self.inner.read(out)
    }

    /// [`read`](Self::read) that leaves the plaintext where it is, until [`consume`](Self::consume).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek(&mut self, out: &mut [u8]) -> Result<Step<Received>> {
        self.inner.peek(out)
    }

    /// Lends the plaintext of the next record without a copy; an empty slice after close_notify.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn fill_buf(&mut self) -> Result<Step<&[u8]>> {
        self.inner.fill_buf()
    }

    /// Marks `n` bytes of plaintext as used.
    ///
    /// # Errors
    /// [`wantls::Usage::GrantExceeded`] if there are fewer.
    pub fn consume(&mut self, n: usize) -> Result<()> {
        self.inner.consume(n)
    }

    /// Takes `data` and sends it as far as the transport allows: [`Connection::write`]. What stays in `tls_out` is in
    /// the [`interest`](Self::interest), and goes out with any later call.
    ///
    /// # Errors
    /// [`Error`]. One that comes after data was taken is reported by the next call: a count is never lost.
    pub fn write(&mut self, data: &[u8]) -> Result<Step<usize>> {
        self.inner.write(data)
    }

    /// [`write`](Self::write) from several slices: short neighbours share a record.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<Step<usize>> {
        self.inner.write_vectored(slices)
    }

    /// Sends at most `len` bytes of `file` from byte `offset` on: what `sendfile(2)` is for, with TLS in user space. The
    /// file is read right into the outgoing buffer and sealed there.
    ///
    /// - `Done(n)`: so many bytes were taken, as many as the buffer has room for; call again for the rest. 0 at the end
    ///   of the file;
    /// - a want: nothing was taken and nothing is remembered; the next call may have other arguments, or be another
    ///   call (as `SSL_sendfile(3)` with kernel TLS).
    ///
    /// The position of `file` is not used; on Windows it moves.
    ///
    /// # Errors
    /// [`FileError`]. One that comes after data was taken is reported by the call for the rest. Nothing is lost.
    #[cfg(any(unix, windows))]
    pub fn write_file(
        &mut self,
        file: &File,
        offset: u64,
        len: usize,
    ) -> core::result::Result<Step<usize>, FileError> {
        let read = |at: usize, space: &mut [u8]| read_at(file, offset.saturating_add(at as u64), space);
        match self.inner.write_from(len, read)? {
            Step::Done(Ok(n)) => Ok(Step::Done(n)),
            Step::Done(Err(error)) => Err(FileError::File(error)),
            Step::Want(want) => Ok(Step::Want(want)),
        }
    }

    /// [`write`](Self::write) that sends only once `tls_out` is full: several small messages then leave by one system
    /// call. End with a [`flush`](Self::flush).
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn queue(&mut self, data: &[u8]) -> Result<Step<usize>> {
        match self.tls_mut().write(data) {
            Ok(Step::Want(_)) => self.inner.write(data),
            Ok(done) => Ok(done),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends what is queued: `Done` when `tls_out` is empty and the transport flushed. It works after a fatal error as
    /// well, to get the alert out.
    ///
    /// # Errors
    /// [`Error::Transport`].
    pub fn flush(&mut self) -> Result<Step<()>> {
        self.inner.flush()
    }

    /// Closes our direction, and on later calls waits for the peer's close_notify: [`Connection::shutdown`].
    ///
    /// # Errors
    /// [`Error`]. A transport that fails after the peer has closed may be ignored: the peer may be gone (RFC 8446
    /// section 6.1).
    pub fn shutdown(&mut self) -> Result<Step<Shutdown>> {
        self.inner.shutdown()
    }

    /// Changes our write key: [`Connection::key_update`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn key_update(&mut self, request_peer: bool) -> Result<()> {
        self.inner.key_update(request_peer)
    }
}

#[cfg(unix)]
impl<T: Read + Write + AsFd, B: AsRef<[u8]> + AsMut<[u8]>> AsFd for Stream<T, B> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

#[cfg(unix)]
impl<T: Read + Write + AsRawFd, B: AsRef<[u8]> + AsMut<[u8]>> AsRawFd for Stream<T, B> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}
