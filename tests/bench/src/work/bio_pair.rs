//! Bulk data over a BIO pair of bounded capacity, both ways at once.

use super::{GIGA, Plan};
use crate::measure::{Contender, interleave, time};
use crate::peer::{Peer, Peers};
use crate::report::{Row, Subject};

/// Bytes each way of a round.
const ROUND: usize = 512 << 10;

/// Bytes of each ring: less than a record, OpenSSL's default, and several records.
const CAPACITIES: [usize; 3] = [4 << 10, 17 << 10, 64 << 10];

pub(super) fn run(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for suite in plan.versions() {
        for capacity in CAPACITIES {
            let contender = |peer: &&'static dyn Peer| {
                let mut pair = peer.bio_pair(suite, capacity)?;
                let round = move || time(|| pair.exchange(ROUND));
                Some(Contender { name: peer.name(), round: Box::new(round) })
            };
            let work = (2 * ROUND) as f64 / GIGA;
            let series = interleave(plan.rounds, work, || peers.iter().filter_map(contender).collect());
            rows.extend(Subject::new("pair", suite, capacity, "GB/s").rows(&series));
        }
    }
    rows
}
