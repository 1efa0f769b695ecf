//! Handshakes, with the transport in memory: the time of each side apart.

use std::time::Duration;

use wantls_testkit::Suite;

use super::{Plan, complete};
use crate::measure::{Contender, interleave};
use crate::peer::{Context, KeyKind, Peer, Peers, Setup};
use crate::report::{Row, Subject};

/// Handshakes of a round that are timed, behind one that brings the code back into the caches.
const HANDSHAKES: usize = 4;

pub(super) fn full(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run(["handshake_full_client", "handshake_full_server"], false, plan, peers)
}

pub(super) fn resumed(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run(["handshake_resumed_client", "handshake_resumed_server"], true, plan, peers)
}

fn run(workloads: [&'static str; 2], resume: bool, plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (side, workload) in workloads.into_iter().enumerate() {
        for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
            for key in KeyKind::ALL {
                let contender = |peer: &&'static dyn Peer| {
                    let context = peer.context(Setup { suite, key, resume })?;
                    // The first handshake is full and gives the session for the others.
                    assert!(!handshake(context.as_ref()).0, "{} resumed nothing", peer.name());
                    let name = peer.name();
                    let round = move || {
                        let one = |_| {
                            let (resumed, times) = handshake(context.as_ref());
                            assert_eq!(resumed, resume, "{name}");
                            times[side]
                        };
                        one(0);
                        (0..HANDSHAKES).map(one).sum()
                    };
                    Some(Contender { name, round: Box::new(round) })
                };
                let series = interleave(plan.rounds, HANDSHAKES as f64, || {
                    peers.iter().filter_map(contender).collect()
                });
                let subject = Subject { suite: key.name(), ..Subject::new(workload, suite, 0, "1/s") };
                rows.extend(subject.rows(&series));
            }
        }
    }
    rows
}

/// One handshake, from making the connections to the client's having read its tickets: whether it took up an earlier
/// session, and the times of the client and of the server.
fn handshake(context: &dyn Context) -> (bool, [Duration; 2]) {
    let (client, _, times) = complete(context);
    (client.resumed(), times)
}
