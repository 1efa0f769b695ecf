//! Ciphertext to application data, lent and copied.
//!
//! In `open_...` the records already are where they are opened: it shows the record layer against the AEAD alone. In
//! `receive_...` they come from memory by one copy, as from `recv(2)`: it shows all peers as they are used.

use super::{GIGA, Plan, plaintext, repeats};
use crate::measure::{Contender, interleave, time};
use crate::peer::{Feed, Give, Opening, Peer, Peers};
use crate::report::{Row, Subject};

/// Bytes of a round: they stay in the second-level cache.
const ROUND: usize = 256 << 10;
/// Records of a round, at the most.
const RECORDS: usize = 1000;

pub(super) fn fill_buf(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run("open_fill_buf", Opening { feed: Feed::Loaded, give: Give::Lent }, plan, peers)
}

pub(super) fn read(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run("open_read", Opening { feed: Feed::Loaded, give: Give::Copied }, plan, peers)
}

pub(super) fn receive_fill_buf(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run("receive_fill_buf", Opening { feed: Feed::Received, give: Give::Lent }, plan, peers)
}

pub(super) fn receive_read(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run("receive_read", Opening { feed: Feed::Received, give: Give::Copied }, plan, peers)
}

fn run(workload: &'static str, opening: Opening, plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for &suite in &plan.suites {
        for &size in &plan.sizes {
            let data = plaintext(size);
            let times = repeats(size, ROUND, RECORDS);
            let contender = |peer: &&'static dyn Peer| {
                let name = peer.name();
                let mut work = peer.open(suite, opening)?;
                let data = &data;
                let round = move || {
                    work.load(data, times);
                    let mut opened = 0;
                    let took = time(|| opened = work.open());
                    assert_eq!(opened, size * times, "{name} lost data");
                    took
                };
                Some(Contender { name, round: Box::new(round) })
            };
            let series = interleave(plan.rounds, (size * times) as f64 / GIGA, || {
                peers.iter().filter_map(contender).collect()
            });
            rows.extend(Subject::new(workload, suite, size, "GB/s").rows(&series));
        }
    }
    rows
}
