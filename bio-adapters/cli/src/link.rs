//! A connection on a TCP socket.
//!
//! The socket does not block: a client that sends a file while the server sends another must not wait for one
//! direction alone. [`Link::wait`] is the only place where the process sleeps.

use std::io::{self, Read};
use std::net::{self, Shutdown};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use wantls::{Connection, Step};
use wantls_transport::{Io, Stream, StreamError};

use crate::failure::Failure;
use crate::report;
use crate::tap::Tap;

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

/// How long a peer may take to read our last words.
const LINGER: Duration = Duration::from_secs(2);

pub(crate) type TcpTls = Stream<Tap<Io<TcpStream>>, Box<[u8]>>;

/// A connection on a socket, and the means to wait for it.
pub(crate) struct Link {
    pub(crate) stream: TcpTls,
    poll: Poll,
    events: Events,
}

impl Link {
    pub(crate) fn new(tls: Connection<Box<[u8]>>, socket: net::TcpStream) -> Result<Self, Failure> {
        Self::make(tls, socket).map_err(|error| Failure::network("the socket can't be set up", error))
    }

    fn make(tls: Connection<Box<[u8]>>, socket: net::TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // Records are made as large as they can be: waiting for more gains nothing.
        socket.set_nodelay(true)?;
        let mut socket = TcpStream::from_std(socket);
        let poll = Poll::new()?;
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE | Interest::WRITABLE)?;
        let stream = Stream::new(tls, Tap::new(Io(socket)));
        Ok(Self { stream, poll, events: Events::with_capacity(8) })
    }

    /// What another thread ends a [`wait`](Self::wait) with.
    pub(crate) fn waker(&self) -> Result<Arc<Waker>, Failure> {
        let waker = Waker::new(self.poll.registry(), WAKER);
        waker.map(Arc::new).map_err(|error| Failure::network("no waker", error))
    }

    /// Sleeps until the socket can do more than when it was tried last, or the waker calls.
    pub(crate) fn wait(&mut self) -> Result<(), Failure> {
        self.sleep(None).map_err(|error| Failure::network("waiting for the socket failed", error))
    }

    fn sleep(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Repeats a call until it is done.
    pub(crate) fn complete<T>(
        &mut self,
        mut call: impl FnMut(&mut TcpTls) -> Result<Step<T>, StreamError<io::Error>>,
    ) -> Result<T, Failure> {
        loop {
            match call(&mut self.stream)? {
                Step::Done(result) => return Ok(result),
                Step::Want(_) => self.wait()?,
            }
        }
    }

    /// Runs the handshake. Returns what it agreed on.
    pub(crate) fn handshake(&mut self) -> Result<String, Failure> {
        if let Err(failure) = self.complete(TcpTls::handshake) {
            let cut = matches!(failure, Failure::Truncated(_));
            let text = "the peer went away in the middle of the handshake";
            return Err(if cut { Failure::Truncated(text.to_owned()) } else { failure });
        }
        Ok(self.stream.tls().session().map_or_else(String::new, report::session))
    }

    /// After a failure: sends what is queued, the alert at the end of it, and waits a moment for the peer to close.
    /// A socket that is closed with unread data behind it is reset, and the reset may overtake the alert.
    pub(crate) fn linger(&mut self) {
        let deadline = Instant::now() + LINGER;
        // The failure that led here counts; another one can only end the lingering.
        let _ = self.send_last_words(deadline).and_then(|()| self.discard_input(deadline));
    }

    fn send_last_words(&mut self, deadline: Instant) -> io::Result<()> {
        loop {
            match self.stream.flush() {
                Ok(Step::Done(())) => return self.socket().shutdown(Shutdown::Write),
                Ok(Step::Want(_)) => self.sleep(Some(left(deadline)?))?,
                Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
    }

    fn discard_input(&mut self, deadline: Instant) -> io::Result<()> {
        let mut nowhere = [0; 16 * 1024];
        loop {
            let left = left(deadline)?;
            match self.socket().read(&mut nowhere) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.sleep(Some(left))?,
                Err(error) => return Err(error),
            }
        }
    }

    fn socket(&mut self) -> &mut TcpStream {
        &mut self.stream.transport_mut().inner.0
    }
}

/// The time until `deadline`; an error once it has passed.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
