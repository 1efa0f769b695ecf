//! Many random schedules on two libraries, and the shortest one that shows a difference.

use crate::runner::run;
use crate::schedule::{Peer, Schedule, Step, handshakes, schedules};
use crate::setup::{Library, Start};
use crate::subject::{code, reason};
use crate::trace::{Entry, Trace, first_difference, side_by_side};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Two libraries to compare.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// The reference.
    pub left: &'a dyn Library,
    /// The candidate.
    pub right: &'a dyn Library,
    /// If present, it names deviations of the reference that the candidate need not copy: the comparison
    /// ends in front of the first one.
    pub guide: Option<&'a dyn Library>,
}

impl core::fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} against {}", self.left.name(), self.right.name())
    }
}

/// Both runs of one schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Runs {
    /// The reference's.
    pub left: Trace,
    /// The candidate's.
    pub right: Trace,
    /// A named difference has ended the comparison before the schedule's end.
    pub ended: bool,
}

impl Comparison<'_> {
    /// Runs the schedule on both.
    #[must_use]
    pub fn runs(&self, schedule: &Schedule) -> Runs {
        let mut runs =
            Runs { left: run(schedule, self.left), right: run(schedule, self.right), ended: false };
        if schedule.setup.start == Start::Fresh {
            // No guide knows handshakes.
            runs.left.truncate(comparable(&runs.left));
            runs.ended = runs.right.len() > runs.left.len();
            runs.right.truncate(runs.left.len());
            return runs;
        }
        let deviates = |guide: &dyn Library| run(schedule, guide).iter().position(|e| e.deviation.is_some());
        if let Some(end) = self.guide.and_then(deviates) {
            runs.left.truncate(end);
            runs.right.truncate(end);
            runs.ended = true;
        }
        runs
    }

    fn differs(&self, schedule: &Schedule) -> bool {
        let runs = self.runs(schedule);
        first_difference(&runs.left, &runs.right).is_some()
    }

    /// Both traces up to the first difference, or nothing if there is none.
    #[must_use]
    pub fn report(&self, schedule: &Schedule) -> Option<String> {
        let runs = self.runs(schedule);
        first_difference(&runs.left, &runs.right)
            .map(|_| side_by_side([self.left.name(), self.right.name()], &runs.left, &runs.right))
    }

    /// A schedule that still differs and from which no step can be left out.
    #[must_use]
    pub fn shrink(&self, schedule: &Schedule) -> Schedule {
        let mut best = schedule.clone();
        let mut size = best.steps.len().div_ceil(2).max(1);
        loop {
            let removed = self.remove_chunks(&mut best, size);
            match (removed, size) {
                (false, 1) => return best,
                (true, 1) => {}
                _ => size = size.div_ceil(2),
            }
        }
    }

    /// Tries to leave out each run of `size` steps, from the end, where the least depends on them.
    fn remove_chunks(&self, best: &mut Schedule, size: usize) -> bool {
        let mut removed = false;
        let mut end = best.steps.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut shorter = best.clone();
            shorter.steps.drain(start..end);
            if self.differs(&shorter) {
                *best = shorter;
                removed = true;
            }
            end = start.min(best.steps.len());
        }
        removed
    }
}

/// How far a run that begins with a handshake can be compared: the reference's first fatal error ends it, since
/// what follows is a named difference, and a shutdown or KeyUpdate after the handshake, which other schedules look
/// at; and so does what is in front of a sendfile there.
fn comparable(reference: &Trace) -> usize {
    let mut connected = false;
    for (i, entry) in reference.iter().enumerate() {
        let ends = matches!(entry.step, Step::Shutdown | Step::KeyUpdate(_));
        if connected && ends || is_fatal(entry) {
            return i + 1;
        }
        // The difference sendfile-any-kernel.
        if connected && matches!(entry.step, Step::Sendfile(_)) {
            return i;
        }
        connected = !entry.state.init;
    }
    reference.len()
}

fn is_fatal(entry: &Entry) -> bool {
    let harmless = [
        reason::INVALID_KEY_UPDATE_TYPE,
        reason::STILL_IN_INIT,
        reason::PROTOCOL_IS_SHUTDOWN,
        reason::WRONG_SSL_VERSION,
        reason::BAD_LENGTH,
        reason::UNINITIALIZED,
        reason::SHUTDOWN_IN_INIT,
        reason::UNSUPPORTED_FLAG,
    ];
    !matches!(entry.step, Step::Peer(_)) && entry.answer.reason.is_some_and(|r| !harmless.contains(&r.code))
}

/// Which schedules are thrown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// On an established connection.
    Data,
    /// The same without what only OpenSSL does as a peer: tickets on demand, and HelloRequest.
    DataOfAnyPeer,
    /// From before the handshake.
    Handshakes,
}

impl Kind {
    /// The strategy.
    pub fn schedules(self) -> BoxedStrategy<Schedule> {
        match self {
            Self::Data => schedules().boxed(),
            Self::DataOfAnyPeer => schedules().prop_map(without_openssl_peer).boxed(),
            Self::Handshakes => handshakes().boxed(),
        }
    }

    /// Schedule number `index` of `seed`: the same on every machine.
    #[must_use]
    pub fn nth(self, seed: u64, index: u64) -> Schedule {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&index.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        self.schedules().new_tree(&mut runner).expect("no filter can reject").current()
    }
}

fn without_openssl_peer(mut schedule: Schedule) -> Schedule {
    schedule.steps.retain(|step| !matches!(step, Step::Peer(Peer::Ticket | Peer::HelloRequest)));
    schedule
}

/// How much was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Schedules compared.
    pub schedules: u64,
    /// Those that a named difference has ended.
    pub ended: u64,
    /// Steps compared.
    pub steps: u64,
    /// Steps that succeeded.
    pub done: u64,
    /// Calls that wanted to read or write.
    pub wanted: u64,
    /// Calls that failed otherwise, for example on a connection that is dead.
    pub failed: u64,
}

/// A schedule on which the libraries differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Its number; with the seed it can be made again.
    pub index: u64,
    /// As short as it could be made.
    pub schedule: Schedule,
}

#[derive(Default)]
struct Counters {
    next: AtomicU64,
    stop: AtomicBool,
    schedules: AtomicU64,
    ended: AtomicU64,
    steps: AtomicU64,
    done: AtomicU64,
    wanted: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    fn count(&self, runs: &Runs) {
        self.schedules.fetch_add(1, Ordering::Relaxed);
        self.ended.fetch_add(u64::from(runs.ended), Ordering::Relaxed);
        self.steps.fetch_add(runs.left.len() as u64, Ordering::Relaxed);
        for entry in &runs.left {
            let counter = match entry.answer.error {
                code::NONE => &self.done,
                code::WANT_READ | code::WANT_WRITE => &self.wanted,
                _ => &self.failed,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn totals(&self) -> Totals {
        Totals {
            schedules: self.schedules.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
            steps: self.steps.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            wanted: self.wanted.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

/// Runs schedules 0 to `count` of a kind and `seed` on `threads` threads and stops at the first difference, shrunk.
///
/// # Errors
/// The first difference found; with several threads that need not be the one with the lowest number.
pub fn campaign(
    comparison: Comparison<'_>,
    kind: Kind,
    count: u64,
    seed: u64,
    threads: usize,
) -> Result<Totals, Box<Failure>> {
    let counters = Counters::default();
    let worker = || {
        while !counters.stop.load(Ordering::Relaxed) {
            let index = counters.next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return None;
            }
            let schedule = kind.nth(seed, index);
            let runs = comparison.runs(&schedule);
            if first_difference(&runs.left, &runs.right).is_some() {
                counters.stop.store(true, Ordering::Relaxed);
                return Some(Failure { index, schedule });
            }
            counters.count(&runs);
        }
        None
    };
    let failure = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
            .next()
    });
    match failure {
        None => Ok(counters.totals()),
        Some(failure) => {
            let schedule = comparison.shrink(&failure.schedule);
            Err(Box::new(Failure { schedule, ..failure }))
        }
    }
}

/// [`Kind::Data`]'s schedule number `index` of `seed`.
#[must_use]
pub fn nth(seed: u64, index: u64) -> Schedule {
    Kind::Data.nth(seed, index)
}
