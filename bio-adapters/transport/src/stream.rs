//! A connection on a transport.

use wantls::{Connection, Error, Interest, Received, Shutdown, Step, Want};

use crate::pump::{Pumped, receive, send_all};
use crate::{Transport, pump};

/// Why a [`Stream`] call failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StreamError<E> {
    /// The connection; see [`Error`] for who has to act. Its alert, if there is one, was sent as far as the transport
    /// took it.
    #[error(transparent)]
    Tls(#[from] Error),
    /// The transport. The connection is as it was, and the call may be repeated if the transport can go on.
    #[error("the transport failed: {0}")]
    Transport(E),
}

/// A [`Connection`] and its [`Transport`]: each call moves the bytes that it needs moved.
///
/// On a blocking transport a call comes back done, or with an error, or with [`Step::Want`] after a timeout. On a
/// nonblocking one it may answer [`Step::Want`]: then poll the transport for [`interest`](Self::interest) and repeat the
/// call. Both directions were tried before that.
///
/// Dropping it sends nothing and waits for nothing: [`shutdown`](Self::shutdown) first.
#[derive(Debug)]
pub struct Stream<T: Transport, B: AsRef<[u8]> + AsMut<[u8]>> {
    tls: Connection<B>,
    transport: T,
    /// A transport error that came after a call was done; the next call reports it.
    late: Option<T::Error>,
    /// The transport may still hold back what it was given.
    unflushed: bool,
}

impl<T: Transport, B: AsRef<[u8]> + AsMut<[u8]>> Stream<T, B> {
    /// Puts a connection on a transport. Nothing is sent yet.
    pub const fn new(tls: Connection<B>, transport: T) -> Self {
        Self { tls, transport, late: None, unflushed: false }
    }

    /// The connection, for its questions and settings.
    pub const fn tls(&self) -> &Connection<B> {
        &self.tls
    }

    /// The connection.
    pub const fn tls_mut(&mut self) -> &mut Connection<B> {
        &mut self.tls
    }

    /// The transport.
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    /// The transport. What is sent or received past the stream breaks the connection.
    pub const fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// What to poll the transport for now: [`Connection::interest`], and writing while the transport has a flush to end.
    pub fn interest(&self) -> Interest {
        let tls = self.tls.interest();
        Interest { write: tls.write || self.unflushed, ..tls }
    }

    /// Both, apart. What is queued and not sent is in the connection.
    pub fn into_parts(self) -> (Connection<B>, T) {
        (self.tls, self.transport)
    }

    /// [`Connection::handshake`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn handshake(&mut self) -> Result<Step<()>, StreamError<T::Error>> {
        self.run(Connection::handshake)
    }

    /// [`Connection::write`]; what was taken is sent as far as the transport allows.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn write(&mut self, data: &[u8]) -> Result<Step<usize>, StreamError<T::Error>> {
        self.run(|tls| tls.write(data))
    }

    /// [`Connection::write_vectored`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<Step<usize>, StreamError<T::Error>> {
        self.run(|tls| tls.write_vectored(slices))
    }

    /// Sends all that is queued: `Done` when `tls_out` is empty and the transport is flushed.
    ///
    /// # Errors
    /// [`StreamError::Transport`].
    pub fn flush(&mut self) -> Result<Step<()>, StreamError<T::Error>> {
        self.report_late()?;
        self.send(&mut Pumped::default()).map_err(StreamError::Transport)?;
        let flushed = self.tls.tls_out().bytes().is_empty() && !self.unflushed;
        Ok(if flushed { Step::Done(()) } else { Step::Want(Want::Write) })
    }

    /// [`Connection::read`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn read(&mut self, out: &mut [u8]) -> Result<Step<Received>, StreamError<T::Error>> {
        self.run(|tls| tls.read(out))
    }

    /// [`Connection::peek`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn peek(&mut self, out: &mut [u8]) -> Result<Step<Received>, StreamError<T::Error>> {
        self.run(|tls| tls.peek(out))
    }

    /// [`Connection::fill_buf`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn fill_buf(&mut self) -> Result<Step<&[u8]>, StreamError<T::Error>> {
        match self.run(|tls| Ok(tls.fill_buf()?.map(|_| ())))? {
            Step::Done(()) => Ok(self.tls.fill_buf()?),
            Step::Want(want) => Ok(Step::Want(want)),
        }
    }

    /// [`Connection::consume`].
    ///
    /// # Errors
    /// [`wantls::Usage::GrantExceeded`].
    pub fn consume(&mut self, n: usize) -> Result<(), StreamError<T::Error>> {
        Ok(self.tls.consume(n)?)
    }

    /// [`Connection::shutdown`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn shutdown(&mut self) -> Result<Step<Shutdown>, StreamError<T::Error>> {
        self.run(Connection::shutdown)
    }

    /// [`Connection::key_update`]; the KeyUpdate is sent as far as the transport allows.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn key_update(&mut self, request_peer: bool) -> Result<(), StreamError<T::Error>> {
        self.tls.key_update(request_peer)?;
        self.flush().map(|_| ())
    }

    /// Moves bytes both ways until the transport would block; for nonblocking transports. See [`pump`].
    ///
    /// # Errors
    /// [`StreamError::Transport`].
    pub fn pump(&mut self) -> Result<Pumped, StreamError<T::Error>> {
        self.report_late()?;
        pump(&mut self.tls, &mut self.transport).map_err(StreamError::Transport)
    }

    /// Repeats `call` until it is done, or wants what the transport can't give now.
    pub(crate) fn run<R>(
        &mut self,
        mut call: impl FnMut(&mut Connection<B>) -> Result<Step<R>, Error>,
    ) -> Result<Step<R>, StreamError<T::Error>> {
        self.report_late()?;
        loop {
            match call(&mut self.tls) {
                Ok(Step::Done(result)) => {
                    self.send_late();
                    return Ok(Step::Done(result));
                }
                Ok(Step::Want(want)) => {
                    if !self.serve(want).map_err(StreamError::Transport)?.progressed() {
                        return Ok(Step::Want(want));
                    }
                }
                Err(error) => {
                    // The alert, and what was queued before it.
                    self.send_late();
                    if error.is_fatal() {
                        // A repeated call has to give this error again, not that its alert could not be sent.
                        self.late = None;
                    }
                    return Err(error.into());
                }
            }
        }
    }

    /// Does what a call wanted.
    fn serve(&mut self, want: Want) -> Result<Pumped, T::Error> {
        let mut pumped = Pumped::default();
        let sent = self.send(&mut pumped);
        // Neither a send that would block nor one that fails keeps a reader from receiving: a peer that has gone may
        // have left data behind. The send's error comes again.
        if want == Want::Read || self.must_receive_to_send(&sent) {
            let received = receive(&mut self.tls, &mut self.transport, &mut pumped)?;
            if received {
                return Ok(pumped);
            }
        }
        sent.map(|()| pumped)
    }

    /// A writer that is stuck takes what the peer sends, or two peers with full pipes would wait for each other for
    /// ever. Where receiving may wait it does not: the bytes need not come.
    fn must_receive_to_send(&mut self, sent: &Result<(), T::Error>) -> bool {
        sent.is_ok() && !self.transport.waits() && !self.tls.tls_out().bytes().is_empty()
    }

    fn send(&mut self, pumped: &mut Pumped) -> Result<(), T::Error> {
        send_all(&mut self.tls, &mut self.transport, pumped, &mut self.unflushed)
    }

    /// Sends behind a call that has its answer already: an error must not take the answer away.
    fn send_late(&mut self) {
        self.late = self.send(&mut Pumped::default()).err();
    }

    /// Has the next call report `error`.
    pub(crate) fn put_late(&mut self, error: T::Error) {
        self.late = Some(error);
    }

    fn report_late(&mut self) -> Result<(), StreamError<T::Error>> {
        self.late.take().map_or(Ok(()), |error| Err(StreamError::Transport(error)))
    }
}
