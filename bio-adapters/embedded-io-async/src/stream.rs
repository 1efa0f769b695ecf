//! A connection on an async `embedded-io` transport.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{BufRead, ErrorType, Read, Write};
use wantls::{Connection, Phase, Received, Shutdown, Step};

use crate::{Error, GivenBack, Halves, Link, Moved, Output, Single};

/// A TLS stream over anything with `embedded_io_async`'s [`Read`] and [`Write`]: it reads and writes plaintext.
///
/// The handshake runs with the first call that needs it, or by [`handshake`](Self::handshake).
///
/// **Reading** answers `Ok(0)` only after the peer's close_notify; a transport that ends before it is
/// [`wantls::Error::Truncated`].
///
/// **Writing** seals into `tls_out` and sends when that is full. [`flush`](Write::flush) sends the rest: call it after
/// each message. While any call waits, both directions go on as far as the buffers allow.
///
/// **Cancelling** any call, by dropping its future, loses and repeats nothing, as far as the transport keeps that promise
/// for its own `read` and `write`: a connection changes only in steps that do not wait. A write that was not ready has
/// taken nothing.
///
/// **After an error** of the connection its alert has gone out as far as the transport took it at once; `flush` sends the
/// rest.
///
/// **Dropping** sends nothing: [`close`](Self::close) first.
#[derive(Debug)]
pub struct Stream<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> {
    tls: Connection<B>,
    link: L,
    /// The transport may still hold back what it was given.
    unflushed: bool,
}

type Result<R, L> = core::result::Result<R, Error<<L as Link>::Error>>;

impl<R: Read, W: Write<Error = R::Error>, B: AsRef<[u8]> + AsMut<[u8]>> Stream<Halves<R, W>, B> {
    /// Puts a connection on the two halves of a transport. Nothing is sent yet.
    pub const fn new(tls: Connection<B>, reader: R, writer: W) -> Self {
        Self { tls, link: Halves { reader, writer }, unflushed: false }
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Stream<Single<T>, B> {
    /// Puts a connection on a transport that can't be split; see [`Single`] for what that costs. Nothing is sent yet.
    pub const fn unsplit(tls: Connection<B>, transport: T) -> Self {
        Self { tls, link: Single(transport), unflushed: false }
    }
}

impl<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> Stream<L, B> {
    /// The connection, for its questions.
    pub const fn tls(&self) -> &Connection<B> {
        &self.tls
    }

    /// The connection, for its settings. [`Connection::key_update`] goes out with the next write and flush.
    pub const fn tls_mut(&mut self) -> &mut Connection<B> {
        &mut self.tls
    }

    /// The transport.
    pub const fn link(&self) -> &L {
        &self.link
    }

    /// The transport. What is sent or received past the stream breaks the connection.
    pub const fn link_mut(&mut self) -> &mut L {
        &mut self.link
    }

    /// Both, apart, as they are: nothing is sent.
    pub fn into_parts(self) -> (Connection<B>, L) {
        (self.tls, self.link)
    }

    /// Finishes the handshake, and sends its last flight. It can be cancelled and called again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn handshake(&mut self) -> Result<(), L> {
        self.run(Connection::handshake).await?;
        self.send().await
    }

    /// Sends close_notify behind all that was written. Reading goes on. It can be cancelled and called again.
    ///
    /// # Errors
    /// [`Error`], but for the transport's where the peer has closed first: it may be gone by now (RFC 8446 section
    /// 6.1).
    pub async fn shutdown(&mut self) -> Result<(), L> {
        match self.tls.phase() {
            Phase::LocalClosed | Phase::Closed => self.send().await,
            Phase::PeerClosed => {
                // What was written does matter.
                self.send().await?;
                match self.run(Connection::shutdown).await {
                    Ok(_) | Err(Error::Transport(_) | Error::Stalled) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            Phase::Handshaking | Phase::Open | Phase::Failed | _ => {
                self.run(Connection::shutdown).await.map(drop)
            }
        }
    }

    /// Sends what is left and close_notify, and gives the transport back. Does not wait for the peer's close_notify.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport.
    pub async fn close(mut self) -> core::result::Result<L, GivenBack<L, Error<L::Error>>> {
        let closed = self.shutdown().await;
        GivenBack::value(closed, self.link)
    }

    /// [`close`](Self::close) that waits for the peer's close_notify as well.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown), with the transport; [`wantls::Error::Truncated`] if it ends first;
    /// [`wantls::Usage::UnreadData`] if application data arrives instead, which is lost: read to the end before.
    pub async fn close_and_wait(mut self) -> core::result::Result<L, GivenBack<L, Error<L::Error>>> {
        let mut closed = self.shutdown().await;
        if closed.is_ok() {
            closed = self.wait_for_close().await;
        }
        GivenBack::value(closed, self.link)
    }

    async fn wait_for_close(&mut self) -> Result<(), L> {
        while self.run(Connection::shutdown).await? != Shutdown::Complete {}
        Ok(())
    }

    /// Repeats `call` until it is done. Nothing waits between the answer and the return.
    async fn run<R>(
        &mut self,
        mut call: impl FnMut(&mut Connection<B>) -> core::result::Result<Step<R>, wantls::Error>,
    ) -> Result<R, L> {
        loop {
            match call(&mut self.tls) {
                Ok(Step::Done(result)) => return Ok(result),
                Ok(Step::Want(_)) => self.exchange().await?,
                Err(error) => {
                    self.try_send().await;
                    return Err(error.into());
                }
            }
        }
    }

    /// Sends all that is queued, and flushes the transport.
    async fn send(&mut self) -> Result<(), L> {
        while !self.tls.tls_out().bytes().is_empty() || self.unflushed {
            self.exchange().await?;
        }
        Ok(())
    }

    /// Sends what the transport takes at once: an alert must not keep its error from the caller.
    async fn try_send(&mut self) {
        let mut sent = pin!(self.send());
        poll_fn(|cx| {
            let _ = sent.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Moves something, in whichever direction it goes first. What was moved is told to the connection without a wait.
    async fn exchange(&mut self) -> Result<(), L> {
        let (space, bytes) = self.tls.tls_both();
        let output = match bytes {
            [] if self.unflushed => Output::Flush,
            [] => Output::Nothing,
            bytes => Output::Bytes(bytes),
        };
        match self.link.exchange(space, output).await.map_err(Error::Transport)? {
            Moved::Nothing | Moved::Sent(0) => return Err(Error::Stalled),
            Moved::Sent(n) => {
                self.unflushed = true;
                self.tls.tls_out().consume(n)?;
            }
            Moved::Flushed => self.unflushed = false,
            Moved::Received(0) => self.tls.tls_in_eof(),
            Moved::Received(n) => self.tls.tls_in().commit(n)?,
        }
        Ok(())
    }
}

impl<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> ErrorType for Stream<L, B> {
    type Error = Error<L::Error>;
}

impl<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> Read for Stream<L, B> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, L> {
        if out.is_empty() {
            return Ok(0);
        }
        match self.run(|tls| tls.read(out)).await? {
            Received::Data(n) => Ok(n.get()),
            Received::Closed => Ok(0),
        }
    }
}

/// Lends the plaintext of one record at a time, without a copy.
impl<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> BufRead for Stream<L, B> {
    async fn fill_buf(&mut self) -> Result<&[u8], L> {
        self.run(|tls| Ok(tls.fill_buf()?.map(|_| ()))).await?;
        Ok(self.tls.fill_buf()?.done().unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.tls.pending().plaintext);
        // No more than is there, so it can't be refused.
        let _ = self.tls.consume(n);
    }
}

impl<L: Link, B: AsRef<[u8]> + AsMut<[u8]>> Write for Stream<L, B> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, L> {
        self.run(|tls| tls.write(data)).await
    }

    /// Sends all that was written, and flushes the transport.
    async fn flush(&mut self) -> Result<(), L> {
        self.send().await
    }
}
