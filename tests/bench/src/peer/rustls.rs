//! rustls as most people use it: `ClientConnection`, with its own buffers.

use std::hint::black_box;
use std::io::{BufRead, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, Connection, HandshakeKind, ServerConfig, ServerConnection};
use tokio::net::TcpStream as TokioSocket;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wantls_bio_pair::{Capacity, Half, Pair, ReadOutcome, WriteOutcome};
use wantls_testkit::{NAME, Suite, client_config, server_config};

use super::{
    BothWays, Connecting, Context, Endpoint, Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Receiver, Seal,
    Sender, Setup, Tcp, buffer, identity,
};

/// rustls, buffered.
pub(crate) struct Rustls;

impl Peer for Rustls {
    fn name(&self) -> &'static str {
        "rustls"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer(pair(suite).0)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        // Its incoming buffer is its own and grows by what is read: nothing can be loaded beforehand.
        if opening.feed == Feed::Loaded {
            return None;
        }
        let (sender, receiver) = pair(suite);
        Some(Box::new(Reader {
            sender,
            receiver,
            give: opening.give,
            wire: Vec::new(),
            out: buffer(MAX_PLAINTEXT),
        }))
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        Some(Box::new(Configs {
            client: Arc::new(identity::client_config(setup)),
            server: Arc::new(identity::server_config(setup)),
        }))
    }

    fn bio_pair(&self, suite: Suite, capacity: usize) -> Option<Box<dyn BothWays>> {
        let (client, server) = pair(suite);
        let capacity = Capacity::new(capacity).unwrap();
        let wire = Pair::new(capacity, capacity);
        let (client, server) = (End::new(client.into()), End::new(server.into()));
        Some(Box::new(OverPair { client, server, wire }))
    }

    fn tcp(&self, suite: Suite, ends: (Tcp, Tcp)) -> Option<(Box<dyn Sender>, Box<dyn Receiver>)> {
        let (client, server) = pair(suite);
        Some((
            Box::new(OnSocket { tls: client.into(), tcp: ends.0 }),
            Box::new(OnSocket { tls: server.into(), tcp: ends.1 }),
        ))
    }

    fn tokio(&self, suite: Suite, ends: (TokioSocket, TokioSocket)) -> Option<Connecting> {
        let connector = TlsConnector::from(Arc::new(client_config(suite)));
        let acceptor = TlsAcceptor::from(Arc::new(server_config(suite)));
        Some(Box::pin(async move {
            let name = NAME.try_into().unwrap();
            let (client, server) = tokio::join!(connector.connect(name, ends.0), acceptor.accept(ends.1));
            (Box::new(client.unwrap()) as _, Box::new(server.unwrap()) as _)
        }))
    }
}

/// An established pair.
pub(super) fn pair(suite: Suite) -> (ClientConnection, ServerConnection) {
    let name = NAME.try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(client_config(suite)), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server_config(suite))).unwrap();
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() || server.wants_write() {
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        feed(&mut wire, |wire| {
            server.read_tls(wire).unwrap();
            server.process_new_packets().unwrap();
        });
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        feed(&mut wire, |wire| {
            client.read_tls(wire).unwrap();
            client.process_new_packets().unwrap();
        });
    }
    assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), suite.id());
    (client, server)
}

fn feed(wire: &mut Vec<u8>, mut read: impl FnMut(&mut &[u8])) {
    let mut rest = wire.as_slice();
    while !rest.is_empty() {
        read(&mut rest);
    }
    wire.clear();
}

/// Looks at what is written and drops it.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        Ok(slices.iter().map(|s| black_box(&**s).len()).sum())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Writer(ClientConnection);

impl Seal for Writer {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            write(&mut self.0, data, &mut Sink);
        }
    }
}

/// Writes all of `data`, and its records to `sink`.
#[inline]
fn write(connection: &mut ClientConnection, mut data: &[u8], sink: &mut impl Write) {
    while !data.is_empty() {
        let n = connection.writer().write(data).unwrap();
        data = &data[n..];
        while connection.wants_write() {
            connection.write_tls(sink).unwrap();
        }
    }
}

struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Context for Configs {
    fn client(&self) -> Box<dyn Endpoint> {
        let name = NAME.try_into().unwrap();
        Box::new(Connection::from(ClientConnection::new(self.client.clone(), name).unwrap()))
    }

    fn server(&self) -> Box<dyn Endpoint> {
        Box::new(Connection::from(ServerConnection::new(self.server.clone()).unwrap()))
    }
}

impl Endpoint for Connection {
    fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
        let mut rest = incoming.as_slice();
        while !rest.is_empty() {
            self.read_tls(&mut rest).unwrap();
            self.process_new_packets().unwrap();
        }
        incoming.clear();
        while self.wants_write() {
            self.write_tls(outgoing).unwrap();
        }
        !self.is_handshaking()
    }

    fn write(&mut self, mut data: &[u8], outgoing: &mut Vec<u8>) {
        while !data.is_empty() {
            let n = self.writer().write(data).unwrap();
            data = &data[n..];
            while self.wants_write() {
                self.write_tls(outgoing).unwrap();
            }
        }
    }

    fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
        let mut opened = 0;
        let mut rest = incoming.as_slice();
        while !rest.is_empty() {
            self.read_tls(&mut rest).unwrap();
            let mut left = self.process_new_packets().unwrap().plaintext_bytes_to_read();
            opened += left;
            while left > 0 {
                left -= self.reader().read(out).unwrap();
            }
        }
        incoming.clear();
        opened
    }

    fn resumed(&self) -> bool {
        self.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}

struct OverPair {
    client: End,
    server: End,
    wire: Pair,
}

impl BothWays for OverPair {
    fn exchange(&mut self, bytes: usize) {
        (self.client.to_send, self.server.to_send) = (bytes, bytes);
        (self.client.to_come, self.server.to_come) = (bytes, bytes);
        while self.client.is_busy() || self.server.is_busy() {
            self.client.go_on(&mut Wire(self.wire.a()));
            self.server.go_on(&mut Wire(self.wire.b()));
        }
    }
}

/// A half of a BIO pair as `std::io` has it.
struct Wire<'a>(Half<'a>);

impl Read for Wire<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(out).unwrap() {
            ReadOutcome::Bytes(n) => Ok(n),
            ReadOutcome::Eof => Ok(0),
            ReadOutcome::WouldBlock => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        match self.0.write(data).unwrap() {
            WriteOutcome::Bytes(n) => Ok(n),
            WriteOutcome::WouldBlock => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct End {
    tls: Connection,
    to_send: usize,
    to_come: usize,
    data: Vec<u8>,
}

impl End {
    fn new(tls: Connection) -> Self {
        Self { tls, to_send: 0, to_come: 0, data: buffer(MAX_PLAINTEXT) }
    }

    fn is_busy(&self) -> bool {
        self.to_send > 0 || self.to_come > 0
    }

    /// Writes until the pair is full, reads until it is empty.
    fn go_on(&mut self, wire: &mut Wire<'_>) {
        loop {
            if !self.tls.wants_write() {
                let len = self.to_send.min(self.data.len());
                self.to_send -= self.tls.writer().write(&self.data[..len]).unwrap();
            }
            if !self.tls.wants_write() || self.tls.write_tls(wire).is_err() {
                break;
            }
        }
        while self.tls.read_tls(wire).is_ok() {
            let mut left = self.tls.process_new_packets().unwrap().plaintext_bytes_to_read();
            self.to_come -= left;
            while left > 0 {
                let mut reader = self.tls.reader();
                let n = black_box(reader.fill_buf().unwrap()).len();
                reader.consume(n);
                left -= n;
            }
        }
    }
}

/// As `rustls::Stream` does it, whose calls come back done only on a blocking socket.
struct OnSocket {
    tls: Connection,
    tcp: Tcp,
}

impl Sender for OnSocket {
    fn send(&mut self, data: &[u8]) -> usize {
        if !self.flush() {
            return 0;
        }
        let n = self.tls.writer().write(data).unwrap();
        self.flush();
        n
    }

    fn flush(&mut self) -> bool {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.tcp) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
        }
        true
    }
}

impl Receiver for OnSocket {
    fn receive(&mut self, out: &mut [u8]) -> usize {
        loop {
            match self.tls.reader().read(out) {
                Ok(n) => return n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            match self.tls.read_tls(&mut self.tcp) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return 0,
                Err(error) => panic!("{error}"),
            }
            self.tls.process_new_packets().unwrap();
        }
    }
}

struct Reader {
    sender: ClientConnection,
    receiver: ServerConnection,
    give: Give,
    wire: Vec<u8>,
    out: Vec<u8>,
}

impl Open for Reader {
    fn load(&mut self, data: &[u8], times: usize) {
        self.wire.clear();
        for _ in 0..times {
            write(&mut self.sender, data, &mut self.wire);
        }
    }

    fn open(&mut self) -> usize {
        let mut opened = 0;
        let mut wire = self.wire.as_slice();
        while !wire.is_empty() {
            self.receiver.read_tls(&mut wire).unwrap();
            let mut left = self.receiver.process_new_packets().unwrap().plaintext_bytes_to_read();
            opened += left;
            let mut reader = self.receiver.reader();
            while left > 0 {
                left -= match self.give {
                    Give::Lent => {
                        let n = black_box(reader.fill_buf().unwrap()).len();
                        reader.consume(n);
                        n
                    }
                    Give::Copied => {
                        let n = reader.read(&mut self.out).unwrap();
                        black_box(&self.out[..n]);
                        n
                    }
                };
            }
        }
        opened
    }
}
