//! A connection under watch: what the questions said before a call is held against what the call then does.

use wantls::buffers::RESERVE;
use wantls::{
    Buffers, Error, Interest, Pending, Phase, Received, Shutdown, Step, Usage, Want, WriteMode, WriteOp,
};

use crate::Tls;

/// A [`Tls`] whose every call is checked. A broken promise is a panic.
#[derive(Debug)]
pub struct Checked {
    /// Absent only while it is parked.
    tls: Option<Tls>,
    out_capacity: usize,
    /// What `tls_out` held at the last look: none of it may change before it is consumed.
    shown: Vec<u8>,
    eof: bool,
    /// The write key changes by itself, and its KeyUpdates may use the reserve.
    rekeys: bool,
}

/// All that a connection answers without an effect.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    phase: Phase,
    interest: Interest,
    pending: Pending,
    fault: Option<Fault>,
    key_update_due: Option<bool>,
    committed: usize,
}

/// An error that equals itself: rustls's `OtherError` never does.
#[derive(Clone, Debug)]
struct Fault(Error);

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || format!("{self:?}") == format!("{other:?}")
    }
}

impl Facts {
    fn of(tls: &Tls) -> Self {
        Self {
            phase: tls.phase(),
            interest: tls.interest(),
            pending: tls.pending(),
            fault: tls.fault().cloned().map(Fault),
            key_update_due: tls.key_update_due(),
            committed: tls.committed(),
        }
    }
}

impl Checked {
    /// Watches `tls`, whose `tls_out` has `out_capacity` bytes. `rekeys`: its context has `rekey_after`.
    #[must_use]
    pub fn new(tls: Tls, out_capacity: usize, rekeys: bool) -> Self {
        let mut new = Self { tls: Some(tls), out_capacity, shown: Vec::new(), eof: false, rekeys };
        new.look();
        new
    }

    /// The connection, for its questions.
    #[must_use]
    pub fn tls(&self) -> &Tls {
        self.tls.as_ref().expect("a connection")
    }

    /// The connection, past the watch. Call [`look`](Self::look) afterwards.
    pub fn tls_mut(&mut self) -> &mut Tls {
        self.tls.as_mut().expect("a connection")
    }

    /// Holds what is true at any time against the connection.
    ///
    /// # Panics
    /// If it does not hold.
    pub fn look(&mut self) {
        let facts = Facts::of(self.tls());
        assert_eq!(facts, Facts::of(self.tls()), "a question has an effect");

        let out = self.tls.as_mut().expect("a connection").tls_out();
        let bytes = out.bytes();
        assert_eq!(facts.interest.write, !bytes.is_empty(), "interest().write: {facts:?}");
        assert_eq!(facts.pending.tls_out, bytes.len());
        assert!(bytes.starts_with(&self.shown), "bytes that were offered have changed");
        self.shown.extend_from_slice(&bytes[self.shown.len()..]);

        let space = self.tls_mut().tls_in().space().len();
        assert_eq!(facts.interest.read, space > 0, "interest().read: {facts:?}");
        assert_eq!(facts, Facts::of(self.tls()), "a dropped grant has an effect");

        let wants = facts.interest.read || facts.interest.write || facts.pending.progress_without_io;
        // After the peer's close it is the application that goes on: with a write or with its own close.
        let at_rest = facts.phase.is_terminal() || facts.phase == Phase::PeerClosed;
        assert!(wants || at_rest, "stuck: {facts:?}");
        assert_eq!(facts.fault.is_some(), facts.phase == Phase::Failed);
    }

    /// `handshake`.
    pub fn handshake(&mut self) -> Result<Step<()>, Error> {
        self.call(Tls::handshake)
    }

    /// `read`.
    pub fn read(&mut self, out: &mut [u8]) -> Result<Step<Received>, Error> {
        let before = Facts::of(self.tls());
        let answer = self.call(|tls| tls.read(out));
        self.check_read(&before, &answer, out.len());
        if let Ok(Step::Done(Received::Data(n))) = &answer {
            assert!(n.get() <= out.len());
            let waiting = before.pending.plaintext;
            assert!(
                waiting == 0 || n.get() == waiting.min(out.len()),
                "pending().plaintext is what a read gives"
            );
        }
        answer
    }

    /// `peek`, and then again: it has to give the same.
    pub fn peek(&mut self, out: &mut [u8]) -> Result<Step<Received>, Error> {
        let before = Facts::of(self.tls());
        let answer = self.call(|tls| tls.peek(out));
        self.check_read(&before, &answer, out.len());
        if let Ok(Step::Done(Received::Data(n))) = &answer {
            let mut again = vec![0; out.len()];
            assert_eq!(self.call(|tls| tls.peek(&mut again)), answer, "peek takes nothing");
            assert_eq!(again[..n.get()], out[..n.get()]);
        }
        answer
    }

    /// `fill_buf`, then `consume` of what `take` says of the bytes.
    pub fn fill_buf(&mut self, take: impl FnOnce(&[u8]) -> usize) -> Result<Step<()>, Error> {
        let before = Facts::of(self.tls());
        let mut lent = None;
        let answer = self.call(|tls| Ok(tls.fill_buf()?.map(|bytes| lent = Some(bytes.to_vec()))));
        if let Some(bytes) = lent {
            let too_many = Usage::GrantExceeded { given: bytes.len() + 1, offered: bytes.len() };
            assert_eq!(self.tls_mut().consume(bytes.len() + 1), Err(too_many.into()));
            let taken = take(&bytes);
            assert_eq!(self.tls_mut().consume(taken), Ok(()));
            assert_eq!(self.tls().pending().plaintext, bytes.len() - taken);
        }
        if !before.pending.progress_without_io {
            assert!(before.phase == Phase::Handshaking || before == Facts::of(self.tls()));
        }
        self.look();
        answer
    }

    /// `write`.
    pub fn write(&mut self, data: &[u8]) -> Result<Step<usize>, Error> {
        let before = Facts::of(self.tls());
        let answer = self.call(|tls| tls.write(data));
        self.check_write(&before, &answer, data.len());
        answer
    }

    /// `write_vectored`.
    pub fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<Step<usize>, Error> {
        let before = Facts::of(self.tls());
        let answer = self.call(|tls| tls.write_vectored(slices));
        self.check_write(&before, &answer, slices.iter().map(|s| s.len()).sum());
        answer
    }

    /// `plain_out`: lets `fill` fill the space, and seals what it says; 0 drops the grant. How many were sealed.
    pub fn plain_out(
        &mut self,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<Step<usize>, Error> {
        let before = Facts::of(self.tls());
        let answer = self.call(|tls| match tls.plain_out(most)? {
            Step::Done(mut grant) => {
                let space = grant.space();
                assert!(space.len() <= most && (most == 0 || !space.is_empty()), "{} of {most}", space.len());
                match fill(space) {
                    0 => Ok(Step::Done(0)),
                    n => grant.seal(n).map(Step::Done),
                }
            }
            Step::Want(want) => Ok(Step::Want(want)),
        });
        let after = Facts::of(self.tls());
        match answer {
            Ok(Step::Done(1..)) => {
                let free = self.out_capacity - after.pending.tls_out;
                assert!(self.rekeys || free >= RESERVE, "the reserve is used: {free} free");
            }
            Err(Error::Usage(_)) => assert_eq!(after, before, "a usage error changes nothing"),
            _ => {}
        }
        answer
    }

    /// `shutdown`.
    pub fn shutdown(&mut self) -> Result<Step<Shutdown>, Error> {
        let answer = self.call(Tls::shutdown);
        match &answer {
            Ok(Step::Done(Shutdown::Sent)) => assert!(self.shown.is_empty(), "sent means that it has left"),
            Ok(Step::Done(Shutdown::Complete)) => assert_eq!(self.tls().phase(), Phase::Closed),
            _ => {}
        }
        if answer.is_ok() {
            assert!(!self.tls().phase().can_write());
        }
        answer
    }

    /// `key_update`.
    pub fn key_update(&mut self, request_peer: bool) -> Result<(), Error> {
        self.call(|tls| tls.key_update(request_peer).map(Step::Done)).map(|_| ())
    }

    /// What there is to send.
    pub fn to_send(&mut self) -> &[u8] {
        &self.shown
    }

    /// The transport took `n` bytes of [`to_send`](Self::to_send).
    pub fn sent(&mut self, n: usize) {
        let offered = self.shown.len();
        let too_many = Usage::GrantExceeded { given: offered + 1, offered };
        assert_eq!(self.tls_mut().tls_out().consume(offered + 1), Err(too_many.into()));
        self.tls_mut().tls_out().consume(n).unwrap();
        self.shown.drain(..n);
        self.look();
    }

    /// Lets `fill` put bytes into the space and commits what it says.
    pub fn receive(&mut self, fill: impl FnOnce(&mut [u8]) -> usize) -> usize {
        let mut grant = self.tls_mut().tls_in();
        let space = grant.space();
        let offered = space.len();
        let n = fill(space);
        let too_many = Usage::GrantExceeded { given: offered + 1, offered };
        assert_eq!(grant.commit(offered + 1), Err(too_many.into()));
        let before = self.tls().pending().tls_in;
        self.tls_mut().tls_in().commit(n).unwrap();
        assert_eq!(self.tls().pending().tls_in, before + n);
        self.look();
        n
    }

    /// The transport has ended.
    pub fn eof(&mut self) {
        self.eof = true;
        self.tls_mut().tls_in_eof();
        assert!(!self.tls().interest().read);
        self.look();
    }

    /// Whether [`eof`](Self::eof) was called.
    #[must_use]
    pub fn has_eof(&self) -> bool {
        self.eof
    }

    /// Parks the connection and resumes it with `buffers`, whose `tls_out` has `out_capacity` bytes. Whether it was idle.
    ///
    /// # Panics
    /// If the buffers are too small.
    pub fn park(&mut self, buffers: Buffers<Box<[u8]>>, out_capacity: usize) -> bool {
        let before = Facts::of(self.tls());
        let idle = self.tls().check_idle().is_ok();
        let busy = before.pending.tls_in + before.pending.tls_out + before.pending.plaintext > 0;
        assert!(!idle || !busy, "idle with something to do: {before:?}");
        let tls = match self.tls.take().expect("a connection").park() {
            Ok((parked, _)) => {
                assert!(idle);
                self.out_capacity = out_capacity;
                parked.resume(buffers).expect("buffers that are large enough")
            }
            Err(busy) => {
                assert!(!idle);
                *busy
            }
        };
        assert_eq!(before, Facts::of(&tls), "parking has an effect");
        self.tls = Some(tls);
        self.look();
        idle
    }

    /// One step of a [`WriteOp`].
    pub fn advance(&mut self, op: &mut WriteOp<'_>) -> Result<Step<usize>, Error> {
        let before = op.committed();
        let answer = self.call(|tls| op.advance(tls));
        assert!(op.committed() >= before);
        if let Ok(Step::Done(n)) = answer {
            assert_eq!((n, op.rest().len()), (op.committed(), 0), "done is all of it");
        }
        answer
    }

    /// One call, and what is true of every call.
    fn call<T>(&mut self, call: impl FnOnce(&mut Tls) -> Result<Step<T>, Error>) -> Result<Step<T>, Error> {
        let before = Facts::of(self.tls());
        let answer = call(self.tls_mut());
        let after = Facts::of(self.tls());
        match &answer {
            Ok(Step::Done(_)) => {}
            Ok(Step::Want(Want::Write)) => assert!(after.interest.write, "wants write with nothing to send"),
            Ok(Step::Want(Want::Read)) => {
                assert!(after.interest.read, "wants read without space, or behind the end: {after:?}");
                assert!(!after.pending.progress_without_io, "wants read with work left: {after:?}");
            }
            Ok(Step::Want(other)) => panic!("an unknown want: {other:?}"),
            Err(error) if error.is_fatal() => {
                assert_eq!(after.fault, Some(Fault(error.clone())), "a fatal error is remembered");
                assert_eq!(after.phase, Phase::Failed);
            }
            Err(_) => assert_eq!(before.fault, after.fault, "a usage error is not fatal"),
        }
        if let (Some(old), Err(new)) = (&before.fault, &answer) {
            let stays = *old == Fault(new.clone()) || *new == Usage::EmptyBuffer.into();
            assert!(stays, "a fault stays: {old:?} {new:?}");
        }
        self.look();
        answer
    }

    /// Rule 12: the boolean is exact.
    fn check_read(&self, before: &Facts, answer: &Result<Step<Received>, Error>, len: usize) {
        let after = Facts::of(self.tls());
        let handshaking = before.phase == Phase::Handshaking;
        assert!(
            handshaking || *answer != Ok(Step::Want(Want::Write)),
            "a read wants write after the handshake"
        );
        if before.pending.progress_without_io {
            let data = matches!(answer, Ok(Step::Done(Received::Data(_))));
            let refused = len == 0 && *answer == Err(Usage::EmptyBuffer.into());
            // The engine can be asked only by a step: it may say that it needs a record after all, once.
            let asked = handshaking && !after.pending.progress_without_io;
            assert!(
                data || refused || asked || after != *before,
                "progress was promised: {before:?} {answer:?}"
            );
        } else {
            assert_eq!(after, *before, "a read without progress has an effect: {answer:?}");
            let expected = match (&before.fault, before.phase) {
                // That it is the same one is checked for every call.
                (Some(_), _) => answer.is_err(),
                (None, Phase::PeerClosed | Phase::Closed) => *answer == Ok(Step::Done(Received::Closed)),
                (None, Phase::Handshaking) => matches!(answer, Ok(Step::Want(_))),
                (None, _) => *answer == Ok(Step::Want(Want::Read)),
            };
            assert!(expected, "no progress was announced: {before:?} {answer:?}");
        }
    }

    fn check_write(&self, before: &Facts, answer: &Result<Step<usize>, Error>, len: usize) {
        let after = Facts::of(self.tls());
        let free = self.out_capacity - after.pending.tls_out;
        let accept = self.tls().write_mode() == WriteMode::Accept;
        match answer {
            Ok(Step::Done(n)) if accept => {
                assert!(*n <= len && (*n > 0 || len == 0), "{n} of {len}");
                assert!(*n == 0 || self.rekeys || free >= RESERVE, "the reserve is used: {free} free");
            }
            Ok(Step::Done(n)) => assert!(*n == len && after.committed == 0, "whole or not at all"),
            Ok(Step::Want(Want::Write)) if accept && before.phase != Phase::Handshaking => {
                // A KeyUpdate may go in front, and the answer to a HelloRequest; of the data, nothing.
                let grown = after.pending.tls_out - before.pending.tls_out;
                assert!(grown == 0 || grown == 27 || grown == 54, "a blocked write has sealed {grown} bytes");
            }
            Ok(Step::Want(_)) => {}
            Err(Error::Usage(_)) => assert_eq!(after, *before, "a usage error changes nothing"),
            Err(_) => {}
        }
    }
}
