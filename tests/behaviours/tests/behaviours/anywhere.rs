//! Whatever befalls the link at any byte of a session, of either end and in either version: the link blocks there, ends
//! there, or changes, loses or doubles the byte. What arrives is what was sent, and who misses something is told.

use rustls::AlertDescription;
use rustls::pki_types::ServerName;
use wantls::buffers::min_tls_out;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error, Phase, Received, ServerContext, Shutdown, Step, Version};
use wantls_testkit::{Checked, NAME, Suite, toy};

use crate::{BOTH, pattern};

/// What befalls one byte.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Block,
    Cut,
    Flip,
    Lose,
    Double,
}

/// Where: byte `at` of all that side `from` sends.
#[derive(Clone, Copy, Debug)]
struct Place {
    from: usize,
    at: usize,
}

/// Pieces in which each end writes.
const PIECES: [usize; 2] = [30, 50];

/// What `side` says.
fn words(side: usize) -> Vec<u8> {
    pattern(80 + side).split_off(side)
}

/// One end and its script: write all, read all, close.
struct End {
    tls: Checked,
    side: usize,
    updates: bool,
    written: usize,
    got: Vec<u8>,
    /// The peer's close was read.
    closed: bool,
    /// Both closes are through.
    complete: bool,
}

impl End {
    fn act(&mut self) {
        let start: usize = PIECES[..self.written].iter().sum();
        if let Some(len) = PIECES.get(self.written)
            && let Ok(Step::Done(n)) = self.tls.write(&words(self.side)[start..start + len])
        {
            assert_eq!(n, *len);
            self.written += 1;
            if self.updates && self.written == 1 {
                self.tls.key_update(true).unwrap();
            }
        }
        let mut buffer = [0; 100];
        match self.tls.read(&mut buffer) {
            Ok(Step::Done(Received::Data(n))) => self.got.extend_from_slice(&buffer[..n.get()]),
            Ok(Step::Done(Received::Closed)) => self.closed = true,
            Ok(Step::Want(_)) | Err(_) => {}
        }
        let finished = self.closed || self.got.len() == words(0).len();
        if self.written == PIECES.len() && finished {
            self.complete |= self.tls.shutdown() == Ok(Step::Done(Shutdown::Complete));
        }
    }

    fn fault(&self) -> Option<&Error> {
        self.tls.tls().fault()
    }
}

struct Session {
    ends: [End; 2],
    event: Event,
    place: Place,
    /// Bytes that each side has sent, and that have not arrived.
    passed: [usize; 2],
    queues: [Vec<u8>; 2],
    /// The event has happened.
    hit: bool,
}

impl Session {
    fn new(suite: Suite, event: Event, place: Place) -> Self {
        toy::reseed(0);
        let out = min_tls_out(None);
        let buffers = || Buffers::heap_of(4096, out);
        let name = ServerName::try_from(NAME).unwrap();
        let client = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let server = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
        let [mut side, updates] = [0, usize::from(suite.version() == Version::Tls13)];
        let ends = [client.connect(name, buffers()).unwrap(), server.accept(buffers()).unwrap()].map(|tls| {
            let end = End {
                tls: Checked::new(tls, out, false),
                side,
                updates: updates > side,
                written: 0,
                got: Vec::new(),
                closed: false,
                complete: false,
            };
            side += 1;
            end
        });
        Self { ends, event, place, passed: [0; 2], queues: Default::default(), hit: false }
    }

    /// Runs both ends until nothing changes any more.
    fn run(&mut self) {
        for round in 0.. {
            assert!(round < 100, "it spins: {:?}", self.place);
            let before = self.state();
            for side in [0, 1] {
                self.ends[side].act();
                self.carry(side);
            }
            if before == self.state() {
                return;
            }
        }
    }

    /// All that can change.
    fn state(&self) -> impl PartialEq + use<> {
        let ends = self.ends.each_ref().map(|end| {
            let tls = end.tls.tls();
            (
                end.written,
                end.got.len(),
                end.closed,
                end.complete,
                tls.phase(),
                tls.pending(),
                end.tls.has_eof(),
            )
        });
        (ends, self.passed, self.queues.each_ref().map(Vec::len))
    }

    /// Lets what `from` has queued arrive, but for what happens on the way.
    fn carry(&mut self, from: usize) {
        let mut bytes = self.ends[from].tls.to_send().to_vec();
        let start = self.passed[from];
        let here = self.place.at.checked_sub(start).filter(|i| from == self.place.from && *i < bytes.len());
        if let (Some(i), Event::Block) = (here, self.event)
            && !self.hit
        {
            bytes.truncate(i);
        }
        self.ends[from].tls.sent(bytes.len());
        self.passed[from] += bytes.len();
        match (here, self.event) {
            (Some(_), Event::Block) => {}
            (Some(i), Event::Cut) => bytes.truncate(i),
            (Some(i), Event::Flip) => bytes[i] ^= 1 << (i % 8),
            (Some(i), Event::Lose) => drop(bytes.remove(i)),
            (Some(i), Event::Double) => bytes.insert(i, bytes[i]),
            (None, Event::Cut) if self.hit && from == self.place.from => bytes.clear(),
            (None, _) => {}
        }
        self.hit |= here.is_some() && self.event != Event::Block;
        self.queues[from].append(&mut bytes);
        self.deliver(from);
    }

    fn deliver(&mut self, from: usize) {
        let (queue, to) = (&mut self.queues[from], &mut self.ends[1 - from].tls);
        let n = to.receive(|space| {
            let n = space.len().min(queue.len());
            space[..n].copy_from_slice(&queue[..n]);
            n
        });
        queue.drain(..n);
        let cut = self.event == Event::Cut && self.hit && from == self.place.from;
        if cut && queue.is_empty() && !to.has_eof() {
            to.eof();
        }
    }

    /// The transport ends for both: whoever waits still is told.
    fn end(&mut self) {
        for end in &mut self.ends {
            if !end.tls.has_eof() {
                end.tls.eof();
            }
        }
        self.run();
    }

    fn is_complete(&self) -> bool {
        self.ends.iter().all(|end| end.complete && end.got == words(1 - end.side))
    }

    /// Nobody has read what was not said, and whoever missed something, or may have, knows.
    fn check_known(&self) {
        let context =
            (self.event, self.place, self.ends.each_ref().map(|end| format!("{:?}", end.tls.tls())));
        for end in &self.ends {
            assert!(words(1 - end.side).starts_with(&end.got), "{context:?}");
            assert!(
                !end.closed || end.got == words(1 - end.side),
                "data is missing before the close: {context:?}"
            );
            assert!(end.closed || end.fault().is_some(), "an end does not know: {context:?}");
        }
        let (hurt, other) = (&self.ends[1 - self.place.from], &self.ends[self.place.from]);
        // Whoever can still speak says why, and the other end hears it.
        let spoke = hurt.tls.tls().session().is_some() && !other.closed;
        let alert = match hurt.fault() {
            Some(Error::Protocol(error)) => error.alert(),
            Some(Error::Truncated) if self.event == Event::Cut => AlertDescription::DecodeError,
            _ => return,
        };
        if spoke {
            assert_eq!(other.fault(), Some(&Error::Peer(alert)), "{context:?}");
        }
    }
}

/// Runs a session for each byte of each end in both versions; `check` is given those in which the event happened.
fn everywhere(event: Event, check: impl Fn(Session)) {
    for suite in BOTH {
        for from in [0, 1] {
            for at in 0.. {
                let mut session = Session::new(suite, event, Place { from, at });
                session.run();
                let held = !session.ends[from].tls.to_send().is_empty();
                if !session.hit && !held {
                    assert!(session.is_complete(), "an honest session");
                    assert!(at > 300, "the whole session was seen: {at} bytes");
                    break;
                }
                check(session);
            }
        }
    }
}

#[test]
fn the_link_blocks_at_any_byte_and_then_goes_on() {
    everywhere(Event::Block, |mut session| {
        let Place { from, at } = session.place;
        assert!(!session.is_complete() && session.passed[from] == at);
        assert!(session.ends.iter().all(|end| end.fault().is_none()));
        assert!(session.ends[from].tls.tls().interest().write);
        assert!(session.ends[1 - from].tls.tls().interest().read);
        session.hit = true;
        session.run();
        assert!(session.is_complete(), "from {from} at {at}");
    });
}

#[test]
fn the_link_ends_at_any_byte() {
    everywhere(Event::Cut, |mut session| {
        let hurt = &session.ends[1 - session.place.from];
        assert!(!hurt.closed, "the close was cut off");
        assert_eq!((hurt.fault(), hurt.tls.tls().phase()), (Some(&Error::Truncated), Phase::Failed));
        session.end();
        session.check_known();
    });
}

/// Wrong bytes are either told, or, in the handshake, without any meaning: then nothing is missing.
fn damage(event: Event) {
    everywhere(event, |mut session| {
        if !session.is_complete() {
            session.end();
            session.check_known();
        }
    });
}

#[test]
fn any_byte_changes() {
    damage(Event::Flip);
}

#[test]
fn any_byte_is_lost() {
    damage(Event::Lose);
}

#[test]
fn any_byte_comes_twice() {
    damage(Event::Double);
}
