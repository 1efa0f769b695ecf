//! A connection on a blocking `embedded-io` transport: no std.

use embedded_io::{BufRead, ErrorType, Read, Write};
use wantls::{Connection, Phase, Received, Shutdown, Step};
use wantls_transport::{EmbeddedIo, StreamError};

pub use wantls_transport::EmbeddedError as Error;

use crate::GivenBack;

/// A TLS stream over anything with `embedded_io`'s [`Read`] and [`Write`]: it reads and writes plaintext.
///
/// The handshake runs with the first call that needs it. [`Read::read`] answers `Ok(0)` only after the peer's
/// close_notify; a transport that ends before it is [`wantls::Error::Truncated`]. Writing seals and sends at once; an
/// error that comes after data was taken is reported by the next call. Dropping sends nothing.
#[derive(Debug)]
pub struct Stream<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> {
    inner: wantls_transport::Stream<EmbeddedIo<T>, B>,
}

type Result<R, T> = core::result::Result<R, Error<<T as ErrorType>::Error>>;

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Stream<T, B> {
    /// Puts a connection on a transport. Nothing is sent yet.
    pub const fn new(tls: Connection<B>, transport: T) -> Self {
        Self { inner: wantls_transport::Stream::new(tls, EmbeddedIo(transport)) }
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

    /// Finishes the handshake; does nothing if it has finished.
    ///
    /// # Errors
    /// [`Error`].
    pub fn handshake(&mut self) -> Result<(), T> {
        done::<_, T>(self.inner.handshake())
    }

    /// Sends close_notify behind all that was written. Reading goes on. Can be repeated after an error of the
    /// transport.
    ///
    /// # Errors
    /// [`Error`], but for the transport's where the peer has closed first: it may be gone by now (RFC 8446 section
    /// 6.1).
    pub fn shutdown(&mut self) -> Result<(), T> {
        match self.tls().phase() {
            Phase::LocalClosed | Phase::Closed => done::<_, T>(self.inner.flush()),
            Phase::PeerClosed => {
                // What was written does matter.
                done::<_, T>(self.inner.flush())?;
                match self.inner.shutdown() {
                    Err(StreamError::Transport(_)) => Ok(()),
                    answer => done::<_, T>(answer).map(drop),
                }
            }
            Phase::Handshaking | Phase::Open | Phase::Failed | _ => {
                done::<_, T>(self.inner.shutdown()).map(drop)
            }
        }
    }

    /// Sends what is left and close_notify, and gives the transport back. Does not wait for the peer's close_notify.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport.
    pub fn close(mut self) -> core::result::Result<T, GivenBack<T, Error<T::Error>>> {
        let closed = self.shutdown();
        GivenBack::value(closed, self.into_parts().1)
    }

    /// [`close`](Self::close) that waits for the peer's close_notify as well.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport; [`wantls::Error::Truncated`] if it ends first;
    /// [`wantls::Usage::UnreadData`] if application data arrives instead, which is lost: read to the end before.
    pub fn close_and_wait(mut self) -> core::result::Result<T, GivenBack<T, Error<T::Error>>> {
        let closed = self.shutdown().and_then(|()| self.wait_for_close());
        GivenBack::value(closed, self.into_parts().1)
    }

    fn wait_for_close(&mut self) -> Result<(), T> {
        while done::<_, T>(self.inner.shutdown())? != Shutdown::Complete {}
        Ok(())
    }
}

/// A transport without a word for "would block" leaves a want over only where it wrote nothing.
fn done<R, T: ErrorType>(answer: core::result::Result<Step<R>, StreamError<T::Error>>) -> Result<R, T> {
    match answer? {
        Step::Done(result) => Ok(result),
        Step::Want(_) => Err(Error::Stalled),
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> ErrorType for Stream<T, B> {
    type Error = Error<T::Error>;
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Read for Stream<T, B> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, T> {
        if out.is_empty() {
            return Ok(0);
        }
        match done::<_, T>(self.inner.read(out))? {
            Received::Data(n) => Ok(n.get()),
            Received::Closed => Ok(0),
        }
    }
}

/// Lends the plaintext of one record at a time, without a copy.
impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Stream<T, B> {
    fn fill_buf(&mut self) -> Result<&[u8], T> {
        done::<_, T>(self.inner.fill_buf())
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.tls().pending().plaintext);
        // No more than is there, so it can't be refused.
        let _ = self.inner.consume(n);
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Write for Stream<T, B> {
    fn write(&mut self, data: &[u8]) -> Result<usize, T> {
        done::<_, T>(self.inner.write(data))
    }

    /// Sends all that was written, and flushes the transport.
    fn flush(&mut self) -> Result<(), T> {
        done::<_, T>(self.inner.flush())
    }
}
