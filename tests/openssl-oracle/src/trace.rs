//! What a run showed, step by step, and the comparison of two runs.

use crate::arena::Buf;
use crate::schedule::Step;
use crate::subject::{Deviation, Outcome, Reason, Subject, code};
use core::fmt::{self, Write as _};

/// Bytes, remembered by length and hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Digest {
    /// How many.
    pub len: usize,
    /// Of the contents and their order.
    pub hash: u64,
}

impl Digest {
    /// Adds bytes; the cut between two additions counts, as records do.
    pub fn add(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            self.mix(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        let rest = words.remainder().iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
        self.mix(rest);
        self.mix(bytes.len() as u64);
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn of(bytes: &[u8]) -> Self {
        let mut digest = Self::default();
        digest.add(bytes);
        digest
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:04x}", self.len, self.hash >> 48)
    }
}

/// An [`Outcome`] without its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// The return value.
    pub ret: i64,
    /// `SSL_get_error`, where the function has one.
    pub error: i32,
    /// First queue entry.
    pub reason: Option<Reason>,
    /// The count of an `_ex` function.
    pub count: Option<usize>,
    /// What was delivered.
    pub data: Digest,
}

impl Answer {
    /// A function that only returns a number.
    #[must_use]
    pub fn number(ret: i64) -> Self {
        Self { ret, ..Self::default() }
    }
}

impl From<Outcome> for Answer {
    fn from(o: Outcome) -> Self {
        Self {
            ret: i64::from(o.ret),
            error: o.error,
            reason: o.reason,
            count: o.count,
            data: Digest::of(&o.data),
        }
    }
}

/// What can be asked after any step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// `SSL_want`.
    pub want: i32,
    /// Bytes in the outgoing pair.
    pub out: usize,
    /// Bytes in the incoming pair.
    pub inn: usize,
    /// `SSL_pending`.
    pub pending: i32,
    /// `SSL_has_pending`.
    pub has_pending: i32,
    /// `SSL_get_shutdown`.
    pub shutdown: i32,
    /// `SSL_in_init`.
    pub init: bool,
    /// `SSL_get_key_update_type`.
    pub key_update: i32,
}

impl State {
    /// Asks all the questions.
    #[must_use]
    pub fn of(subject: &dyn Subject) -> Self {
        Self {
            want: subject.want(),
            out: subject.out_waiting(),
            inn: subject.in_waiting(),
            pending: subject.pending(),
            has_pending: subject.has_pending(),
            shutdown: subject.get_shutdown(),
            init: subject.in_init(),
            key_update: subject.key_update_type(),
        }
    }
}

/// What the peer made of the bytes it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PeerRead {
    /// Records with data.
    pub records: usize,
    /// Their contents.
    pub data: Digest,
    /// The read that brought no data.
    pub last: Answer,
}

/// One step and everything seen after it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry {
    /// The step.
    pub step: Step,
    /// The arguments of a write, for a retry those it was resolved to.
    pub args: Option<(Buf, usize, i64)>,
    /// What the call answered, or how many bytes moved.
    pub answer: Answer,
    /// What the peer read.
    pub peer: Option<PeerRead>,
    /// The state afterwards.
    pub state: State,
    /// Before the handshake was over, or in a schedule that has begun there: lengths are not compared.
    pub handshake: bool,
    /// A known deviation that the sequence has run into, if the library says so. Not compared.
    pub deviation: Option<Deviation>,
}

impl Entry {
    /// Whether everything observable is the same; of a handshake what rule H says all libraries have in common.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        if self.handshake {
            return self.in_common() == other.in_common();
        }
        self.args == other.args
            && self.answer == other.answer
            && self.peer == other.peer
            && self.state == other.state
    }

    /// The entry without what depends on the length of flights: bytes that moved or wait, and what was asked for.
    fn in_common(&self) -> impl PartialEq + use<> {
        let moved =
            matches!(self.step, Step::Drain(_) | Step::DrainButOne | Step::Fill(_) | Step::FillButOne);
        // Whether a version that is not agreed on counts as TLS 1.3 is a matter of taste.
        let early = self.state.init && matches!(self.step, Step::KeyUpdate(_));
        let answer = match self.answer {
            _ if moved => Answer::default(),
            answer if early => Answer { reason: None, ..answer },
            answer => answer,
        };
        let peer = self.peer.unwrap_or_default();
        // One may have been given bytes that tell nothing yet, and the other none.
        let last = if peer.last.error == code::WANT_READ { Answer::default() } else { peer.last };
        let seen = (peer.records, peer.data, last);
        let State { want, pending, shutdown, init, key_update, .. } = self.state;
        // What a failure leaves, and whether an alert follows it, is the library's own.
        let after = (self.answer.error != code::SSL).then_some((seen, want));
        (self.args, answer, after, (pending, shutdown, init, key_update))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let a = &self.answer;
        if let (Step::Retry { .. } | Step::Careful { .. }, Some((buf, offset, len))) = (self.step, self.args)
        {
            write!(f, "[{buf} {offset} {len}] ")?;
        }
        write!(f, "{}/{}", a.ret, a.error)?;
        if let Some(reason) = a.reason {
            write!(f, " q={reason}")?;
        }
        if let Some(count) = a.count {
            write!(f, " n={count}")?;
        }
        if a.data.len > 0 {
            write!(f, " data={}", a.data)?;
        }
        let s = &self.state;
        write!(f, " want={} out={} in={}", s.want, s.out, s.inn)?;
        write!(f, " pend={}/{} shut={}", s.pending, s.has_pending, s.shutdown)?;
        if s.init {
            write!(f, " init")?;
        }
        if s.key_update >= 0 {
            write!(f, " ku={}", s.key_update)?;
        }
        if let Some(peer) = &self.peer {
            write!(f, " peer[{}x {} {}/{}", peer.records, peer.data, peer.last.ret, peer.last.error)?;
            if let Some(reason) = peer.last.reason {
                write!(f, " q={reason}")?;
            }
            write!(f, "]")?;
        }
        Ok(())
    }
}

/// A run.
pub type Trace = Vec<Entry>;

/// The first step at which two traces differ. A missing step differs.
#[must_use]
pub fn first_difference(a: &Trace, b: &Trace) -> Option<usize> {
    let common = a.iter().zip(b).position(|(x, y)| !x.agrees(y));
    common.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

/// Both traces side by side up to the first difference, which is marked.
#[must_use]
pub fn side_by_side(names: [&str; 2], a: &Trace, b: &Trace) -> String {
    let end = first_difference(a, b).map_or(a.len().max(b.len()), |i| i + 1);
    let cell = |t: &Trace, i: usize| t.get(i).map_or_else(|| "(nothing)".to_owned(), ToString::to_string);
    let width = (0..end).map(|i| cell(a, i).len()).max().unwrap_or(0).max(names[0].len());
    let mut text = format!("{:>4}  {:<28} {:<width$} | {}\n", "", "", names[0], names[1]);
    for i in 0..end {
        let step = a.get(i).or(b.get(i)).map_or_else(String::new, |e| e.step.to_string());
        let same = a.get(i).zip(b.get(i)).is_some_and(|(x, y)| x.agrees(y));
        let sign = if same { '|' } else { '!' };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{i:>4}  {step:<28} {:<width$} {sign} {}", cell(a, i), cell(b, i));
    }
    text
}
