//! rustls's unbuffered API: the caller's buffers, one state at a time.

use std::hint::black_box;
use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use wantls::buffers::TLS12_RECORD;
use wantls_testkit::{NAME, Suite, client_config, server_config};

use super::{
    Context, Endpoint, Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Seal, Setup, buffer, identity, receive,
};

/// rustls, unbuffered.
pub(crate) struct Unbuffered;

impl Peer for Unbuffered {
    fn name(&self) -> &'static str {
        "rustls_unbuffered"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer { connection: pair(suite).0, out: buffer(TLS12_RECORD) }))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        let (sender, receiver) = pair(suite);
        Some(Box::new(Reader {
            sender: Writer { connection: sender, out: buffer(TLS12_RECORD) },
            receiver,
            opening,
            wire: Vec::new(),
            incoming: buffer(2 * TLS12_RECORD),
            out: buffer(MAX_PLAINTEXT),
        }))
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        Some(Box::new(Configs {
            client: Arc::new(identity::client_config(setup)),
            server: Arc::new(identity::server_config(setup)),
        }))
    }
}

/// An established pair.
pub(super) fn pair(suite: Suite) -> (UnbufferedClientConnection, UnbufferedServerConnection) {
    let name = NAME.try_into().unwrap();
    let mut client = UnbufferedClientConnection::new(Arc::new(client_config(suite)), name).unwrap();
    let mut server = UnbufferedServerConnection::new(Arc::new(server_config(suite))).unwrap();
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let mut established = (false, false);
    while established != (true, true) {
        let status = client.process_tls_records(&mut to_client);
        let discard = status.discard;
        established.0 |= step(status, &mut to_server);
        to_client.drain(..discard);
        let status = server.process_tls_records(&mut to_server);
        let discard = status.discard;
        established.1 |= step(status, &mut to_client);
        to_server.drain(..discard);
    }
    let negotiated = server.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(negotiated, suite.id());
    (client, server)
}

/// One step of the handshake; whether it is over.
fn step<Data>(status: UnbufferedStatus<'_, '_, Data>, outgoing: &mut Vec<u8>) -> bool {
    match status.state.unwrap() {
        ConnectionState::EncodeTlsData(mut encode) => {
            let mut chunk = [0; TLS12_RECORD];
            let n = encode.encode(&mut chunk).unwrap();
            outgoing.extend_from_slice(&chunk[..n]);
            false
        }
        ConnectionState::TransmitTlsData(transmit) => {
            transmit.done();
            false
        }
        ConnectionState::WriteTraffic(_) => true,
        _ => false,
    }
}

struct Writer {
    connection: UnbufferedClientConnection,
    out: Vec<u8>,
}

impl Writer {
    /// Writes all of `data`, a record at a time, and gives the records to `sink`.
    #[inline]
    fn write(&mut self, data: &[u8], mut sink: impl FnMut(&[u8])) {
        for plaintext in data.chunks(MAX_PLAINTEXT) {
            let mut traffic = write_traffic(&mut self.connection);
            let n = traffic.encrypt(plaintext, &mut self.out).unwrap();
            sink(&self.out[..n]);
        }
    }
}

#[inline]
fn write_traffic(connection: &mut UnbufferedClientConnection) -> WriteTraffic<'_, ClientConnectionData> {
    match connection.process_tls_records(&mut []).state.unwrap() {
        ConnectionState::WriteTraffic(traffic) => traffic,
        other => panic!("not ready to write: {other:?}"),
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
    receiver: UnbufferedServerConnection,
    opening: Opening,
    wire: Vec<u8>,
    incoming: Vec<u8>,
    out: Vec<u8>,
}

impl Open for Reader {
    fn load(&mut self, data: &[u8], times: usize) {
        self.wire.clear();
        for _ in 0..times {
            self.sender.write(data, |records| self.wire.extend_from_slice(records));
        }
    }

    fn open(&mut self) -> usize {
        let Self { receiver, opening, wire, incoming, out, .. } = self;
        match opening.feed {
            Feed::Loaded => {
                let (_, opened) = process(receiver, wire, opening.give, out);
                opened
            }
            Feed::Received => {
                let (mut position, mut filled, mut opened) = (0, 0, 0);
                loop {
                    let n = receive(wire, &mut position, &mut incoming[filled..]);
                    if n == 0 {
                        return opened;
                    }
                    filled += n;
                    let (used, plain) = process(receiver, &mut incoming[..filled], opening.give, out);
                    incoming.copy_within(used..filled, 0);
                    filled -= used;
                    opened += plain;
                }
            }
        }
    }
}

/// Opens every whole record of `incoming`; returns the bytes that are done with, and those of plaintext.
fn process(
    receiver: &mut UnbufferedServerConnection,
    incoming: &mut [u8],
    give: Give,
    out: &mut [u8],
) -> (usize, usize) {
    let (mut used, mut opened) = (0, 0);
    loop {
        // What is discarded from the front is not copied away each time, just not shown again.
        let UnbufferedStatus { discard, state, .. } = receiver.process_tls_records(&mut incoming[used..]);
        let more = take_plaintext(state.unwrap(), give, out, &mut opened);
        used += discard;
        if !more {
            return (used, opened);
        }
    }
}

/// Looks at the plaintext; `false` if there is none.
#[inline]
fn take_plaintext(
    state: ConnectionState<'_, '_, ServerConnectionData>,
    give: Give,
    out: &mut [u8],
    opened: &mut usize,
) -> bool {
    let ConnectionState::ReadTraffic(mut traffic) = state else { return false };
    while let Some(record) = traffic.next_record() {
        let payload = record.unwrap().payload;
        *opened += payload.len();
        match give {
            Give::Lent => {
                black_box(payload);
            }
            Give::Copied => {
                out[..payload.len()].copy_from_slice(payload);
                black_box(&out);
            }
        }
    }
    true
}

struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Context for Configs {
    fn client(&self) -> Box<dyn Endpoint> {
        let name = NAME.try_into().unwrap();
        let tls = UnbufferedClientConnection::new(self.client.clone(), name).unwrap();
        Box::new(Held { tls, incoming: Vec::new(), outgoing: Vec::new() })
    }

    fn server(&self) -> Box<dyn Endpoint> {
        let tls = UnbufferedServerConnection::new(self.server.clone()).unwrap();
        Box::new(Held { tls, incoming: Vec::new(), outgoing: Vec::new() })
    }
}

/// A connection and the buffers that its user keeps for it.
struct Held<C> {
    tls: C,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

/// The two sides are different types with the same methods.
macro_rules! endpoint {
    ($connection:ty) => {
        impl Endpoint for Held<$connection> {
            fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
                self.incoming.append(incoming);
                loop {
                    let UnbufferedStatus { discard, state, .. } =
                        self.tls.process_tls_records(&mut self.incoming);
                    let (more, done) = match state.unwrap() {
                        ConnectionState::EncodeTlsData(mut encode) => {
                            self.outgoing.resize(TLS12_RECORD, 0);
                            let n = encode.encode(&mut self.outgoing).unwrap();
                            outgoing.extend_from_slice(&self.outgoing[..n]);
                            (true, false)
                        }
                        ConnectionState::TransmitTlsData(transmit) => {
                            transmit.done();
                            (true, false)
                        }
                        ConnectionState::WriteTraffic(_) => (false, true),
                        _ => (false, false),
                    };
                    self.incoming.drain(..discard);
                    if !more {
                        return done;
                    }
                }
            }

            fn write(&mut self, data: &[u8], outgoing: &mut Vec<u8>) {
                self.outgoing.resize(TLS12_RECORD, 0);
                for plaintext in data.chunks(MAX_PLAINTEXT) {
                    let status = self.tls.process_tls_records(&mut []);
                    let ConnectionState::WriteTraffic(mut traffic) = status.state.unwrap() else {
                        panic!("not ready to write");
                    };
                    let n = traffic.encrypt(plaintext, &mut self.outgoing).unwrap();
                    outgoing.extend_from_slice(&self.outgoing[..n]);
                }
            }

            fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
                self.incoming.append(incoming);
                let (mut used, mut opened) = (0, 0);
                loop {
                    let UnbufferedStatus { discard, state, .. } =
                        self.tls.process_tls_records(&mut self.incoming[used..]);
                    used += discard;
                    let ConnectionState::ReadTraffic(mut traffic) = state.unwrap() else { break };
                    while let Some(record) = traffic.next_record() {
                        let payload = record.unwrap().payload;
                        out[..payload.len()].copy_from_slice(payload);
                        opened += payload.len();
                    }
                }
                self.incoming.drain(..used);
                opened
            }

            fn resumed(&self) -> bool {
                self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
            }
        }
    };
}

endpoint!(UnbufferedClientConnection);
endpoint!(UnbufferedServerConnection);
