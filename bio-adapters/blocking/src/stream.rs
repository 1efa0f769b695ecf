//! A connection on a blocking `std::io` transport.

use alloc::boxed::Box;
#[cfg(any(unix, windows))]
use std::fs::File;
use std::io::{BufRead, Error, ErrorKind, IoSlice, Read, Result, Write};

use wantls::{Connection, Phase, Received, Shutdown, Step, Usage};
#[cfg(any(unix, windows))]
use wantls_transport::read_at;
use wantls_transport::{BlockingIo, StreamError, io_error};

use crate::GivenBack;
use crate::split::{self, ReadHalf, Split, WriteHalf};

/// Slices that one `write_vectored` looks at.
const MAX_SLICES: usize = 16;

/// A TLS stream over anything with [`Read`] and [`Write`] that blocks: it reads and writes plaintext.
///
/// The handshake runs with the first call that needs it, or by [`handshake`](Self::handshake).
///
/// **Reading** answers `Ok(0)` only after the peer's close_notify. A transport that ends before it is
/// [`ErrorKind::UnexpectedEof`], with [`wantls::Error::Truncated`] inside.
///
/// **Writing** seals and sends at once. An error that comes after data was taken is reported by the next call: a count
/// is never lost. After [`shutdown`](Self::shutdown) writing is [`ErrorKind::BrokenPipe`].
///
/// **Timeouts** of the transport (`TcpStream::set_read_timeout`) end a call with `WouldBlock` or `TimedOut`, as the
/// platform has it. Nothing is lost: repeat the call. [`tls`](Self::tls)`().interest()` says which direction it was.
/// In [`WriteMode::Whole`](wantls::WriteMode::Whole) the repeated write needs the same arguments.
///
/// **Dropping** sends nothing and does not block: [`close`](Self::close) first.
#[derive(Debug)]
pub struct Stream<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]> = Box<[u8]>> {
    inner: wantls_transport::Stream<BlockingIo<T>, B>,
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Stream<T, B> {
    /// Puts a connection on a transport. Nothing is sent yet.
    pub const fn new(tls: Connection<B>, transport: T) -> Self {
        Self { inner: wantls_transport::Stream::new(tls, BlockingIo(transport)) }
    }

    /// The connection, for its questions: the session, the phase, the interest.
    pub const fn tls(&self) -> &Connection<B> {
        self.inner.tls()
    }

    /// The connection, for its settings.
    pub const fn tls_mut(&mut self) -> &mut Connection<B> {
        self.inner.tls_mut()
    }

    /// The transport, to set a timeout for instance.
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

    /// Finishes the handshake; does nothing if it has finished.
    ///
    /// # Errors
    /// The transport's; [`ErrorKind::InvalidData`] with the [`wantls::Error`] inside; a timeout.
    pub fn handshake(&mut self) -> Result<()> {
        done(self.inner.handshake())
    }

    /// Changes our write key, and asks the peer to change its own with `request_peer`: [`Connection::key_update`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] in TLS 1.2 or before the handshake; the transport's.
    pub fn key_update(&mut self, request_peer: bool) -> Result<()> {
        Ok(self.inner.key_update(request_peer)?)
    }

    /// Sends `len` bytes of `file` from byte `offset` on: what `sendfile(2)` is for, with TLS in user space. The file is
    /// read right into the outgoing buffer and sealed there. Returns the bytes taken.
    ///
    /// Fewer than `len` mean the end of the file, or that something has stopped the call on the way, a timeout for
    /// instance: call it again for the rest, and it answers 0 or the error. Nothing is lost, and the rest may as well
    /// be written otherwise. The position of `file` is not used; on Windows it moves.
    ///
    /// # Errors
    /// As [`write`](Write::write), and the file's, where nothing was taken.
    #[cfg(any(unix, windows))]
    pub fn write_file(&mut self, file: &File, offset: u64, len: usize) -> Result<usize> {
        let read = |at: usize, space: &mut [u8]| read_at(file, offset.saturating_add(at as u64), space);
        done(self.inner.write_all_from(len, read))?
    }

    /// Sends close_notify behind all that was written. Reading goes on. Can be repeated, after a timeout for instance.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] before the handshake has finished; the error that ended the connection; the
    /// transport's, but for the answer to a peer that has closed first: it may be gone by now (RFC 8446 section 6.1).
    pub fn shutdown(&mut self) -> Result<()> {
        match self.tls().phase() {
            Phase::LocalClosed | Phase::Closed => self.flush(),
            Phase::PeerClosed => {
                // What was written does matter.
                self.flush()?;
                match self.inner.shutdown() {
                    Err(StreamError::Transport(_)) => Ok(()),
                    answer => done(answer).map(drop),
                }
            }
            Phase::Handshaking | Phase::Open | Phase::Failed | _ => done(self.inner.shutdown()).map(drop),
        }
    }

    /// Sends what is left and close_notify, and gives the transport back. Does not wait for the peer's close_notify:
    /// enough where the transport is closed next, and all that the peer has sent was read. A TCP socket that is
    /// closed with unread bytes, a TLS 1.3 server's tickets for instance, sends a reset, which can take from the peer
    /// what we wrote last: a client that only writes has better use [`close_and_wait`](Self::close_and_wait).
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport.
    pub fn close(mut self) -> core::result::Result<T, GivenBack<T, Error>> {
        let closed = self.shutdown();
        GivenBack::value(closed, self.into_parts().1)
    }

    /// [`close`](Self::close) that waits for the peer's close_notify as well. Needed where the transport goes on to
    /// be used in the clear, or to know that the peer has read to the end.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport; [`ErrorKind::UnexpectedEof`] if the transport ends first;
    /// [`ErrorKind::InvalidInput`] with [`Usage::UnreadData`] if application data arrives instead, which is lost: read
    /// to the end before.
    pub fn close_and_wait(mut self) -> core::result::Result<T, GivenBack<T, Error>> {
        let closed = self.shutdown().and_then(|()| self.wait_for_close());
        GivenBack::value(closed, self.into_parts().1)
    }

    fn wait_for_close(&mut self) -> Result<()> {
        while done(self.inner.shutdown())? != Shutdown::Complete {}
        Ok(())
    }

    /// Splits into a reader and a writer for two threads. No lock is held while either waits for the transport, so a
    /// blocked writer never delays the reader, nor the other way round.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with [`Usage::HandshakeNotFinished`]: [`handshake`](Self::handshake) first; the
    /// system's, for want of a descriptor. The stream is lost.
    #[allow(clippy::type_complexity, reason = "a pair of halves: an alias would hide that")]
    pub fn split(self) -> Result<(ReadHalf<T::Reader, T::Writer, B>, WriteHalf<T::Writer, B>)>
    where
        T: Split,
    {
        if self.tls().session().is_none() {
            return Err(io_error(Usage::HandshakeNotFinished.into()));
        }
        let (tls, transport) = self.into_parts();
        let (reader, writer) = transport.split()?;
        Ok(split::halves(tls, reader, writer))
    }
}

/// A want that is left over is a timeout, or a transport that does not block.
fn done<R>(answer: core::result::Result<Step<R>, StreamError<Error>>) -> Result<R> {
    match answer? {
        Step::Done(result) => Ok(result),
        Step::Want(_) => Err(ErrorKind::WouldBlock.into()),
    }
}

/// Hands the first slices on in the form that a connection takes.
pub(crate) fn with_slices<R>(slices: &[IoSlice<'_>], f: impl FnOnce(&[&[u8]]) -> R) -> R {
    let mut plain = [&[][..]; MAX_SLICES];
    let mut used = 0;
    for (slot, slice) in plain.iter_mut().zip(slices.iter().filter(|slice| !slice.is_empty())) {
        *slot = slice;
        used += 1;
    }
    f(&plain[..used])
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Read for Stream<T, B> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        match done(self.inner.read(out))? {
            Received::Data(n) => Ok(n.get()),
            Received::Closed => Ok(0),
        }
    }
}

/// Lends the plaintext of one record at a time, without a copy.
impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Stream<T, B> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        done(self.inner.fill_buf())
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.tls().pending().plaintext);
        // No more than is there, so it can't be refused.
        let _ = self.inner.consume(n);
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Write for Stream<T, B> {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        done(self.inner.write(data))
    }

    /// Short slices share a record, and all records go out together.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        with_slices(slices, |slices| done(self.inner.write_vectored(slices)))
    }

    /// Sends all that was written, and flushes the transport.
    fn flush(&mut self) -> Result<()> {
        done(self.inner.flush())
    }
}
