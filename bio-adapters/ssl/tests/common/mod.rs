//! Two ends, each on its own BIO pair; bytes move between the pairs when a test says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use wantls_bio_pair::{Bio, Capacity, ReadOutcome, WriteOutcome};
use wantls_ssl::{Ssl, SslContext};
use wantls_testkit::{NAME, Suite};

pub(crate) const TLS13: Suite = Suite::Tls13Aes128;
pub(crate) const TLS12: Suite = Suite::Tls12Aes128;

pub(crate) struct End {
    pub(crate) ssl: Ssl<Bio>,
    pub(crate) net: Bio,
}

impl End {
    pub(crate) fn new(context: &SslContext, out: usize) -> Self {
        let (half, net) = Bio::pair(Capacity::new(out).unwrap(), Capacity::new(200_000).unwrap());
        Self { ssl: Ssl::new(context, half), net }
    }

    /// Bytes waiting in the outgoing pair.
    pub(crate) fn out(&self) -> usize {
        self.net.pending()
    }

    /// Takes all that waits in the outgoing pair.
    pub(crate) fn drain(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.net.pending()];
        if !bytes.is_empty() {
            assert_eq!(self.net.read(&mut bytes), Ok(ReadOutcome::Bytes(bytes.len())));
        }
        bytes
    }

    /// Puts bytes into the incoming pair.
    pub(crate) fn fill(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            assert_eq!(self.net.write(bytes), Ok(WriteOutcome::Bytes(bytes.len())));
        }
    }

    /// Return value, error code and reason of a call.
    pub(crate) fn answer(&self, ret: i32) -> (i32, i32, Option<u32>) {
        (ret, self.ssl.get_error(ret).into(), self.ssl.reason().map(u32::from))
    }

    pub(crate) fn read(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 20_000];
        let ret = self.ssl.read(&mut buffer);
        buffer.truncate(usize::try_from(ret).unwrap_or(0));
        buffer
    }
}

/// Moves all that `from` has sent to `to`.
pub(crate) fn carry(from: &mut End, to: &mut End) -> usize {
    let bytes = from.drain();
    to.fill(&bytes);
    bytes.len()
}

pub(crate) fn contexts(suite: Suite) -> (SslContext, SslContext) {
    (SslContext::client(wantls_testkit::client(suite)), SslContext::server(wantls_testkit::server(suite)))
}

/// A connected client whose outgoing pair has `capacity` bytes, and its server, whose pairs are ample.
pub(crate) fn connected(suite: Suite, capacity: usize) -> (End, End) {
    let (client, server) = contexts(suite);
    let (mut client, mut server) = (End::new(&client, capacity), End::new(&server, 200_000));
    assert_eq!(client.ssl.set_tlsext_host_name(NAME), 1);
    client.ssl.set_connect_state();
    server.ssl.set_accept_state();
    shake_hands(&mut client, &mut server);
    (client, server)
}

pub(crate) fn shake_hands(client: &mut End, server: &mut End) {
    for _ in 0..100_000 {
        let done = (client.ssl.do_handshake(), server.ssl.do_handshake());
        let moved = carry(client, server) + carry(server, client);
        if done == (1, 1) && moved == 0 {
            // A read takes the tickets.
            assert_eq!(client.read(), []);
            return;
        }
    }
    panic!("the handshake does not end");
}

pub(crate) fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) >> 3) as u8).collect()
}
