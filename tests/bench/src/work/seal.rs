//! Application data to ciphertext. The ciphertext is looked at and dropped: what a transport costs is another
//! workload.

use super::{GIGA, Plan, plaintext, repeats};
use crate::measure::{Contender, interleave, time};
use crate::peer::{Peer, Peers};
use crate::report::{Row, Subject};

/// Bytes of a round.
const ROUND: usize = 1 << 20;
/// Writes of a round, at the most.
const WRITES: usize = 1000;

pub(super) fn run(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for &suite in &plan.suites {
        for &size in &plan.sizes {
            let data = plaintext(size);
            let times = repeats(size, ROUND, WRITES);
            let contender = |peer: &&'static dyn Peer| {
                let mut work = peer.seal(suite)?;
                let data = &data;
                let round = move || time(|| work.seal(data, times));
                Some(Contender { name: peer.name(), round: Box::new(round) })
            };
            let series = interleave(plan.rounds, (size * times) as f64 / GIGA, || {
                peers.iter().filter_map(contender).collect()
            });
            rows.extend(Subject::new("seal", suite, size, "GB/s").rows(&series));
        }
    }
    rows
}
