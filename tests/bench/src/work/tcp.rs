//! Bulk data over loopback TCP, from a client to a server in one thread, with the system calls counted.

use std::cell::Cell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use wantls_testkit::Suite;

use super::{GIGA, Plan, plaintext};
use crate::measure::{Contender, interleave, time};
use crate::peer::{Peer, Peers, Receiver, Sender, Tcp};
use crate::report::{Row, Subject};

/// Bytes of a round.
const ROUND: usize = 1 << 20;

/// What fits into the sockets' buffers: a blocking sender must not wait for a receiver in its own thread.
const BURST: usize = 64 << 10;

pub(super) fn blocking(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run(["tcp_blocking", "tcp_blocking_calls"], false, plan, peers)
}

pub(super) fn nonblocking(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    run(["tcp_nonblocking", "tcp_nonblocking_calls"], true, plan, peers)
}

fn run(names: [&'static str; 2], nonblocking: bool, plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let suite = Suite::Tls13Aes128;
    for &size in plan.sizes.iter().filter(|size| [1 << 10, 16 << 10, 64 << 10].contains(*size)) {
        let data = plaintext(size);
        let contender = |peer: &&'static dyn Peer| {
            let mut line = Line::new(*peer, suite, nonblocking)?;
            let data = &data;
            let round = move || time(|| line.carry(data, nonblocking));
            Some(Contender { name: peer.name(), round: Box::new(round) })
        };
        let work = ROUND as f64 / GIGA;
        let series = interleave(plan.rounds, work, || peers.iter().filter_map(contender).collect());
        rows.extend(Subject::new(names[0], suite, size, "GB/s").rows(&series));
        let calls: Vec<_> = peers
            .iter()
            .filter_map(|peer| {
                let mut line = Line::new(*peer, suite, nonblocking)?;
                line.calls.set(0);
                line.carry(&data, nonblocking);
                Some((peer.name(), line.calls.get() as f64))
            })
            .collect();
        rows.extend(Subject::new(names[1], suite, size, "calls/MiB").counts(&calls));
    }
    rows
}

/// An established connection over loopback.
struct Line {
    sender: Box<dyn Sender>,
    receiver: Box<dyn Receiver>,
    calls: Rc<Cell<u64>>,
    out: Vec<u8>,
}

impl Line {
    fn new(peer: &dyn Peer, suite: Suite, nonblocking: bool) -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let modes = [client.try_clone().unwrap(), server.try_clone().unwrap()];
        let calls = Rc::new(Cell::new(0));
        let tcp = |socket: TcpStream| {
            socket.set_nodelay(true).unwrap();
            socket.set_nonblocking(true).unwrap();
            // A receiver that waits for what was never sent is a fault to be seen.
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            Tcp { socket, calls: calls.clone() }
        };
        let (sender, receiver) = peer.tcp(suite, (tcp(client), tcp(server)))?;
        for socket in modes {
            socket.set_nonblocking(nonblocking).unwrap();
        }
        Some(Self { sender, receiver, calls, out: vec![0; 17 << 10] })
    }

    /// Carries a round in writes of `data`.
    fn carry(&mut self, data: &[u8], nonblocking: bool) {
        let (mut sent, mut received, mut offset) = (0, 0, 0);
        while received < ROUND {
            let end = if nonblocking { ROUND } else { sent + BURST };
            while sent < end {
                let n = self.sender.send(&data[offset..]);
                if n == 0 {
                    break;
                }
                sent += n;
                offset = (offset + n) % data.len();
            }
            self.sender.flush();
            while received < sent {
                match self.receiver.receive(&mut self.out) {
                    0 => break,
                    n => received += n,
                }
            }
        }
    }
}
