//! wantls.

use std::hint::black_box;

use tokio::net::TcpStream as TokioSocket;
use wantls::buffers::{RESERVE, TLS12_RECORD, handshake_chunk};
use wantls::crypto::AwsLcRs;
use wantls::rustls::HandshakeKind;
use wantls::{Buffers, ClientContext, Parked, Received, ServerContext, Step};
use wantls_bio_pair::{Capacity, Half, Pair, ReadOutcome, WriteOutcome};
use wantls_testkit::{
    NAME, Suite, Tls, accept, accept_with, client, connect, connect_with, established, handshake, server,
};
use wantls_tokio::{TlsAcceptor, TlsConnector};
use wantls_transport::{Io, Stream};

use super::identity::{client_config, server_config};
use super::{
    BothWays, Connecting, Context, Endpoint, Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Receiver, Seal,
    Sender, Setup, Tcp, buffer, receive,
};

/// wantls in its default write mode, with buffers of the default sizes.
pub(crate) struct Wantls;

impl Peer for Wantls {
    fn name(&self) -> &'static str {
        "wantls"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer(pair(suite, buffers(2 * TLS12_RECORD)).0)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        let buffers = match opening.feed {
            Feed::Received => buffers(2 * TLS12_RECORD),
            Feed::Loaded => buffers(LOADED),
        };
        let (sender, receiver) = pair(suite, buffers);
        Some(Box::new(Reader {
            sender: Writer(sender),
            receiver,
            opening,
            wire: Vec::new(),
            position: 0,
            out: buffer(MAX_PLAINTEXT + 1),
        }))
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        Some(Box::new(Contexts {
            client: ClientContext::new(client_config(setup), AwsLcRs).unwrap(),
            server: ServerContext::new(server_config(setup), AwsLcRs).unwrap(),
        }))
    }

    fn bio_pair(&self, suite: Suite, capacity: usize) -> Option<Box<dyn BothWays>> {
        let (client, server) = established(suite);
        let capacity = Capacity::new(capacity).unwrap();
        let wire = Pair::new(capacity, capacity);
        Some(Box::new(OverPair { client: End::new(client), server: End::new(server), wire }))
    }

    fn tcp(&self, suite: Suite, ends: (Tcp, Tcp)) -> Option<(Box<dyn Sender>, Box<dyn Receiver>)> {
        let (client, server) = established(suite);
        Some((Box::new(Stream::new(client, Io(ends.0))), Box::new(Stream::new(server, Io(ends.1)))))
    }

    fn tokio(&self, suite: Suite, ends: (TokioSocket, TokioSocket)) -> Option<Connecting> {
        let (connector, acceptor) = (TlsConnector::new(client(suite)), TlsAcceptor::new(server(suite)));
        Some(Box::pin(async move {
            let name = NAME.try_into().unwrap();
            let (client, server) = tokio::join!(connector.connect(name, ends.0), acceptor.accept(ends.1));
            (Box::new(client.unwrap()) as _, Box::new(server.unwrap()) as _)
        }))
    }
}

/// Buffers as [`Buffers::heap`] has them, but for the size of `tls_in`, and each elsewhere in its page.
fn buffers(tls_in: usize) -> Buffers<Box<[u8]>> {
    let tls_out = 2 * handshake_chunk(None) + RESERVE;
    Buffers::new(buffer(tls_in).into_boxed_slice(), buffer(tls_out).into_boxed_slice())
}

/// Bytes of a `tls_in` that holds all of a round.
const LOADED: usize = (2 << 20) + TLS12_RECORD;

fn pair(suite: Suite, buffers: Buffers<Box<[u8]>>) -> (Tls, Tls) {
    let mut sender = connect_with(&client(suite), self::buffers(2 * TLS12_RECORD));
    let mut receiver = accept_with(&server(suite), buffers);
    handshake(&mut sender, &mut receiver);
    assert_eq!(sender.session().unwrap().suite, suite.id());
    (sender, receiver)
}

struct Writer(Tls);

impl Writer {
    /// Writes all of `data` and gives the records to `sink`.
    #[inline]
    fn write(&mut self, mut data: &[u8], mut sink: impl FnMut(&[u8])) {
        while !data.is_empty() {
            if let Step::Done(n) = self.0.write(data).unwrap() {
                data = &data[n..];
            }
            let out = self.0.tls_out();
            sink(out.bytes());
            let n = out.bytes().len();
            out.consume(n).unwrap();
        }
    }
}

impl Seal for Writer {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            self.write(data, |records| {
                black_box(records);
            });
        }
    }
}

struct Reader {
    sender: Writer,
    receiver: Tls,
    opening: Opening,
    wire: Vec<u8>,
    position: usize,
    out: Vec<u8>,
}

impl Reader {
    /// Receives once; whether anything came.
    #[inline]
    fn receive(&mut self) -> bool {
        let mut grant = self.receiver.tls_in();
        let n = receive(&self.wire, &mut self.position, grant.space());
        grant.commit(n).unwrap();
        n > 0
    }

    /// The next plaintext, looked at; its length.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self.opening.give {
            Give::Lent => {
                let Step::Done(data) = self.receiver.fill_buf().unwrap() else { return None };
                let n = black_box(data).len();
                self.receiver.consume(n).unwrap();
                Some(n)
            }
            Give::Copied => match self.receiver.read(&mut self.out).unwrap() {
                Step::Done(Received::Data(n)) => {
                    black_box(&self.out[..n.get()]);
                    Some(n.get())
                }
                Step::Done(Received::Closed) | Step::Want(_) => None,
            },
        }
    }
}

impl Open for Reader {
    fn load(&mut self, data: &[u8], times: usize) {
        self.wire.clear();
        self.position = 0;
        for _ in 0..times {
            self.sender.write(data, |records| self.wire.extend_from_slice(records));
        }
        if self.opening.feed == Feed::Loaded {
            assert!(self.receive() && self.position == self.wire.len());
        }
    }

    fn open(&mut self) -> usize {
        let mut opened = 0;
        loop {
            match self.next() {
                Some(n) => opened += n,
                None if self.receive() => {}
                None => return opened,
            }
        }
    }
}

struct Contexts {
    client: ClientContext,
    server: ServerContext,
}

impl Context for Contexts {
    fn client(&self) -> Box<dyn Endpoint> {
        Box::new(Held::Active(Box::new(connect(&self.client))))
    }

    fn server(&self) -> Box<dyn Endpoint> {
        Box::new(Held::Active(Box::new(accept(&self.server))))
    }
}

/// Appends what is queued to `outgoing`.
fn take(tls: &mut Tls, outgoing: &mut Vec<u8>) {
    let out = tls.tls_out();
    outgoing.extend_from_slice(out.bytes());
    let n = out.bytes().len();
    out.consume(n).unwrap();
}

/// Receives from `incoming`; whether anything came.
fn put(tls: &mut Tls, incoming: &[u8], position: &mut usize) -> bool {
    let mut grant = tls.tls_in();
    let n = receive(incoming, position, grant.space());
    grant.commit(n).unwrap();
    n > 0
}

/// A connection of a server that parks those that are idle.
enum Held {
    Active(Box<Tls>),
    Parked(#[expect(dead_code, reason = "it is there to be weighed")] Parked),
    /// On the way from the one to the other.
    Moving,
}

impl Held {
    #[inline]
    fn tls(&mut self) -> &mut Tls {
        match self {
            Self::Active(tls) => tls,
            Self::Parked(_) | Self::Moving => panic!("a parked connection is not used again"),
        }
    }
}

impl Endpoint for Held {
    fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
        let (tls, mut position) = (self.tls(), 0);
        loop {
            let step = tls.handshake().unwrap();
            take(tls, outgoing);
            let more = put(tls, incoming, &mut position);
            if !more && step.want() != Some(wantls::Want::Write) {
                incoming.clear();
                return step.done().is_some();
            }
        }
    }

    fn write(&mut self, mut data: &[u8], outgoing: &mut Vec<u8>) {
        let tls = self.tls();
        while !data.is_empty() {
            if let Step::Done(n) = tls.write(data).unwrap() {
                data = &data[n..];
            }
            take(tls, outgoing);
        }
    }

    fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
        let tls = self.tls();
        let (mut opened, mut position) = (0, 0);
        loop {
            match tls.read(out).unwrap() {
                Step::Done(Received::Data(n)) => opened += n.get(),
                _ if put(tls, incoming, &mut position) => {}
                Step::Done(Received::Closed) | Step::Want(_) => break,
            }
        }
        incoming.clear();
        opened
    }

    fn resumed(&self) -> bool {
        let Self::Active(tls) = self else { return false };
        tls.session().unwrap().kind == Some(HandshakeKind::Resumed)
    }

    fn park(&mut self) {
        if let Self::Active(tls) = std::mem::replace(self, Self::Moving) {
            let (parked, _) = tls.park().expect("the connection is idle");
            *self = Self::Parked(parked);
        }
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
            self.client.go_on(&mut self.wire.a());
            self.server.go_on(&mut self.wire.b());
        }
    }
}

struct End {
    tls: Tls,
    to_send: usize,
    to_come: usize,
    data: Vec<u8>,
}

impl End {
    fn new(tls: Tls) -> Self {
        Self { tls, to_send: 0, to_come: 0, data: buffer(MAX_PLAINTEXT) }
    }

    fn is_busy(&self) -> bool {
        self.to_send > 0 || self.to_come > 0
    }

    /// Writes until the pair is full, reads until it is empty.
    fn go_on(&mut self, wire: &mut Half<'_>) {
        while self.send(wire) {}
        while self.receive(wire) {}
    }

    fn send(&mut self, wire: &mut Half<'_>) -> bool {
        let len = self.to_send.min(self.data.len());
        if len > 0
            && let Step::Done(n) = self.tls.write(&self.data[..len]).unwrap()
        {
            self.to_send -= n;
        }
        let out = self.tls.tls_out();
        if out.bytes().is_empty() {
            return false;
        }
        match wire.write(out.bytes()).unwrap() {
            WriteOutcome::Bytes(n) => {
                out.consume(n).unwrap();
                true
            }
            WriteOutcome::WouldBlock => false,
        }
    }

    fn receive(&mut self, wire: &mut Half<'_>) -> bool {
        while let Step::Done(data) = self.tls.fill_buf().unwrap() {
            let n = black_box(data).len();
            self.to_come -= n;
            self.tls.consume(n).unwrap();
        }
        let mut grant = self.tls.tls_in();
        match wire.read(grant.space()).unwrap() {
            ReadOutcome::Bytes(n) => {
                grant.commit(n).unwrap();
                true
            }
            ReadOutcome::WouldBlock | ReadOutcome::Eof => false,
        }
    }
}

impl Sender for Stream<Io<Tcp>, Box<[u8]>> {
    fn send(&mut self, data: &[u8]) -> usize {
        self.write(data).unwrap().done().unwrap_or(0)
    }

    fn flush(&mut self) -> bool {
        self.flush().unwrap().done().is_some()
    }
}

impl Receiver for Stream<Io<Tcp>, Box<[u8]>> {
    fn receive(&mut self, out: &mut [u8]) -> usize {
        match self.read(out).unwrap() {
            Step::Done(Received::Data(n)) => n.get(),
            Step::Done(Received::Closed) | Step::Want(_) => 0,
        }
    }
}
