//! wantls.

use std::hint::black_box;

use wantls::buffers::{TLS12_RECORD, handshake_chunk};
use wantls::{Buffers, Received, Step};
use wantls_testkit::{Suite, Tls, accept_with, client, connect, handshake, server};

use super::{Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Seal, receive};

/// wantls in its default write mode, with buffers of the default sizes.
pub(crate) struct Wantls;

impl Peer for Wantls {
    fn name(&self) -> &'static str {
        "wantls"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer(pair(suite, Buffers::heap()).0)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        let buffers = match opening.feed {
            Feed::Received => Buffers::heap(),
            Feed::Loaded => Buffers::heap_of(LOADED, 2 * handshake_chunk(None)),
        };
        let (sender, receiver) = pair(suite, buffers);
        Some(Box::new(Reader {
            sender: Writer(sender),
            receiver,
            opening,
            wire: Vec::new(),
            position: 0,
            out: vec![0; MAX_PLAINTEXT + 1],
        }))
    }
}

/// Bytes of a `tls_in` that holds all of a round.
const LOADED: usize = (2 << 20) + TLS12_RECORD;

fn pair(suite: Suite, buffers: Buffers<Box<[u8]>>) -> (Tls, Tls) {
    let mut sender = connect(&client(suite));
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
