//! Plays a schedule on one pair of ends and records what can be seen.

use crate::arena::{ARENA, Arenas, Buf, peer_bytes};
use crate::schedule::{Form, How, Peer, Schedule, Step};
use crate::setup::{Ends, Library, Role, Setup, Start, Version};
use crate::subject::{Deviation, Outcome, code};
use crate::trace::{Answer, Entry, PeerRead, State, Trace};

/// Runs `schedule` on `library`; afterwards the outgoing pair is drained, so that the peer saw all there is.
#[must_use]
pub fn run(schedule: &Schedule, library: &dyn Library) -> Trace {
    let mut run = Run::new(library, &schedule.setup);
    let finish = Step::Drain(u32::MAX);
    schedule.steps.iter().chain([&finish]).map(|step| run.step(*step)).collect()
}

/// The arguments of the last write, and what it reported.
#[derive(Clone, Copy)]
struct LastWrite {
    buf: Buf,
    offset: usize,
    len: i64,
    reported: usize,
    unfinished: bool,
}

struct Run<'a> {
    library: &'a dyn Library,
    ends: Ends,
    /// It begins before the handshake.
    fresh: bool,
    /// The peer is a TLS 1.2 server, which may send a HelloRequest.
    may_ask: bool,
    arenas: Arenas,
    /// From the peer towards the subject, not yet delivered.
    flight: Flight,
    ended: bool,
    last: LastWrite,
    peer_position: usize,
    boundary: Boundary,
    /// The first one the subject named.
    deviation: Option<Deviation>,
}

impl<'a> Run<'a> {
    fn new(library: &'a dyn Library, setup: &Setup) -> Self {
        let mut run = Self {
            library,
            ends: library.open(setup),
            fresh: setup.start == Start::Fresh,
            may_ask: setup.version == Version::Tls12 && setup.role == Role::Client,
            arenas: Arenas::default(),
            flight: Flight::default(),
            ended: false,
            last: LastWrite::new(Buf::A, 0, 100),
            peer_position: 0,
            boundary: Boundary::default(),
            deviation: None,
        };
        if run.fresh && setup.role == Role::Server {
            // The peer begins.
            run.ends.peer.do_handshake();
            run.collect();
        }
        run
    }

    /// A step. In a handshake a call that waits for room goes on until all of its bytes have left: how often that takes
    /// depends on the length of flights, what it ends with does not.
    fn step(&mut self, step: Step) -> Entry {
        let mut entry = self.once(step, None);
        if self.fresh && is_call(step) && entry.answer.error == code::WANT_WRITE {
            while entry.answer.error == code::WANT_WRITE && self.drain(usize::MAX, &mut entry.peer).ret > 0 {
                entry = Entry { step, ..self.once(again(step), entry.peer) };
            }
            self.drain(usize::MAX, &mut entry.peer);
        }
        entry
    }

    /// `peer` is what the peer has read before.
    fn once(&mut self, step: Step, mut peer: Option<PeerRead>) -> Entry {
        let mut args = None;
        let answer = match step {
            Step::Write { form, buf, offset, len } => {
                self.write(form, LastWrite::new(buf, offset, len), &mut args)
            }
            Step::Careful { form, .. } if self.last.unfinished => self.write(form, self.last, &mut args),
            Step::Careful { form, buf, offset, len } => {
                self.write(form, LastWrite::new(buf, offset, len), &mut args)
            }
            Step::Retry { form, how } => self.write(form, self.last.changed(how), &mut args),
            Step::Change(buf) => {
                self.arenas.change(buf);
                Answer::default()
            }
            Step::Drain(n) => self.drain(size(n), &mut peer),
            Step::DrainButOne => self.drain(self.ends.subject.out_waiting().saturating_sub(1), &mut peer),
            Step::Fill(n) => self.fill(size(n)),
            Step::FillButOne => self.fill(self.flight.len().saturating_sub(1)),
            Step::Eof => {
                self.ended = true;
                self.ends.subject.close_in();
                Answer::default()
            }
            Step::Peer(action) => self.peer(action, &mut peer),
            Step::Read { form: Form::Plain, len } => self.ends.subject.read(len).into(),
            Step::Read { len, .. } => self.ends.subject.read_ex(unsigned(len)).into(),
            Step::Peek { form: Form::Plain, len } => self.ends.subject.peek(len).into(),
            Step::Peek { len, .. } => self.ends.subject.peek_ex(unsigned(len)).into(),
            Step::Sendfile(n) => self.ends.subject.sendfile(usize::try_from(n).unwrap_or(0)).into(),
            Step::Handshake => self.ends.subject.do_handshake().into(),
            Step::Shutdown => self.ends.subject.shutdown().into(),
            Step::KeyUpdate(kind) => self.ends.subject.key_update(kind).into(),
            Step::SetShutdown(flags) => {
                self.ends.subject.set_shutdown(flags);
                Answer::default()
            }
            Step::SetMode(bits) => Answer::number(i64::from(self.ends.subject.set_mode(bits))),
            Step::ClearMode(bits) => Answer::number(i64::from(self.ends.subject.clear_mode(bits))),
            Step::MaxFragment(n) => Answer::number(self.ends.subject.set_max_send_fragment(n)),
            Step::SplitFragment(n) => Answer::number(self.ends.subject.set_split_send_fragment(n)),
        };
        self.deviation = self.deviation.or_else(|| self.library.deviation(&self.ends));
        let state = State::of(self.ends.subject.as_ref());
        Entry { step, args, answer, peer, state, handshake: self.fresh, deviation: self.deviation }
    }

    fn write(&mut self, form: Form, write: LastWrite, args: &mut Option<(Buf, usize, i64)>) -> Answer {
        let longest = i64::try_from(ARENA - write.offset).unwrap_or(0);
        let len = write.len.min(longest);
        *args = Some((write.buf, write.offset, len));
        let bytes = self.arenas.slice(write.buf, write.offset, usize::try_from(len).unwrap_or(0));
        let subject = &mut self.ends.subject;
        let outcome = match form {
            Form::Plain => subject.write(bytes, i32::try_from(len).unwrap_or(i32::MAX)),
            Form::Ex => subject.write_ex(bytes),
            Form::Ex2(flags) => subject.write_ex2(bytes, flags),
        };
        let reported = match form {
            Form::Plain => usize::try_from(outcome.ret).unwrap_or(0),
            Form::Ex | Form::Ex2(_) => outcome.count.unwrap_or(0),
        };
        let unfinished = matches!(outcome.error, code::WANT_READ | code::WANT_WRITE);
        // A write that was refused has not begun: an earlier one still waits to be repeated.
        if unfinished || outcome.error == code::NONE {
            self.last = LastWrite { len, reported, unfinished, ..write };
        }
        outcome.into()
    }

    fn drain(&mut self, n: usize, peer: &mut Option<PeerRead>) -> Answer {
        let bytes = self.ends.subject.drain(n);
        if !bytes.is_empty() {
            *peer = Some(self.deliver(&bytes, peer.unwrap_or_default()));
        }
        Answer::number(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
    }

    /// Bytes reach the peer, which reads them at once, behind what it has `seen`, and may answer.
    fn deliver(&mut self, bytes: &[u8], mut seen: PeerRead) -> PeerRead {
        self.boundary.pass(bytes);
        // A dead peer no longer reads, and nobody misses what does not fit any more.
        self.ends.peer.fill(bytes);
        loop {
            let outcome: Outcome = self.ends.peer.read(16_384);
            if outcome.ret <= 0 {
                seen.last = outcome.into();
                self.collect();
                return seen;
            }
            seen.records += 1;
            seen.data.add(&outcome.data);
        }
    }

    /// What the peer has written is in flight.
    fn collect(&mut self) {
        self.flight.add(&self.ends.peer.drain(usize::MAX));
    }

    fn fill(&mut self, n: usize) -> Answer {
        let bytes = if self.ended { &[] } else { self.flight.front(n) };
        let taken = self.ends.subject.fill(bytes);
        self.flight.delivered += taken;
        Answer::number(i64::try_from(taken).unwrap_or(i64::MAX))
    }

    fn peer(&mut self, action: Peer, seen: &mut Option<PeerRead>) -> Answer {
        let peer = &mut self.ends.peer;
        let answer = match action {
            Peer::Write(n) => {
                let bytes = peer_bytes(self.peer_position, usize::try_from(n).unwrap_or(0));
                self.peer_position += bytes.len();
                peer.write_ex(bytes).into()
            }
            Peer::KeyUpdate(kind) => {
                let outcome = peer.key_update(kind);
                peer.do_handshake();
                outcome.into()
            }
            Peer::Ticket => {
                let outcome = peer.new_session_ticket();
                peer.do_handshake();
                outcome.into()
            }
            Peer::HelloRequest if !self.may_ask => Answer::default(),
            Peer::HelloRequest => {
                let outcome = peer.renegotiate();
                peer.do_handshake();
                outcome.into()
            }
            Peer::Close => peer.shutdown().into(),
            Peer::Alert => {
                let garbage = self.boundary.garbage();
                *seen = Some(self.deliver(&garbage, PeerRead::default()));
                Answer::default()
            }
            Peer::Damage => {
                self.flight.damage();
                Answer::default()
            }
        };
        self.collect();
        answer
    }
}

impl LastWrite {
    fn new(buf: Buf, offset: u32, len: i32) -> Self {
        let offset = usize::try_from(offset).unwrap_or(ARENA).min(ARENA);
        Self { buf, offset, len: i64::from(len), reported: 0, unfinished: false }
    }

    fn changed(self, how: How) -> Self {
        match how {
            How::Same => self,
            How::Moved(buf) => Self { buf, ..self },
            How::Longer(n) => Self { len: self.len + i64::from(n), ..self },
            How::Shorter(n) => Self { len: (self.len - i64::from(n)).max(0), ..self },
            How::Rest => Self {
                offset: (self.offset + self.reported).min(ARENA),
                len: self.len - i64::try_from(self.reported).unwrap_or(0),
                ..self
            },
        }
    }
}

fn is_call(step: Step) -> bool {
    use Step::{Careful, Handshake, Peek, Read, Retry, Shutdown, Write};
    matches!(
        step,
        Write { .. } | Careful { .. } | Retry { .. } | Read { .. } | Peek { .. } | Handshake | Shutdown
    )
}

/// The same call once more.
fn again(step: Step) -> Step {
    if let Step::Write { form, .. } | Step::Careful { form, .. } | Step::Retry { form, .. } = step {
        return Step::Retry { form, how: How::Same };
    }
    step
}

fn size(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The `_ex` functions cannot be given a negative length.
fn unsigned(len: i32) -> usize {
    usize::try_from(len).unwrap_or(0)
}

/// Bytes on their way; those in front are delivered.
#[derive(Default)]
struct Flight {
    bytes: Vec<u8>,
    delivered: usize,
}

impl Flight {
    fn add(&mut self, bytes: &[u8]) {
        if self.delivered == self.bytes.len() {
            self.bytes.clear();
            self.delivered = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.delivered
    }

    fn front(&self, n: usize) -> &[u8] {
        &self.bytes[self.delivered..][..n.min(self.len())]
    }

    fn damage(&mut self) {
        if let Some(last) = self.bytes[self.delivered..].last_mut() {
            *last ^= 1;
        }
    }
}

/// Where in a record the peer's input stands, so that garbage can be made to complete it.
#[derive(Default)]
struct Boundary {
    header: Vec<u8>,
    missing: usize,
}

impl Boundary {
    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.header.len() < 5 {
                let n = (5 - self.header.len()).min(bytes.len());
                self.header.extend_from_slice(&bytes[..n]);
                bytes = &bytes[n..];
                if self.header.len() == 5 {
                    self.missing = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
                }
            } else {
                let n = self.missing.min(bytes.len());
                self.missing -= n;
                bytes = &bytes[n..];
            }
            if self.header.len() == 5 && self.missing == 0 {
                self.header.clear();
            }
        }
    }

    /// The rest of a record of plausible length that cannot authenticate; nothing where so little is missing that
    /// zeros may be right.
    fn garbage(&self) -> Vec<u8> {
        const HEADER: [u8; 5] = [23, 3, 3, 0, 40];
        const GUESSABLE: usize = 8;
        /// The first byte of a full record's length; what may follow is little.
        const FULL: u8 = 0x40;
        if self.header.len() == 5 {
            return if self.missing > GUESSABLE { vec![0; self.missing] } else { Vec::new() };
        }
        let mut header = self.header.clone();
        header.extend_from_slice(&HEADER[self.header.len()..]);
        if header[3] >= FULL {
            header[4] = 0x10;
        }
        let length = u16::from_be_bytes([header[3], header[4]]);
        let mut bytes = header.split_off(self.header.len());
        bytes.resize(bytes.len() + usize::from(length), 0);
        bytes
    }
}
