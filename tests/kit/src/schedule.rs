//! The model: two connections on a BIO pair do what a string of bytes says, and are held against two byte queues
//! and a few booleans.
//!
//! The same driver serves proptest, the fuzz target `schedule` and the committed corpus.

use wantls::buffers::{MIN_TLS_IN, MIN_TLS_OUT, TLS12_RECORD, TLS13_RECORD, min_tls_out};
use wantls::crypto::AwsLcRs;
use wantls::rustls::pki_types::ServerName;
use wantls::rustls::{self, InvalidMessage};
use wantls::{
    Buffers, ClientContext, EofPolicy, Error, Phase, ProtocolError, Received, RetryFault, ServerContext,
    Shutdown, Step, Usage, Version, WriteMode, WriteOp,
};
use wantls_bio_pair::{Capacity, Half, Pair, ReadOutcome, WriteOutcome};

use crate::choices::Replay;
use crate::{Checked, Choices, NAME, Recorder, Suite, toy};

/// Rounds after which the rest of a run must have come to its end.
const ROUNDS: usize = 5000;

/// KeyUpdates that one end asks for by itself; with the answers that stays below what a peer has to accept in a row.
const MAX_UPDATES: u8 = 12;

/// Sizes of `tls_in`.
const IN_SIZES: [usize; 8] =
    [2 * TLS12_RECORD, TLS12_RECORD, TLS13_RECORD, 4096, 1500, 700, MIN_TLS_IN, 8192];

/// What `tls_out` has more than it needs.
const OUT_SIZES: [usize; 8] = [0, 1, 50, 300, 2000, 17000, 7, 100];

/// Runs one schedule, and then both ends to their end.
///
/// # Panics
/// If a connection does not do what the model says; the bytes are printed.
pub fn run(bytes: &[u8]) {
    let _replay = Replay { driver: "schedule", bytes };
    toy::reseed(0);
    let mut choices = Choices::new(bytes);
    let mut world = World::new(&mut choices);
    while let Some(choice) = choices.try_byte() {
        world.step(choice, &mut choices);
    }
    world.finish();
}

/// Which end.
type Side = usize;

struct World {
    version: Version,
    ends: [End; 2],
    pair: Pair,
    /// By the sending side: a byte was changed on the way.
    corrupted: [bool; 2],
    /// By the sending side: the link was cut.
    cut: [bool; 2],
    /// The write keys are bounded.
    rekeys: bool,
    /// By the sealing side.
    recorders: [Recorder<AwsLcRs>; 2],
}

/// One connection and what the model knows of it.
#[derive(Debug)]
struct End {
    tls: Checked,
    in_capacity: usize,
    /// Bytes of our stream that were taken.
    sent: usize,
    /// Bytes of the peer's stream that were read.
    got: usize,
    /// A write in `Whole` mode that has to be repeated.
    unfinished: Option<Vec<u8>>,
    /// `shutdown` was called.
    shut: bool,
    /// The peer's close_notify was read.
    closed: bool,
    updates: u8,
    eof: EofPolicy,
}

impl End {
    /// Bytes of our stream that were sealed: what a write was done with, and what an unfinished one has begun.
    fn taken(&self) -> usize {
        self.sent + self.tls.tls().committed()
    }
}

/// Byte `at` of what `side` sends.
fn stream(side: Side, at: usize) -> u8 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + side as u64 * 2);
    (mixed >> 56) as u8
}

impl World {
    fn new(choices: &mut Choices<'_>) -> Self {
        let suite = choices.one_of(&Suite::ALL);
        let established = choices.one_of(&[true, false]);
        let recorders = [Recorder::new(AwsLcRs), Recorder::new(AwsLcRs)];
        let mut configs = (toy::client_config(suite), toy::server_config(suite));
        let fragment = |c: &mut Choices<'_>| {
            c.one_of(&[None, Some(32), Some(4096), Some(33), Some(64), Some(256), Some(1024), Some(16389)])
        };
        configs.0.max_fragment_size = fragment(choices);
        configs.1.max_fragment_size = fragment(choices);
        let needed = [min_tls_out(configs.0.max_fragment_size), min_tls_out(configs.1.max_fragment_size)];
        let ins = [0; 2].map(|_| choices.one_of(&IN_SIZES));
        let outs = needed.map(|n| n + choices.one_of(&OUT_SIZES));
        let capacity =
            |c: &mut Choices<'_>| Capacity::new(c.one_of(&[17408, 1, 2, 5, 33, 600, 4096, 40_000])).unwrap();
        let pair = Pair::new(capacity(choices), capacity(choices));
        let rekey = choices.one_of(&[u64::MAX, 1, 2, 3, 20]);
        let eof = choices.one_of(&[EofPolicy::Refuse, EofPolicy::Close]);
        let client = ClientContext::new(configs.0, recorders[0].clone())
            .unwrap()
            .rekey_after(rekey)
            .eof_policy(eof)
            .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(ins[0], outs[0]))
            .unwrap();
        let server = ServerContext::new(configs.1, recorders[1].clone())
            .unwrap()
            .rekey_after(rekey)
            .eof_policy(eof)
            .accept(Buffers::heap_of(ins[1], outs[1]))
            .unwrap();
        let rekeys = rekey != u64::MAX;
        let end = |tls, side: usize| End {
            tls: Checked::new(tls, outs[side], rekeys),
            in_capacity: ins[side],
            sent: 0,
            got: 0,
            unfinished: None,
            shut: false,
            closed: false,
            updates: 0,
            eof,
        };
        let ends = [end(client, 0), end(server, 1)];
        let [corrupted, cut] = [[false; 2]; 2];
        let mut new = Self { version: suite.version(), ends, pair, corrupted, cut, rekeys, recorders };
        if established {
            new.establish();
        }
        new
    }

    fn establish(&mut self) {
        for _ in 0..ROUNDS {
            let done = [0, 1].map(|side| self.handshake(side));
            let moved = self.carry();
            if done == [true, true] || !moved {
                return;
            }
        }
        panic!("the handshake does not end");
    }

    fn step(&mut self, choice: u8, choices: &mut Choices<'_>) {
        let side = usize::from(choice & 1);
        match choice >> 1 {
            0..20 => self.send(side, choices.size()),
            20..40 => self.receive(side, choices.size()),
            40..55 => self.read(side, choices.size()),
            55..60 => self.fill_buf(side, choices.size()),
            60..63 => self.peek(side, choices.size()),
            63..82 => self.write(side, choices.size()),
            82..87 => self.write_vectored(side, choices),
            87..92 => drop(self.handshake(side)),
            92..96 => self.shutdown(side),
            96..102 => self.key_update(side, choices.byte() & 1 == 1),
            102..106 => self.ends[side].tls.tls_mut().set_max_fragment(choices.size()),
            106..110 => self.set_mode(side, choices),
            110..112 => self.bad_retry(side),
            112 => self.fail_seal(side),
            113..115 => self.damage(side, choices.byte()),
            115..117 => self.cut(side),
            117..121 => drop(self.carry()),
            121..123 => self.write_op(side, choices.size()),
            123..125 => self.park(side, choices),
            125..127 => self.plain_out(side, choices.size(), choices.size()),
            _ => self.ends[side].tls.look(),
        }
    }

    // --- the application's side ---

    /// Whether it is done.
    fn handshake(&mut self, side: Side) -> bool {
        let answer = self.ends[side].tls.handshake();
        self.judge(side, answer).is_some_and(|step| step == Step::Done(()))
    }

    fn read(&mut self, side: Side, len: usize) {
        let mut buffer = vec![0; len];
        let answer = self.ends[side].tls.read(&mut buffer);
        match self.judge(side, answer) {
            Some(Step::Done(Received::Data(n))) => {
                self.check_data(side, &buffer[..n.get()]);
                self.ends[side].got += n.get();
            }
            Some(Step::Done(Received::Closed)) => self.closed(side),
            Some(Step::Want(_)) | None => {}
        }
    }

    fn peek(&mut self, side: Side, len: usize) {
        let mut buffer = vec![0; len];
        let answer = self.ends[side].tls.peek(&mut buffer);
        match self.judge(side, answer) {
            Some(Step::Done(Received::Data(n))) => self.check_data(side, &buffer[..n.get()]),
            Some(Step::Done(Received::Closed)) => self.closed(side),
            Some(Step::Want(_)) | None => {}
        }
    }

    fn fill_buf(&mut self, side: Side, most: usize) {
        let mut lent = Vec::new();
        let answer = self.ends[side].tls.fill_buf(|bytes| {
            lent.extend_from_slice(bytes);
            most.min(bytes.len())
        });
        if self.judge(side, answer) == Some(Step::Done(())) {
            if lent.is_empty() {
                self.closed(side);
            }
            self.check_data(side, &lent);
            self.ends[side].got += most.min(lent.len());
        }
    }

    /// What was read is what was sent, in order, and no more than that.
    fn check_data(&self, side: Side, data: &[u8]) {
        let (end, peer) = (&self.ends[side], &self.ends[1 - side]);
        // A write that failed does not tell what it had sealed before.
        let told = !matches!(peer.tls.tls().fault(), Some(Error::Crypto(_)));
        assert!(!told || end.got + data.len() <= peer.taken(), "more was read than was sent");
        let right = data.iter().enumerate().all(|(i, b)| *b == stream(1 - side, end.got + i));
        assert!(right, "what was read is not what was sent, after {} bytes", end.got);
    }

    fn closed(&mut self, side: Side) {
        let peer = &self.ends[1 - side];
        let end = &self.ends[side];
        // Inside a record, the end of the transport is no close.
        let between_records = end.tls.tls().pending().tls_in == 0;
        let by_eof = end.tls.has_eof() && end.eof == EofPolicy::Close && between_records;
        // A key that is used up closes as well.
        let closes = peer.shut || matches!(peer.tls.tls().fault(), Some(Error::KeyExhausted));
        assert!(by_eof || closes, "a close that nobody has sent: {:?} {:?}", end.tls, peer.tls.tls());
        assert!(by_eof || self.ends[side].got == peer.taken(), "data was lost in front of the close");
        self.ends[side].closed = true;
    }

    fn write(&mut self, side: Side, len: usize) {
        if self.ends[side].tls.tls().write_mode() != WriteMode::Accept {
            return self.write_whole(side, len);
        }
        let data = self.next_data(side, len);
        let answer = self.ends[side].tls.write(&data);
        self.accepted(side, answer, len);
    }

    fn write_vectored(&mut self, side: Side, choices: &mut Choices<'_>) {
        let lens = [choices.size(), choices.size(), choices.size()];
        if self.ends[side].tls.tls().write_mode() != WriteMode::Accept {
            return self.write_whole(side, lens[0]);
        }
        let data = self.next_data(side, lens.iter().sum());
        let (first, rest) = data.split_at(lens[0]);
        let (second, third) = rest.split_at(lens[1]);
        let answer = self.ends[side].tls.write_vectored(&[first, second, third]);
        self.accepted(side, answer, data.len());
    }

    fn next_data(&self, side: Side, len: usize) -> Vec<u8> {
        let start = self.ends[side].sent;
        (start..start + len).map(|at| stream(side, at)).collect()
    }

    fn accepted(&mut self, side: Side, answer: Result<Step<usize>, Error>, len: usize) {
        if let Some(Step::Done(n)) = self.judge(side, answer) {
            assert!(n <= len);
            self.ends[side].sent += n;
        }
    }

    fn write_whole(&mut self, side: Side, len: usize) {
        let elsewhere = self.ends[side].tls.tls().write_mode() == WriteMode::Whole { moving: true };
        let data = match self.ends[side].unfinished.take() {
            Some(begun) if elsewhere => begun.clone(),
            Some(begun) => begun,
            None => self.next_data(side, len),
        };
        let answer = self.ends[side].tls.write(&data);
        match self.judge(side, answer) {
            Some(Step::Done(n)) => self.ends[side].sent += n,
            Some(Step::Want(_)) => self.ends[side].unfinished = Some(data),
            None => {}
        }
    }

    /// A write as a value, dropped after two steps: what it had committed was sent.
    fn write_op(&mut self, side: Side, len: usize) {
        let data = self.next_data(side, len);
        let mut op = WriteOp::new(&data);
        for _ in 0..2 {
            let end = &mut self.ends[side];
            let bound = end.tls.tls().committed();
            let answer = end.tls.advance(&mut op);
            if bound > 0 && end.tls.tls().phase().can_write() {
                let fault = Usage::BadWriteRetry { committed: bound, fault: RetryFault::Moved };
                assert_eq!(answer, Err(fault.into()));
                return;
            }
            if self.judge(side, answer).is_none() {
                break;
            }
        }
        if op.committed() > 0 {
            // An unfinished write had sealed nothing, so nothing binds it: it begins anew behind this data.
            self.ends[side].unfinished = None;
            self.ends[side].sent += op.committed();
        }
    }

    /// Plaintext made where it is sealed; with `take` 0 the grant is dropped in the end.
    fn plain_out(&mut self, side: Side, most: usize, take: usize) {
        let data = self.next_data(side, most);
        let end = &mut self.ends[side];
        let bound = end.tls.tls().committed();
        let answer = end.tls.plain_out(most, |space| {
            space.copy_from_slice(&data[..space.len()]);
            take.min(space.len())
        });
        if bound > 0 && end.tls.tls().phase().can_write() {
            let fault = Usage::BadWriteRetry { committed: bound, fault: RetryFault::Moved };
            assert_eq!(answer, Err(fault.into()));
            return;
        }
        if let Some(Step::Done(n @ 1..)) = self.judge(side, answer) {
            self.ends[side].unfinished = None;
            self.ends[side].sent += n;
        }
    }

    /// Lets the next seal of this side fail: its peer may then miss a record.
    fn fail_seal(&mut self, side: Side) {
        self.corrupted[side] = true;
        self.recorders[side].fail_next(1);
    }

    /// Parks and resumes, with other buffers.
    fn park(&mut self, side: Side, choices: &mut Choices<'_>) {
        let tls_in = choices.one_of(&IN_SIZES);
        let out = MIN_TLS_OUT + choices.one_of(&OUT_SIZES);
        let end = &mut self.ends[side];
        if end.tls.park(Buffers::heap_of(tls_in, out), out) {
            end.in_capacity = tls_in;
        }
    }

    /// A retry that is shorter than what is committed, and one from elsewhere.
    fn bad_retry(&mut self, side: Side) {
        let end = &mut self.ends[side];
        let committed = end.tls.tls().committed();
        let mode = end.tls.tls().write_mode();
        if committed == 0 || mode == WriteMode::Accept || end.tls.tls().fault().is_some() {
            return;
        }
        let fault = Usage::BadWriteRetry { committed, fault: RetryFault::Shorter };
        assert_eq!(end.tls.write(&vec![0; committed - 1]), Err(fault.into()));
        if mode == (WriteMode::Whole { moving: false }) {
            let elsewhere = end.unfinished.clone().expect("a write that has begun");
            let fault = Usage::BadWriteRetry { committed, fault: RetryFault::Moved };
            assert_eq!(end.tls.write(&elsewhere), Err(fault.into()));
        }
    }

    fn set_mode(&mut self, side: Side, choices: &mut Choices<'_>) {
        let whole = |moving| WriteMode::Whole { moving };
        let mode = choices.one_of(&[WriteMode::Accept, whole(true), whole(false)]);
        let end = &mut self.ends[side];
        // An unfinished write has to be finished in the mode in which it began.
        if end.unfinished.is_none() {
            end.tls.tls_mut().set_write_mode(mode);
        }
    }

    fn shutdown(&mut self, side: Side) {
        let committed = self.ends[side].tls.tls().committed();
        let answer = self.ends[side].tls.shutdown();
        let early = answer == Err(Usage::HandshakeNotFinished.into());
        let step = self.judge(side, answer);
        let end = &mut self.ends[side];
        if early || end.tls.tls().fault().is_some() && step.is_none() {
            return;
        }
        if !end.shut {
            // The unfinished write is given up; what it had sealed goes out.
            end.shut = true;
            end.sent += committed;
            end.unfinished = None;
            assert_eq!(end.tls.write(b"x"), Err(Usage::WriteAfterShutdown.into()));
        }
        if step == Some(Step::Done(Shutdown::Complete)) {
            self.closed(side);
        }
    }

    fn key_update(&mut self, side: Side, request: bool) {
        if self.ends[side].updates >= MAX_UPDATES {
            return;
        }
        let phase = self.ends[side].tls.tls().phase();
        let answer = self.ends[side].tls.key_update(request);
        self.ends[side].updates += 1;
        if let Err(error) = &answer
            && error.is_fatal()
        {
            return self.check_error(side, error);
        }
        let expected: Result<(), Error> = match (phase, self.version) {
            (Phase::Handshaking, _) => Err(Usage::HandshakeNotFinished.into()),
            (_, Version::Tls12) => Err(Usage::NoKeyUpdate.into()),
            (phase, _) if !phase.can_write() => Err(Usage::WriteAfterShutdown.into()),
            _ => Ok(()),
        };
        assert_eq!(answer, expected);
    }

    // --- the transport's side ---

    fn half(&mut self, side: Side) -> Half<'_> {
        if side == 0 { self.pair.a() } else { self.pair.b() }
    }

    /// Moves at most `quota` bytes from `tls_out` to the pair.
    fn send(&mut self, side: Side, quota: usize) {
        let bytes = self.ends[side].tls.to_send();
        let bytes = bytes[..quota.min(bytes.len())].to_vec();
        if self.cut[side] || bytes.is_empty() {
            return;
        }
        if let WriteOutcome::Bytes(n) = self.half(side).write(&bytes).unwrap() {
            self.ends[side].tls.sent(n);
        }
    }

    /// Changes a bit of the next byte on its way, or loses the byte, or doubles it.
    fn damage(&mut self, side: Side, how: u8) {
        let Some(&byte) = self.ends[side].tls.to_send().first().filter(|_| !self.cut[side]) else { return };
        let (arrives, taken) = match how % 10 {
            bit @ 0..8 => (Some(byte ^ 1 << bit), 1),
            8 => (None, 1),
            _ => (Some(byte), 0),
        };
        let passed = arrives
            .is_none_or(|byte| matches!(self.half(side).write(&[byte]).unwrap(), WriteOutcome::Bytes(1)));
        if passed {
            self.corrupted[side] = true;
            self.ends[side].tls.sent(taken);
        }
    }

    /// Moves at most `quota` bytes from the pair to `tls_in`.
    fn receive(&mut self, side: Side, quota: usize) {
        let mut half = if side == 0 { self.pair.a() } else { self.pair.b() };
        let end = &mut self.ends[side];
        if half.eof() && !end.tls.has_eof() {
            return end.tls.eof();
        }
        end.tls.receive(|space| {
            let n = quota.min(space.len());
            match half.read(&mut space[..n]).unwrap() {
                ReadOutcome::Bytes(n) => n,
                ReadOutcome::WouldBlock | ReadOutcome::Eof => 0,
            }
        });
    }

    fn cut(&mut self, side: Side) {
        self.cut[side] = true;
        self.half(side).shutdown_wr();
    }

    /// Moves what can be moved in both directions. Whether anything was.
    fn carry(&mut self) -> bool {
        let mut moved_any = false;
        for from in [0, 1] {
            loop {
                let before = self.in_transit(from);
                self.send(from, usize::MAX);
                self.receive(1 - from, usize::MAX);
                if before == self.in_transit(from) {
                    break;
                }
                moved_any = true;
            }
        }
        moved_any
    }

    /// Where the bytes that `from` sends are.
    fn in_transit(&mut self, from: Side) -> (usize, usize, bool) {
        let to = &self.ends[1 - from].tls;
        let (there, eof) = (to.tls().pending().tls_in, to.has_eof());
        (self.ends[from].tls.to_send().len(), there, eof)
    }

    // --- the verdicts ---

    /// Takes the answer of a call apart; an error must be one that can be.
    fn judge<T>(&self, side: Side, answer: Result<Step<T>, Error>) -> Option<Step<T>> {
        match answer {
            Ok(step) => Some(step),
            Err(error) => {
                self.check_error(side, &error);
                None
            }
        }
    }

    fn check_error(&self, side: Side, error: &Error) {
        let (end, from) = (&self.ends[side], 1 - side);
        let damaged = self.corrupted[from];
        let possible = match error {
            Error::Usage(Usage::EmptyBuffer | Usage::UnreadData) => end.tls.tls().pending().plaintext > 0,
            Error::Usage(Usage::WriteAfterShutdown) => end.shut,
            Error::Usage(Usage::HandshakeNotFinished) => end.tls.tls().phase() == Phase::Handshaking,
            Error::HandshakeTooLarge { needed, capacity } | Error::RecordTooLarge { needed, capacity } => {
                *capacity == end.in_capacity && needed > capacity
            }
            Error::KeyExhausted => self.version == Version::Tls12 && self.rekeys,
            Error::Truncated => end.tls.has_eof() && self.cut[from],
            Error::Peer(_) => damaged || self.ends[from].tls.tls().fault().is_some(),
            Error::Protocol(_) => damaged,
            // Only where a seal was to fail.
            Error::Crypto(_) => self.corrupted[side],
            // What we sent counts, too: the keys come from both hellos.
            Error::Handshake(_) => damaged || self.corrupted[side],
            _ => false,
        };
        assert!(possible, "side {side} has no reason for {error:?}");
    }

    /// Runs both ends until nothing happens any more, and compares.
    fn finish(&mut self) {
        for end in &mut self.ends {
            // Otherwise a long write may be left that takes a record a byte.
            end.tls.tls_mut().set_max_fragment(16384);
        }
        for round in 0.. {
            assert!(
                round < ROUNDS,
                "no end: {:?}",
                self.ends.each_ref().map(|e| format!("{:?}", e.tls.tls()))
            );
            let before = self.progress();
            let mut idle = true;
            for side in [0, 1] {
                self.handshake(side);
                if let Some(data) = self.ends[side].unfinished.as_ref() {
                    let len = data.len();
                    self.write(side, len);
                }
                while self.ends[side].tls.tls().pending().progress_without_io {
                    self.read(side, 20_000);
                    idle = false;
                }
            }
            let moved = self.carry();
            if idle && !moved && before == self.progress() {
                break;
            }
        }
        for side in [0, 1] {
            self.check_end(side);
        }
    }

    fn progress(&self) -> [(usize, usize, Phase); 2] {
        self.ends.each_ref().map(|e| (e.sent, e.got, e.tls.tls().phase()))
    }

    /// What has to be true of a direction once everything has come to rest.
    fn check_end(&mut self, side: Side) {
        let from = 1 - side;
        let whole = !self.corrupted[from] && !self.cut[from];
        let (fault, peer_fault) = ([side, from]).map(|s| self.ends[s].tls.tls().fault().cloned()).into();
        let (end, peer) = (&self.ends[side], &self.ends[from]);
        if let (Some(fault), None) = (&peer_fault, &fault)
            && whole
            && !peer.shut
            && end.tls.tls().phase() == Phase::Open
        {
            // The last words of a peer that may speak arrive.
            let early = peer.tls.tls().session().is_none();
            let mute = match fault {
                Error::Peer(_) | Error::HandshakeTooLarge { .. } => true,
                // Before there are keys the alerts are the engine's, and these are not its errors.
                Error::Truncated | Error::Protocol(ProtocolError::RecordVersion(_)) => early,
                // rustls sends no alert for these.
                Error::Handshake(rustls::Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge)) => {
                    true
                }
                Error::Handshake(rustls::Error::PeerMisbehaved(_)) => true,
                _ => false,
            };
            assert!(mute, "the alert of {fault:?} has not arrived");
        }
        if let (Some(Error::Protocol(error)), Some(Error::Peer(alert))) = (&peer_fault, &fault)
            && whole
        {
            assert_eq!(*alert, error.alert());
        }
        if fault.is_some() || peer_fault.is_some() || !whole || self.corrupted[side] || self.cut[side] {
            return;
        }
        assert_ne!(end.tls.tls().phase(), Phase::Handshaking, "the handshake has not finished");
        assert_eq!(end.got, peer.taken(), "bytes are missing");
        assert!(peer.unfinished.is_none(), "a write does not finish");
        assert_eq!(end.closed, peer.shut, "a close is missing");
        let pending = end.tls.tls().pending();
        assert_eq!((pending.tls_in, pending.tls_out, pending.plaintext), (0, 0, 0), "{:?}", self.ends);
    }
}
