//! Memory: what is allocated for a connection, the connection itself and C libraries' share included.

use wantls_testkit::Suite;

use super::{Plan, drive, plaintext};
use crate::malloc::{Count, Side, count, counted, reset};
use crate::peer::{Context, Endpoint, Feed, Give, Opening, Peers, Setup};
use crate::report::{Row, Subject};

/// Connections that are looked at at once.
const CONNECTIONS: usize = 50;

type Figure = (&'static str, f64);

pub(super) fn run(_: &Plan, peers: Peers<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if count(Side::Client).is_none() {
        println!("memory: not counted on this platform");
        return rows;
    }
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let all: Vec<_> = peers
            .iter()
            .filter_map(|peer| {
                let setup = Setup::new(suite);
                Some((peer.name(), life(peer.context(setup)?.as_ref())))
            })
            .collect();
        for (i, workload) in WORKLOADS.into_iter().enumerate() {
            let figures: Vec<Figure> = all.iter().map(|(name, life)| (*name, life[i])).collect();
            rows.extend(Subject::new(workload, suite, 0, "bytes").counts(&figures));
        }
    }
    rows
}

/// What [`life`] gives, for the client and for the server.
const WORKLOADS: [&str; 10] = [
    "memory_handshaking_client",
    "memory_handshaking_server",
    "memory_peak_client",
    "memory_peak_server",
    "memory_active_client",
    "memory_active_server",
    "memory_idle_client",
    "memory_idle_server",
    "memory_parked_client",
    "memory_parked_server",
];

/// Bytes of a connection in the middle of its handshake; at the peak of it; while half a record is there; when nothing
/// is; and when it has given up what it can spare.
fn life(context: &dyn Context) -> [f64; 10] {
    // What is allocated once for the process or the context.
    drop(drive(context));
    reset();
    let mut pairs: Vec<_> = (0..CONNECTIONS).map(|_| Pair::new(context)).collect();
    pairs.iter_mut().for_each(Pair::first_flight);
    let handshaking = live();
    drop(pairs);

    reset();
    let mut pair = Pair::new(context);
    pair.finish();
    let peak = [Side::Client, Side::Server].map(|side| of(side).peak as f64);
    drop(pair);

    reset();
    let mut pairs: Vec<_> = (0..CONNECTIONS).map(|_| Pair::new(context)).collect();
    for pair in &mut pairs {
        pair.finish();
        pair.begin_record();
    }
    let active = live();
    pairs.iter_mut().for_each(Pair::end_record);
    let idle = live();
    pairs.iter_mut().for_each(Pair::park);
    let parked = live();
    [handshaking, peak, active, idle, parked].concat().try_into().unwrap()
}

fn of(side: Side) -> Count {
    count(side).unwrap_or_default()
}

/// Bytes of each connection of either side.
fn live() -> [f64; 2] {
    [Side::Client, Side::Server].map(|side| of(side).live as f64 / CONNECTIONS as f64)
}

struct Pair {
    client: Box<dyn Endpoint>,
    server: Box<dyn Endpoint>,
    /// Not counted: the transport's. It has room before the first byte is written.
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    rest: [Vec<u8>; 2],
    out: Vec<u8>,
}

impl Pair {
    fn new(context: &dyn Context) -> Self {
        let wire = || Vec::with_capacity(64 << 10);
        let (to_client, to_server, rest) = (wire(), wire(), [wire(), wire()]);
        Self {
            client: counted(Side::Client, || context.client()),
            server: counted(Side::Server, || context.server()),
            to_client,
            to_server,
            rest,
            out: vec![0; 17 << 10],
        }
    }

    fn client_step(&mut self) -> bool {
        let Self { client, to_client, to_server, .. } = self;
        counted(Side::Client, || client.handshake(to_client, to_server))
    }

    fn server_step(&mut self) -> bool {
        let Self { server, to_client, to_server, .. } = self;
        counted(Side::Server, || server.handshake(to_server, to_client))
    }

    fn park(&mut self) {
        let Self { client, server, .. } = self;
        counted(Side::Client, || client.park());
        counted(Side::Server, || server.park());
    }

    /// The ClientHello and its answer, which the client has not seen.
    fn first_flight(&mut self) {
        self.client_step();
        self.server_step();
    }

    /// The whole handshake, and the client has read its tickets.
    fn finish(&mut self) {
        while !(self.client_step() & self.server_step()) {}
        let Self { client, to_client, out, .. } = self;
        counted(Side::Client, || client.read(to_client, out));
    }

    /// Has each side receive half a record of 16 KiB.
    fn begin_record(&mut self) {
        let data = plaintext(16 << 10);
        let Self { client, server, to_client, to_server, rest, out } = self;
        counted(Side::Client, || client.write(&data, to_server));
        counted(Side::Server, || server.write(&data, to_client));
        for (wire, rest) in [&mut *to_client, &mut *to_server].into_iter().zip(rest) {
            rest.extend_from_slice(&wire[8 << 10..]);
            wire.truncate(8 << 10);
        }
        counted(Side::Client, || client.read(to_client, out));
        counted(Side::Server, || server.read(to_server, out));
    }

    /// And the other half.
    fn end_record(&mut self) {
        let Self { client, server, rest, out, .. } = self;
        let [to_client, to_server] = rest;
        assert_eq!(counted(Side::Client, || client.read(to_client, out)), 16 << 10);
        assert_eq!(counted(Side::Server, || server.read(to_server, out)), 16 << 10);
    }
}

/// Calls that allocate, for a record sealed and for a record opened.
pub(super) fn allocations(_: &Plan, peers: Peers<'_>) -> Vec<Row> {
    const RECORDS: usize = 100;
    let data = plaintext(1 << 10);
    let mut rows = Vec::new();
    if count(Side::Client).is_none() {
        return rows;
    }
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let calls = |work: &mut dyn FnMut()| {
            reset();
            counted(Side::Client, work);
            of(Side::Client).calls as f64 / RECORDS as f64
        };
        let sealed: Vec<Figure> = peers
            .iter()
            .filter_map(|peer| {
                let mut seal = peer.seal(suite)?;
                seal.seal(&data, RECORDS);
                Some((peer.name(), calls(&mut || seal.seal(&data, RECORDS))))
            })
            .collect();
        rows.extend(Subject::new("allocations_seal", suite, data.len(), "1/record").counts(&sealed));
        let opening = Opening { feed: Feed::Received, give: Give::Copied };
        let opened: Vec<Figure> = peers
            .iter()
            .filter_map(|peer| {
                let mut open = peer.open(suite, opening)?;
                open.load(&data, RECORDS);
                open.open();
                open.load(&data, RECORDS);
                Some((peer.name(), calls(&mut || assert!(open.open() > 0))))
            })
            .collect();
        rows.extend(Subject::new("allocations_read", suite, data.len(), "1/record").counts(&opened));
    }
    rows
}
