//! The workloads: what is timed.

mod bio_pair;
mod exchange;
mod growth;
mod handshake;
mod memory;
mod open;
mod seal;
mod tcp;
mod tokio;

use std::time::{Duration, Instant};

use wantls_testkit::Suite;

use crate::peer::{Context, Endpoint, Peers};
use crate::report::Row;

/// A workload: how it is called, and how it is run.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Plan, Peers<'_>) -> Vec<Row>,
}

/// All of them, in the order in which they run.
pub(crate) const ALL: &[Workload] = &[
    Workload { name: "seal", run: seal::run },
    Workload { name: "open_fill_buf", run: open::fill_buf },
    Workload { name: "open_read", run: open::read },
    Workload { name: "receive_fill_buf", run: open::receive_fill_buf },
    Workload { name: "receive_read", run: open::receive_read },
    Workload { name: "pingpong", run: exchange::run },
    Workload { name: "pair", run: bio_pair::run },
    Workload { name: "tcp_blocking", run: tcp::blocking },
    Workload { name: "tcp_nonblocking", run: tcp::nonblocking },
    Workload { name: "tcp_tokio", run: tokio::run },
    Workload { name: "handshake_full", run: handshake::full },
    Workload { name: "handshake_resumed", run: handshake::resumed },
    Workload { name: "memory", run: memory::run },
    Workload { name: "allocations", run: memory::allocations },
    Workload { name: "growth", run: growth::run },
];

/// How much of everything.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) suites: Vec<Suite>,
    /// Bytes of a write.
    pub(crate) sizes: Vec<usize>,
    /// How many connections there are at once where it is a question of their number.
    pub(crate) connections: Vec<usize>,
}

impl Plan {
    pub(crate) fn new(quick: bool, rounds: usize) -> Self {
        if quick {
            return Self {
                rounds: rounds.min(21),
                suites: vec![Suite::Tls13Aes128],
                sizes: vec![64, 1 << 10, 16 << 10],
                connections: vec![1, 100],
            };
        }
        Self {
            rounds,
            suites: Suite::ALL.to_vec(),
            sizes: vec![16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20],
            connections: vec![1, 10, 100, 1000, 10_000],
        }
    }

    /// One suite of each version, where it is not a question of the suite.
    fn versions(&self) -> impl Iterator<Item = Suite> {
        [Suite::Tls13Aes128, Suite::Tls12Aes128].into_iter().filter(|suite| self.suites.contains(suite))
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

/// A handshake to its end, and a byte from the server: BoringSSL sends its tickets with the first data. The times of the
/// client and of the server.
fn complete(context: &dyn Context) -> (Box<dyn Endpoint>, Box<dyn Endpoint>, [Duration; 2]) {
    let mut times = [Duration::ZERO; 2];
    let mut client = timed(&mut times[0], || context.client());
    let mut server = timed(&mut times[1], || context.server());
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    loop {
        let client_done = timed(&mut times[0], || client.handshake(&mut to_client, &mut to_server));
        let server_done = timed(&mut times[1], || server.handshake(&mut to_server, &mut to_client));
        if client_done && server_done {
            timed(&mut times[1], || server.write(&[0], &mut to_client));
            let read = timed(&mut times[0], || client.read(&mut to_client, &mut [0; 64]));
            assert_eq!(read, 1);
            return (client, server, times);
        }
    }
}

/// An established pair.
fn drive(context: &dyn Context) -> (Box<dyn Endpoint>, Box<dyn Endpoint>) {
    let (client, server, _) = complete(context);
    (client, server)
}

fn timed<R>(sum: &mut Duration, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    *sum += start.elapsed();
    result
}
