//! The event loop of the echo server.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Result};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use wantls::buffers::{TLS13_RECORD, min_tls_out};
use wantls::{Buffers, ServerContext};
use wantls_nonblocking::Stream;

use crate::session::{Next, Session};

const LISTENER: Token = Token(usize::MAX);

/// rustls's `max_fragment_size` for the handshake: it decides how large `tls_out` has to be.
pub(crate) const FRAGMENT: usize = 4096;

/// What a server has done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Connections that are there now.
    pub(crate) open: usize,
    /// The most that were there at once.
    pub(crate) peak: usize,
    /// Connections that both sides have closed.
    pub(crate) closed: usize,
    /// Connections that ended otherwise.
    pub(crate) failed: usize,
    /// Connections that the system refused to accept.
    pub(crate) refused: usize,
}

/// An echo server on one thread.
pub(crate) struct Server {
    poll: Poll,
    listener: TcpListener,
    context: ServerContext,
    sessions: HashMap<Token, Session>,
    /// Sessions that can go on without an event.
    ready: VecDeque<Token>,
    /// The system refused to accept: others may wait behind, and no event will come for them.
    backlog: bool,
    next: usize,
    counts: Counts,
    buffer: Vec<u8>,
}

impl Server {
    pub(crate) fn new(mut listener: TcpListener, context: ServerContext) -> Result<Self> {
        let poll = Poll::new()?;
        listener.register(poll.registry(), LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            context,
            sessions: HashMap::new(),
            ready: VecDeque::new(),
            backlog: false,
            next: 0,
            counts: Counts::default(),
            buffer: vec![0; 16 * 1024],
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { open: self.sessions.len(), ..self.counts }
    }

    /// Serves what there is to serve, or waits for it at most so long.
    pub(crate) fn turn(&mut self, events: &mut Events, timeout: Duration) -> Result<()> {
        let timeout = if self.ready.is_empty() { timeout } else { Duration::ZERO };
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            answer => answer?,
        }
        for event in events.iter() {
            match event.token() {
                LISTENER => self.accept_all()?,
                token => self.advance(token),
            }
        }
        if self.backlog {
            self.accept_all()?;
        }
        for _ in 0..self.ready.len() {
            if let Some(token) = self.ready.pop_front() {
                self.advance(token);
            }
        }
        Ok(())
    }

    fn accept_all(&mut self) -> Result<()> {
        self.backlog = false;
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => self.open(socket)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // Out of descriptors, or a client that is gone already: the others are served first.
                Err(_) => {
                    self.counts.refused += 1;
                    self.backlog = true;
                    return Ok(());
                }
            }
        }
    }

    fn open(&mut self, socket: TcpStream) -> Result<()> {
        let _ = socket.set_nodelay(true);
        let buffers = Buffers::heap_of(TLS13_RECORD, min_tls_out(Some(FRAGMENT)));
        let tls = self.context.accept(buffers).map_err(std::io::Error::other)?;
        let token = Token(self.next);
        self.next += 1;
        let mut stream = Stream::new(tls, socket);
        // Once, for both: the loop is edge-triggered.
        stream.register(self.poll.registry(), token, Interest::READABLE | Interest::WRITABLE)?;
        self.sessions.insert(token, Session { stream });
        self.counts.peak = self.counts.peak.max(self.sessions.len());
        Ok(())
    }

    fn advance(&mut self, token: Token) {
        let Some(session) = self.sessions.get_mut(&token) else { return };
        match session.advance(&mut self.buffer) {
            Ok(Next::Event) => return,
            Ok(Next::Turn) => return self.ready.push_back(token),
            Ok(Next::Nothing) => self.counts.closed += 1,
            Err(_) => self.counts.failed += 1,
        }
        self.sessions.remove(&token);
    }
}
