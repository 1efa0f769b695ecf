//! Growth: whether a byte costs the same among many connections as on one.

use wantls_testkit::Suite;

use super::exchange::Established;
use super::{GIGA, Plan, plaintext};
use crate::measure::{Contender, interleave_once, time};
use crate::peer::{Peers, Setup};
use crate::report::{Row, Subject};

/// Bytes of a message.
const MESSAGE: usize = 1 << 10;

/// Messages of a round, at the least.
const MESSAGES: usize = 256;

pub(super) fn run(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let suite = Suite::Tls13Aes128;
    let setup = Setup::new(suite);
    let message = plaintext(MESSAGE);
    let mut rows = Vec::new();
    for &connections in &plan.connections {
        let times = MESSAGES.div_ceil(connections);
        let contenders = peers.iter().filter_map(|peer| {
            let context = peer.context(setup)?;
            let mut all: Vec<_> = (0..connections).map(|_| Established::new(context.as_ref())).collect();
            let message = &message;
            let round = move || {
                time(|| {
                    for _ in 0..times {
                        all.iter_mut().for_each(|pair| pair.send(message));
                    }
                })
            };
            Some(Contender { name: peer.name(), round: Box::new(round) })
        });
        let work = (connections * times * MESSAGE) as f64 / GIGA;
        let series = interleave_once(plan.rounds.min(21), work, contenders.collect());
        rows.extend(Subject::new("growth", suite, connections, "GB/s").rows(&series));
    }
    rows
}
