//! Libraries whose connections read and write their transport by themselves: what they have in common.
//!
//! Where one library seals or opens, rustls is at the other end: it takes part in nothing that is timed, and offers
//! one suite only, so that a library without a list of suites of its own negotiates the right one too.

use std::hint::black_box;
use std::io::{ErrorKind, Read, Result, Write};
use std::mem;
use std::sync::Arc;

use rustls::{ClientConnection, Connection, ServerConnection};
use wantls_testkit::{NAME, Suite};

use super::{
    Context, Endpoint, Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Receiver, Seal, Sender, Setup, Tcp,
    buffer, identity, receive,
};

/// A library.
pub(super) trait Library {
    fn name(&self) -> &'static str;

    /// Its contexts; `None` if it can't be had to do this.
    fn contexts(&self, setup: Setup) -> Option<Box<dyn Sessions>>;

    /// Whether two of its connections agree on all of `setup`, without rustls to insist.
    fn speaks_alone(&self, _: Setup) -> bool {
        true
    }
}

/// A context of each side, made once, and connections of them.
pub(super) trait Sessions {
    fn client(&self, wire: Wire) -> Box<dyn Session>;
    fn server(&self, wire: Wire) -> Box<dyn Session>;
}

/// A connection.
pub(super) trait Session {
    /// Goes on with the handshake; whether it is over.
    fn handshake(&mut self) -> bool;

    /// Writes some of `data`; 0: the transport is full.
    fn write(&mut self, data: &[u8]) -> usize;

    /// Reads into `out`; 0: nothing has come.
    fn read(&mut self, out: &mut [u8]) -> usize;

    fn resumed(&self) -> bool;

    /// The name of the suite that was negotiated, as OpenSSL has it.
    fn suite(&self) -> String;

    fn wire(&mut self) -> &mut Wire;

    /// As [`Endpoint::park`].
    fn park(&mut self) {}
}

/// The transport of a session: in memory, or a socket.
#[derive(Debug, Default)]
pub(super) struct Wire {
    socket: Option<Tcp>,
    incoming: Vec<u8>,
    /// Bytes of `incoming` that were taken.
    position: usize,
    outgoing: Vec<u8>,
    /// Whether what is sent is looked at and dropped.
    drops: bool,
}

impl Wire {
    fn over(socket: Tcp) -> Self {
        Self { socket: Some(socket), ..Self::default() }
    }

    /// Bytes that nobody has read yet.
    fn left(&self) -> usize {
        self.incoming.len() - self.position
    }

    /// Lends `incoming` to be read, for the time of `work`. What is left of it stays here.
    fn feed(session: &mut dyn Session, incoming: &mut Vec<u8>, work: &mut dyn FnMut(&mut dyn Session)) {
        let wire = session.wire();
        let lent = wire.incoming.is_empty();
        if lent {
            mem::swap(&mut wire.incoming, incoming);
        } else {
            wire.incoming.append(incoming);
        }
        work(session);
        let wire = session.wire();
        let rest = wire.incoming[mem::take(&mut wire.position)..].to_vec();
        wire.incoming.clear();
        if lent {
            mem::swap(&mut wire.incoming, incoming);
        }
        wire.incoming = rest;
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if let Some(socket) = &mut self.socket {
            return socket.read(out);
        }
        match receive(&self.incoming, &mut self.position, out) {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        if let Some(socket) = &mut self.socket {
            return socket.write(data);
        }
        if self.drops {
            black_box(data);
        } else {
            self.outgoing.extend_from_slice(data);
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl<L: Library> Peer for L {
    fn name(&self) -> &'static str {
        Library::name(self)
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        let mut session = self.contexts(Setup::new(suite))?.client(Wire::default());
        against(session.as_mut(), server(suite), suite);
        session.wire().drops = true;
        Some(Box::new(Writer(session)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        // These libraries read by copying only, and buffer what they receive themselves.
        if opening != (Opening { feed: Feed::Received, give: Give::Copied }) {
            return None;
        }
        let mut session = self.contexts(Setup::new(suite))?.server(Wire::default());
        let sender = against(session.as_mut(), client(suite), suite);
        Some(Box::new(Reader { sender, session, wire: Vec::new(), out: buffer(MAX_PLAINTEXT) }))
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        let sessions = self.contexts(setup).filter(|_| self.speaks_alone(setup))?;
        Some(Box::new(Both { sessions, setup }))
    }

    fn tcp(&self, suite: Suite, ends: (Tcp, Tcp)) -> Option<(Box<dyn Sender>, Box<dyn Receiver>)> {
        let contexts = self.contexts(Setup::new(suite))?;
        let mut client = contexts.client(Wire::over(ends.0));
        let mut server = contexts.server(Wire::over(ends.1));
        while !(client.handshake() & server.handshake()) {}
        assert_eq!(client.suite(), Setup::new(suite).openssl_name());
        Some((Box::new(OnSocket(client)), Box::new(OnSocket(server))))
    }
}

fn client(suite: Suite) -> Connection {
    let config = Arc::new(identity::client_config(Setup::new(suite)));
    ClientConnection::new(config, NAME.try_into().unwrap()).unwrap().into()
}

fn server(suite: Suite) -> Connection {
    let mut config = identity::server_config(Setup::new(suite));
    // wolfSSL as Debian builds it fails on tickets with a long nonce.
    config.send_tls13_tickets = 0;
    ServerConnection::new(Arc::new(config)).unwrap().into()
}

/// A handshake with rustls.
fn against(session: &mut dyn Session, mut other: Connection, suite: Suite) -> Connection {
    let (mut to_session, mut to_other) = (Vec::new(), Vec::new());
    loop {
        let done = shake(session, &mut to_session, &mut to_other);
        if other.handshake(&mut to_other, &mut to_session) && done {
            break;
        }
    }
    assert_eq!(session.suite(), Setup::new(suite).openssl_name());
    other
}

fn shake(session: &mut dyn Session, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
    let mut done = false;
    mem::swap(&mut session.wire().outgoing, outgoing);
    Wire::feed(session, incoming, &mut |session| done = session.handshake());
    mem::swap(&mut session.wire().outgoing, outgoing);
    done
}

struct Writer(Box<dyn Session>);

impl Seal for Writer {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            write_all(self.0.as_mut(), data);
        }
    }
}

fn write_all(session: &mut dyn Session, mut data: &[u8]) {
    while !data.is_empty() {
        data = &data[session.write(data)..];
    }
}

struct Reader {
    sender: Connection,
    session: Box<dyn Session>,
    wire: Vec<u8>,
    out: Vec<u8>,
}

impl Open for Reader {
    fn load(&mut self, data: &[u8], times: usize) {
        self.wire.clear();
        for _ in 0..times {
            Endpoint::write(&mut self.sender, data, &mut self.wire);
        }
    }

    fn open(&mut self) -> usize {
        read_all(self.session.as_mut(), &mut self.wire, &mut self.out)
    }
}

fn read_all(session: &mut dyn Session, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
    let mut opened = 0;
    Wire::feed(session, incoming, &mut |session| {
        let mut left = usize::MAX;
        // Some answer a ticket as if nothing more had come.
        while session.wire().left() < left {
            left = session.wire().left();
            while let n @ 1.. = session.read(out) {
                black_box(&out[..n]);
                opened += n;
            }
        }
    });
    opened
}

struct Both {
    sessions: Box<dyn Sessions>,
    setup: Setup,
}

impl Context for Both {
    fn client(&self) -> Box<dyn Endpoint> {
        Box::new(Held { session: self.sessions.client(Wire::default()), setup: self.setup, checked: false })
    }

    fn server(&self) -> Box<dyn Endpoint> {
        Box::new(Held { session: self.sessions.server(Wire::default()), setup: self.setup, checked: false })
    }
}

struct Held {
    session: Box<dyn Session>,
    setup: Setup,
    checked: bool,
}

impl Endpoint for Held {
    fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
        let done = shake(self.session.as_mut(), incoming, outgoing);
        if done && !self.checked {
            assert_eq!(self.session.suite(), self.setup.openssl_name());
            self.checked = true;
        }
        done
    }

    fn write(&mut self, data: &[u8], outgoing: &mut Vec<u8>) {
        mem::swap(&mut self.session.wire().outgoing, outgoing);
        write_all(self.session.as_mut(), data);
        mem::swap(&mut self.session.wire().outgoing, outgoing);
    }

    fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
        read_all(self.session.as_mut(), incoming, out)
    }

    fn resumed(&self) -> bool {
        self.session.resumed()
    }

    fn park(&mut self) {
        self.session.park();
    }
}

struct OnSocket(Box<dyn Session>);

impl Sender for OnSocket {
    fn send(&mut self, data: &[u8]) -> usize {
        self.0.write(data)
    }

    fn flush(&mut self) -> bool {
        true
    }
}

impl Receiver for OnSocket {
    fn receive(&mut self, out: &mut [u8]) -> usize {
        self.0.read(out)
    }
}
