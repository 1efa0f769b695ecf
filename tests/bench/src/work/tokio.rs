//! Bulk data over loopback TCP with tokio: a client's task and a server's task in one thread.

use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use ::tokio::net::{TcpListener, TcpStream};
use ::tokio::runtime::Runtime;
use wantls_testkit::Suite;

use super::{GIGA, Plan, plaintext};
use crate::measure::{Contender, interleave, time};
use crate::peer::{AsyncStream, Peer, Peers};
use crate::report::{Row, Subject};

/// Bytes of a round.
const ROUND: usize = 1 << 20;

pub(super) fn run(plan: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let mut rows = Vec::new();
    let suite = Suite::Tls13Aes128;
    for &size in plan.sizes.iter().filter(|size| [1 << 10, 16 << 10, 64 << 10].contains(*size)) {
        let data = plaintext(size);
        let contender = |peer: &&'static dyn Peer| {
            let mut line = Line::new(&runtime, *peer, suite)?;
            let (runtime, data) = (&runtime, &data);
            let round = move || time(|| runtime.block_on(line.carry(data)));
            Some(Contender { name: peer.name(), round: Box::new(round) })
        };
        let work = ROUND as f64 / GIGA;
        let series = interleave(plan.rounds, work, || peers.iter().filter_map(contender).collect());
        rows.extend(Subject::new("tcp_tokio", suite, size, "GB/s").rows(&series));
    }
    rows
}

/// An established connection over loopback.
struct Line {
    client: Box<dyn AsyncStream>,
    server: Box<dyn AsyncStream>,
    out: Vec<u8>,
}

impl Line {
    fn new(runtime: &Runtime, peer: &dyn Peer, suite: Suite) -> Option<Self> {
        let (client, server) = runtime.block_on(peer.tokio(suite, runtime.block_on(sockets()))?);
        Some(Self { client, server, out: vec![0; 17 << 10] })
    }

    /// Carries a round in writes of `data`.
    async fn carry(&mut self, data: &[u8]) {
        let Self { client, server, out } = self;
        let send = async {
            for _ in 0..ROUND / data.len() {
                client.write_all(data).await.unwrap();
            }
            client.flush().await.unwrap();
        };
        let receive = async {
            let mut received = 0;
            while received < ROUND {
                received += server.read(out).await.unwrap();
            }
        };
        ::tokio::join!(send, receive);
    }
}

/// The two ends of one connection, the client's first.
async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = ::tokio::join!(TcpStream::connect(address), listener.accept());
    let (client, (server, _)) = (client.unwrap(), server.unwrap());
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}
