//! Ping-pong: small messages that wait for each other, with the transport in memory.

use wantls_testkit::Suite;

use super::{Plan, drive, plaintext};
use crate::measure::{Contender, interleave, time};
use crate::peer::{Context, Endpoint, Peer, Peers, Setup};
use crate::report::{Row, Subject};

/// There and back, so often in a round.
const TRIPS: usize = 200;

pub(super) fn run(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let setup = Setup::new(suite);
        for &size in plan.sizes.iter().filter(|size| **size <= 4 << 10) {
            let message = plaintext(size);
            let contender = |peer: &&'static dyn Peer| {
                let mut pair = Established::new(peer.context(setup)?.as_ref());
                let message = &message;
                let round = move || time(|| (0..TRIPS).for_each(|_| pair.trip(message)));
                Some(Contender { name: peer.name(), round: Box::new(round) })
            };
            let series =
                interleave(plan.rounds, TRIPS as f64, || peers.iter().filter_map(contender).collect());
            rows.extend(Subject::new("pingpong", suite, size, "trips/s").rows(&series));
        }
    }
    rows
}

/// An established pair with its transport.
pub(super) struct Established {
    pub(super) client: Box<dyn Endpoint>,
    pub(super) server: Box<dyn Endpoint>,
    wire: Vec<u8>,
    out: Vec<u8>,
}

impl Established {
    pub(super) fn new(context: &dyn Context) -> Self {
        let (client, server) = drive(context);
        Self { client, server, wire: Vec::new(), out: vec![0; 17 << 10] }
    }

    /// Sends `message` to the server.
    pub(super) fn send(&mut self, message: &[u8]) {
        self.client.write(message, &mut self.wire);
        assert_eq!(self.server.read(&mut self.wire, &mut self.out), message.len());
    }

    fn trip(&mut self, message: &[u8]) {
        self.send(message);
        self.server.write(message, &mut self.wire);
        assert_eq!(self.client.read(&mut self.wire, &mut self.out), message.len());
    }
}
