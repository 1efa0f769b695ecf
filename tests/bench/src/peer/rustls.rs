//! rustls as most people use it: `ClientConnection`, with its own buffers.

use std::hint::black_box;
use std::io::{BufRead, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::{ClientConnection, ServerConnection};
use wantls_testkit::{NAME, Suite, client_config, server_config};

use super::{Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Seal};

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
            out: vec![0; MAX_PLAINTEXT],
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
