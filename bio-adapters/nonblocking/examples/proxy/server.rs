//! The event loop of the proxy.

use std::collections::HashMap;
use std::io::{ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use wantls::{Buffers, ServerContext};
use wantls_nonblocking::Stream;

use crate::relay::Relay;

const LISTENER: Token = Token(usize::MAX);
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A proxy on one thread. A relay has two tokens: 2n is its TLS side, 2n + 1 its plain one.
pub(crate) struct Proxy {
    poll: Poll,
    listener: TcpListener,
    backend: SocketAddr,
    context: ServerContext,
    relays: HashMap<usize, Relay>,
    next: usize,
}

impl Proxy {
    pub(crate) fn new(
        mut listener: TcpListener,
        backend: SocketAddr,
        context: ServerContext,
    ) -> Result<Self> {
        let poll = Poll::new()?;
        listener.register(poll.registry(), LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, backend, context, relays: HashMap::new(), next: 0 })
    }

    /// Serves what there is to serve, or waits for it at most so long.
    pub(crate) fn turn(&mut self, events: &mut Events, timeout: Option<Duration>) -> Result<()> {
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            answer => answer?,
        }
        for event in events.iter() {
            match event.token() {
                LISTENER => self.accept_all()?,
                Token(side) => self.advance(side / 2),
            }
        }
        Ok(())
    }

    fn accept_all(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((client, _)) => self.open(client)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => eprintln!("not accepted: {error}"),
            }
        }
    }

    fn open(&mut self, client: TcpStream) -> Result<()> {
        let mut plain = TcpStream::connect(self.backend)?;
        let tls = self.context.accept(Buffers::heap()).map_err(std::io::Error::other)?;
        let mut tls = Stream::new(tls, client);
        tls.register(self.poll.registry(), Token(2 * self.next), BOTH)?;
        plain.register(self.poll.registry(), Token(2 * self.next + 1), BOTH)?;
        self.relays.insert(self.next, Relay::new(tls, plain));
        self.next += 1;
        Ok(())
    }

    fn advance(&mut self, n: usize) {
        let Some(relay) = self.relays.get_mut(&n) else { return };
        match relay.advance() {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => eprintln!("connection {n}: {error}"),
        }
        self.relays.remove(&n);
    }
}
