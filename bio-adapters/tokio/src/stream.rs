//! A connection on an async transport.

use std::future::poll_fn;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use wantls::{Connection, Phase, Step};
use wantls_transport::{Stream, StreamError};

use crate::polled::Polled;
use crate::wakers::{Side, Wakers};

/// Slices that one `poll_write_vectored` looks at.
const MAX_SLICES: usize = 64;

/// A TLS stream over anything with [`AsyncRead`] and [`AsyncWrite`]: it reads and writes plaintext.
///
/// **Reading** ends (0 bytes) only after the peer's close_notify. A transport that ends before it is
/// [`ErrorKind::UnexpectedEof`], with [`wantls::Error::Truncated`] inside.
///
/// **Writing** seals, and sends as far as the transport allows. Flush before you wait for something else than this stream.
/// An error that comes after data was taken is reported by the next call. After `shutdown` writing is
/// [`ErrorKind::BrokenPipe`].
///
/// **Cancelling** any call, by dropping its future, loses and repeats nothing: a write that was not ready has taken
/// nothing, and a read that was not ready has given nothing.
///
/// **Splitting** with `tokio::io::split` gives halves for two tasks. A lock is held only while one of them is polled:
/// a writer that waits does not delay the reader.
///
/// **Dropping** sends nothing: `shutdown` first.
#[derive(Debug)]
pub struct TlsStream<IO: AsyncRead + AsyncWrite + Unpin, B: AsRef<[u8]> + AsMut<[u8]> = Box<[u8]>> {
    inner: Stream<Polled<IO>, B>,
    wakers: Arc<Wakers>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin, B: AsRef<[u8]> + AsMut<[u8]> + Unpin> TlsStream<IO, B> {
    /// Puts a connection on a transport. The handshake runs with the first call that needs it, or by
    /// [`handshake`](Self::handshake).
    #[must_use]
    pub fn new(tls: Connection<B>, io: IO) -> Self {
        let wakers = Arc::new(Wakers::default());
        let waker = Waker::from(Arc::clone(&wakers));
        Self { inner: Stream::new(tls, Polled::new(io, waker)), wakers }
    }

    /// The connection, for its questions: the session, its protocol of ALPN, the phase.
    pub const fn tls(&self) -> &Connection<B> {
        self.inner.tls()
    }

    /// The connection, for its settings. [`Connection::key_update`] goes out with the next write or flush.
    pub const fn tls_mut(&mut self) -> &mut Connection<B> {
        self.inner.tls_mut()
    }

    /// The transport.
    pub const fn get_ref(&self) -> &IO {
        &self.inner.transport().io
    }

    /// The transport. What is sent or received past the stream breaks the connection.
    pub const fn get_mut(&mut self) -> &mut IO {
        &mut self.inner.transport_mut().io
    }

    /// Both, apart, as they are: nothing is sent.
    pub fn into_parts(self) -> (Connection<B>, IO) {
        let (tls, polled) = self.inner.into_parts();
        (tls, polled.io)
    }

    /// Finishes the handshake, and sends its last flight. It can be cancelled and called again.
    ///
    /// # Errors
    /// The transport's; [`ErrorKind::InvalidData`] with the [`wantls::Error`] inside.
    pub async fn handshake(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll_handshake(cx)).await
    }

    /// [`handshake`](Self::handshake), polled.
    ///
    /// # Errors
    /// As [`handshake`](Self::handshake).
    pub fn poll_handshake(&mut self, cx: &Context<'_>) -> Poll<Result<()>> {
        self.wakers.set(Side::Writer, cx.waker());
        ready!(poll(self.inner.handshake()))?;
        poll(self.inner.flush())
    }

    /// close_notify behind all that was written.
    fn poll_close(&mut self) -> Poll<Result<()>> {
        match self.tls().phase() {
            Phase::Open => ready!(poll(self.inner.shutdown())).map(drop)?,
            Phase::PeerClosed => {
                // What was written does matter; our close_notify does not, as the peer may be gone by now (RFC 8446
                // section 6.1).
                ready!(poll(self.inner.flush()))?;
                match self.inner.shutdown() {
                    Err(StreamError::Transport(_)) => {}
                    answer => ready!(poll(answer)).map(drop)?,
                }
            }
            // Nothing to close yet, or the error was told: the transport is closed all the same.
            Phase::Handshaking | Phase::Failed | Phase::LocalClosed | Phase::Closed | _ => {}
        }
        poll(self.inner.flush())
    }
}

/// A want has left the waker with the transport.
fn poll<R>(answer: core::result::Result<Step<R>, StreamError<Error>>) -> Poll<Result<R>> {
    match answer {
        Ok(Step::Done(result)) => Poll::Ready(Ok(result)),
        Ok(Step::Want(_)) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error.into())),
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin, B: AsRef<[u8]> + AsMut<[u8]> + Unpin> AsyncRead
    for TlsStream<IO, B>
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        this.wakers.set(Side::Reader, cx.waker());
        let plain = ready!(poll(this.inner.fill_buf()))?;
        let n = plain.len().min(out.remaining());
        out.put_slice(&plain[..n]);
        Poll::Ready(this.inner.consume(n).map_err(Error::from))
    }
}

/// Lends the plaintext of one record at a time, without a copy.
impl<IO: AsyncRead + AsyncWrite + Unpin, B: AsRef<[u8]> + AsMut<[u8]> + Unpin> AsyncBufRead
    for TlsStream<IO, B>
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<&[u8]>> {
        let this = self.get_mut();
        this.wakers.set(Side::Reader, cx.waker());
        poll(this.inner.fill_buf())
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        let this = self.get_mut();
        let n = n.min(this.tls().pending().plaintext);
        // No more than is there, so it can't be refused.
        let _ = this.inner.consume(n);
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin, B: AsRef<[u8]> + AsMut<[u8]> + Unpin> AsyncWrite
    for TlsStream<IO, B>
{
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        this.wakers.set(Side::Writer, cx.waker());
        poll(this.inner.write(data))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = self.get_mut();
        this.wakers.set(Side::Writer, cx.waker());
        let mut plain = [&[][..]; MAX_SLICES];
        let mut used = 0;
        for (slot, slice) in plain.iter_mut().zip(slices.iter().filter(|slice| !slice.is_empty())) {
            *slot = slice;
            used += 1;
        }
        poll(this.inner.write_vectored(&plain[..used]))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.wakers.set(Side::Writer, cx.waker());
        poll(this.inner.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.wakers.set(Side::Writer, cx.waker());
        ready!(this.poll_close())?;
        let closed = ready!(this.inner.transport_mut().shutdown());
        // A peer that has closed first may be gone by now.
        Poll::Ready(closed.or_else(|error| match (this.tls().phase(), error.kind()) {
            (Phase::Closed, ErrorKind::NotConnected) => Ok(()),
            _ => Err(error),
        }))
    }
}
