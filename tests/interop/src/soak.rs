//! Many connections for a long time: no lost or doubled byte, and a heap that stays flat.
//!
//! Both ends of each connection live in one process, on a pair of nonblocking sockets. Each session sends random
//! amounts both ways in random pieces, closes in a random way, and is followed by another.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error as TlsError, Received, ServerContext, Step, Version};
use wantls_transport::{Io, Stream, StreamError};

use crate::case::Setup;
use crate::config;
use crate::pki::{NAME, Pki};
use crate::{Random, Result};

/// How to soak.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Connections at a time.
    pub connections: usize,
    /// For how long, after the first session of each.
    pub time: Duration,
    /// What sizes and closes are drawn from.
    pub seed: u64,
}

/// What a soak did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sessions that began.
    pub sessions: u64,
    /// Of these, sessions that both sides closed, with all data and equal hashes at both ends.
    pub closed: u64,
    /// Sessions that ended without a word, as they were meant to.
    pub aborted: u64,
    /// Sessions that resumed another.
    pub resumed: u64,
    /// KeyUpdates that were sent or asked for.
    pub key_updates: u64,
    /// Bytes of plaintext that arrived.
    pub bytes: u64,
    /// Heap bytes in use once a second, after the first sessions of all connections.
    pub heap: Vec<usize>,
    /// Heap bytes in use before the soak and after it, each with no connection.
    pub empty: (usize, usize),
}

/// The share by which the heap may differ between the first and the second half: sessions differ in what they hold.
const FLAT: f64 = 0.02;

/// Heap bytes that a soak may leave behind: glibc counts as used what a thread keeps for its next allocations, seven
/// pieces of each of 64 sizes up to a kilobyte; and entries of a full session cache differ in length.
const RESIDUE: usize = 256 * 1024;

/// Sessions that fill rustls's session caches, of 256 entries for each of two servers.
const FILL: usize = 1500;

impl Report {
    /// Whether the heap stayed flat and came back to where it began.
    ///
    /// # Errors
    /// It did not.
    pub fn check_heap(&self) -> Result<()> {
        let (first, second) = self.heap.split_at(self.heap.len() / 2);
        let (first, second) = (mean(first), mean(second));
        if (second - first) > first * FLAT {
            return Err(format!("the heap grew from {first:.0} to {second:.0} bytes").into());
        }
        if self.empty.1 > self.empty.0 + RESIDUE {
            return Err(format!("{} bytes of heap are left", self.empty.1 - self.empty.0).into());
        }
        Ok(())
    }
}

fn mean(samples: &[usize]) -> f64 {
    samples.iter().map(|bytes| *bytes as f64).sum::<f64>() / samples.len().max(1) as f64
}

/// Soaks. `heap` tells the heap bytes in use.
///
/// # Errors
/// A byte that was lost, doubled or changed, a close that was not one, or a connection that stands still.
pub fn soak(plan: Plan, heap: fn() -> usize, mut each_second: impl FnMut(&Report)) -> Result<Report> {
    let pki = Pki::new()?;
    let mut factory = Factory::new(&pki, plan.seed)?;
    let mut report = Report::default();
    // The session caches fill up before the heap is looked at.
    factory.run(&mut report, plan.connections.min(FILL), |report, _| report.closed > FILL as u64)?;
    report = Report { empty: (heap(), 0), ..Report::default() };
    // Room for the samples is no leak.
    report.heap.reserve(usize::try_from(plan.time.as_secs()).unwrap_or_default() + 8);

    let mut clock: Option<(Instant, Instant)> = None;
    factory.run(&mut report, plan.connections, |report, all_once| {
        let now = Instant::now();
        let (began, sampled) = clock.get_or_insert((now, now));
        if !all_once {
            *began = now;
        } else if now.duration_since(*sampled) >= Duration::from_secs(1) {
            *sampled = now;
            report.heap.push(heap());
            each_second(report);
        }
        now.duration_since(*began) > plan.time
    })?;
    report.empty.1 = heap();
    Ok(report)
}

/// Makes sessions.
struct Factory {
    sides: Vec<(ClientContext, ServerContext)>,
    random: Random,
}

impl Factory {
    fn new(pki: &Pki, seed: u64) -> Result<Self> {
        let side = |version| -> Result<_> {
            let setup = Setup::plain(version);
            let client = ClientContext::new(config::client(&setup, pki)?, AwsLcRs)?;
            let server = ServerContext::new(config::server(&setup, pki)?, AwsLcRs)?;
            Ok((client, server))
        };
        Ok(Self { sides: vec![side(Version::Tls13)?, side(Version::Tls12)?], random: Random::new(seed) })
    }

    fn session(&mut self) -> Result<Session> {
        let (client, server) = &self.sides[self.random.below(self.sides.len())];
        let (a, b) = UnixStream::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true)?;
        let client = client.connect(ServerName::try_from(NAME)?, Buffers::heap())?;
        let server = server.accept(Buffers::heap())?;
        let ending = match self.random.below(10) {
            0 => Ending::Abort,
            _ => Ending::Close,
        };
        Ok(Session {
            ends: [
                End::new(Stream::new(client, Io(a)), &mut self.random),
                End::new(Stream::new(server, Io(b)), &mut self.random),
            ],
            ending,
            seen: Instant::now(),
        })
    }

    /// Keeps `connections` running until `done`, which is told whether each has ended once.
    fn run(
        &mut self,
        report: &mut Report,
        connections: usize,
        mut done: impl FnMut(&mut Report, bool) -> bool,
    ) -> Result<()> {
        let mut sessions = Vec::with_capacity(connections);
        let mut ended_once = vec![false; connections];
        let mut left = connections;
        for _ in 0..connections {
            sessions.push(self.session()?);
            report.sessions += 1;
        }
        while !done(report, left == 0) {
            for (session, once) in sessions.iter_mut().zip(&mut ended_once) {
                if session.step(report)? {
                    left -= usize::from(!std::mem::replace(once, true));
                    *session = self.session()?;
                    report.sessions += 1;
                }
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Close,
    /// The client's socket is closed in the middle.
    Abort,
}

/// A connection that stands still for so long has stalled.
const STALL: Duration = Duration::from_secs(60);

struct Session {
    ends: [End; 2],
    ending: Ending,
    /// When it last moved.
    seen: Instant,
}

impl Session {
    /// Moves both ends a little. Returns whether the session is over.
    fn step(&mut self, report: &mut Report) -> Result<bool> {
        let mut moved = false;
        for end in &mut self.ends {
            moved |= end.step(report)?;
        }
        let [client, server] = &mut self.ends;
        if moved {
            self.seen = Instant::now();
        } else if self.seen.elapsed() > STALL {
            return Err(format!("a connection stands still: {:?} {:?}", client.stream, server.stream).into());
        }
        if self.ending == Ending::Abort && client.left < client.size / 2 {
            return self.abort(report).map(|()| true);
        }
        if !(client.is_over() && server.is_over()) {
            return Ok(false);
        }
        for (from, to) in [(&*client, &*server), (&*server, &*client)] {
            if from.sent != to.received {
                return Err(format!("sent {:?}, received {:?}", from.sent, to.received).into());
            }
        }
        let resumed = client.stream.tls().session().and_then(|session| session.kind);
        report.resumed += u64::from(resumed == Some(rustls::HandshakeKind::Resumed));
        report.closed += 1;
        Ok(true)
    }

    /// The client vanishes; the server gets what was under way, and then an error and no close.
    fn abort(&mut self, report: &mut Report) -> Result<()> {
        let [client, server] = &mut self.ends;
        client.stream.transport().0.shutdown(std::net::Shutdown::Both)?;
        let mut buffer = [0; 4096];
        loop {
            match server.stream.read(&mut buffer) {
                Ok(Step::Done(Received::Data(n))) => server.received.add(&buffer[..n.get()]),
                Err(StreamError::Tls(TlsError::Truncated) | StreamError::Transport(_)) => break,
                answer => return Err(format!("the client vanished, and the server got {answer:?}").into()),
            }
        }
        if server.received.bytes > client.sent.bytes {
            return Err("more arrived than was sent".into());
        }
        report.aborted += 1;
        Ok(())
    }
}

/// How many bytes went one way, and which: a rolling hash (FNV-1a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    bytes: u64,
    hash: u64,
}

impl Tally {
    const EMPTY: Self = Self { bytes: 0, hash: 0xcbf2_9ce4_8422_2325 };

    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

struct End {
    stream: Stream<Io<UnixStream>, Box<[u8]>>,
    random: Random,
    /// Bytes that are to be sent, and that are left of them.
    size: usize,
    left: usize,
    sent: Tally,
    received: Tally,
    close_sent: bool,
    close_read: bool,
}

impl End {
    fn new(stream: Stream<Io<UnixStream>, Box<[u8]>>, random: &mut Random) -> Self {
        // Mostly short sessions, some long ones.
        let size = match random.below(8) {
            0 => random.below(1 << 20),
            1..4 => random.below(1 << 16),
            _ => random.below(1 << 10),
        };
        Self {
            stream,
            random: Random::new(random.any()),
            size,
            left: size,
            sent: Tally::EMPTY,
            received: Tally::EMPTY,
            close_sent: false,
            close_read: false,
        }
    }

    fn is_over(&self) -> bool {
        self.close_sent && self.close_read
    }

    /// One write and one read. Returns whether anything moved.
    fn step(&mut self, report: &mut Report) -> Result<bool> {
        let mut buffer = [0; 16384];
        let mut moved = self.write(&mut buffer, report)?;
        if !self.close_read {
            match self.stream.read(&mut buffer)? {
                Step::Done(Received::Data(n)) => {
                    self.received.add(&buffer[..n.get()]);
                    report.bytes += n.get() as u64;
                    moved = true;
                }
                Step::Done(Received::Closed) => {
                    self.close_read = true;
                    moved = true;
                }
                Step::Want(_) => {}
            }
        }
        Ok(moved)
    }

    fn write(&mut self, buffer: &mut [u8; 16384], report: &mut Report) -> Result<bool> {
        if self.left > 0 {
            self.update_key_sometimes(report)?;
            let len = 1 + self.random.below(self.left.min(buffer.len()));
            for piece in buffer[..len].chunks_mut(8) {
                piece.copy_from_slice(&self.random.any().to_le_bytes()[..piece.len()]);
            }
            let Step::Done(n) = self.stream.write(&buffer[..len])? else { return Ok(false) };
            self.sent.add(&buffer[..n]);
            self.left -= n;
            return Ok(true);
        }
        if self.close_sent || self.stream.handshake()?.done().is_none() {
            return Ok(false);
        }
        self.close_sent = self.stream.shutdown()?.done().is_some();
        Ok(self.close_sent)
    }

    /// Before one of 16 writes of TLS 1.3; with or without the wish that the peer does so as well.
    fn update_key_sometimes(&mut self, report: &mut Report) -> Result<()> {
        let version = self.stream.tls().session().map(|session| session.version);
        if version == Some(Version::Tls13) && self.random.below(16) == 0 {
            let request = self.random.below(2) == 0;
            self.stream.key_update(request)?;
            report.key_updates += 1 + u64::from(request);
        }
        Ok(())
    }
}
