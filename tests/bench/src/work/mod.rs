//! The workloads: what is timed.

mod open;
mod seal;

use wantls_testkit::Suite;

use crate::peer::Peer;
use crate::report::Row;

/// A workload: how it is called, and how it is run.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Plan, &[Box<dyn Peer>]) -> Vec<Row>,
}

/// All of them, in the order in which they run.
pub(crate) const ALL: &[Workload] = &[
    Workload { name: "seal", run: seal::run },
    Workload { name: "open_fill_buf", run: open::fill_buf },
    Workload { name: "open_read", run: open::read },
    Workload { name: "receive_fill_buf", run: open::receive_fill_buf },
    Workload { name: "receive_read", run: open::receive_read },
];

/// How much of everything.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) suites: Vec<Suite>,
    /// Bytes of a write.
    pub(crate) sizes: Vec<usize>,
}

impl Plan {
    pub(crate) fn new(quick: bool, rounds: usize) -> Self {
        if quick {
            return Self {
                rounds: rounds.min(21),
                suites: vec![Suite::Tls13Aes128],
                sizes: vec![64, 1 << 10, 16 << 10],
            };
        }
        Self {
            rounds,
            suites: Suite::ALL.to_vec(),
            sizes: vec![16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20],
        }
    }
}

/// How often a round repeats a piece of `size` bytes: long enough to be timed, short enough to be undisturbed.
fn repeats(size: usize, bytes: usize, most: usize) -> usize {
    (bytes / size).clamp(1, most)
}

/// Plaintext of `size` bytes.
fn plaintext(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i % 251) as u8).collect()
}

/// Bytes per nanosecond, from bytes per second.
const GIGA: f64 = 1e9;
