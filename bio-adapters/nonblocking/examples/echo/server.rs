//! The event loop of the echo server.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Result};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use wantls::ServerContext;

use crate::session::{Next, Session, Spare};

const LISTENER: Token = Token(usize::MAX);

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
    /// Times that an idle connection gave its buffers to others.
    pub(crate) parked: usize,
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
    spare: Spare,
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
            spare: Spare::default(),
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

    fn open(&mut self, mut socket: TcpStream) -> Result<()> {
        let _ = socket.set_nodelay(true);
        let tls = self.context.accept(self.spare.take()).map_err(std::io::Error::other)?;
        let token = Token(self.next);
        self.next += 1;
        // Once, for both: the loop is edge-triggered.
        socket.register(self.poll.registry(), token, Interest::READABLE | Interest::WRITABLE)?;
        self.sessions.insert(token, Session::new(tls, socket));
        self.counts.peak = self.counts.peak.max(self.sessions.len());
        Ok(())
    }

    fn advance(&mut self, token: Token) {
        let Some(session) = self.sessions.remove(&token) else { return };
        match session.advance(&mut self.buffer, &mut self.spare) {
            Ok(Next::Event(session)) => {
                self.counts.parked += usize::from(matches!(session, Session::Asleep(..)));
                self.sessions.insert(token, session);
            }
            Ok(Next::Turn(session)) => {
                self.sessions.insert(token, session);
                self.ready.push_back(token);
            }
            Ok(Next::Nothing) => self.counts.closed += 1,
            Err(_) => self.counts.failed += 1,
        }
    }
}
