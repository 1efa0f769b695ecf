//! Rounds, medians, ratios.

use std::time::{Duration, Instant};

use crate::malloc::{fill_holes, hole, spread};

/// Rounds of each placement that are run and not counted.
const WARM_UP: usize = 3;

/// How often the contenders are made anew, at other addresses. A copy between two addresses that are nearly equal
/// modulo the page size can take several times as long as between any others, and must not decide a median.
const PLACEMENTS: usize = 5;

/// One implementation at one piece of work: a round, and how long its timed part took.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    pub(crate) round: Box<dyn FnMut() -> Duration + 'a>,
}

/// What an implementation reached, round by round.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// Work per second.
    pub(crate) rates: Vec<f64>,
}

/// Times `work`.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Runs all contenders in turn, about `rounds` times in all. The order is another one in each round: who runs behind a
/// neighbour with much code and memory finds the caches cold, and that must not hit the same one each time. `work` is
/// what a round does, in the unit of the result.
///
/// Contenders are made anew for each of the [`PLACEMENTS`].
pub(crate) fn interleave<'a>(
    rounds: usize,
    work: f64,
    mut make: impl FnMut() -> Vec<Contender<'a>>,
) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for _ in 0..PLACEMENTS.min(rounds) {
        let mut contenders = make();
        if all.is_empty() {
            all = contenders.iter().map(|c| Series { name: c.name, rates: Vec::new() }).collect();
        }
        place(&mut contenders, rounds.div_ceil(PLACEMENTS), work, &mut all);
        drop(contenders);
        fill_holes();
    }
    all
}

/// [`interleave`] with contenders that are too dear to be made more than once.
pub(crate) fn interleave_once(rounds: usize, work: f64, mut contenders: Vec<Contender<'_>>) -> Vec<Series> {
    let mut all: Vec<_> = contenders.iter().map(|c| Series { name: c.name, rates: Vec::new() }).collect();
    place(&mut contenders, rounds, work, &mut all);
    all
}

/// The rounds of one placement.
fn place(contenders: &mut [Contender<'_>], rounds: usize, work: f64, all: &mut [Series]) {
    let mut order: Vec<_> = (0..contenders.len()).collect();
    for round in 0..WARM_UP + rounds {
        shuffle(&mut order);
        for &which in &order {
            // Also what a peer allocates as it goes lies elsewhere each time.
            let hole = hole();
            let took = (contenders[which].round)();
            drop(hole);
            if round >= WARM_UP {
                all[which].rates.push(work / took.as_secs_f64());
            }
        }
    }
}

/// Any order is as likely as any other (Fisher and Yates).
fn shuffle(order: &mut [usize]) {
    for last in (1..order.len()).rev() {
        order.swap(last, spread(last + 1));
    }
}

/// The median; of an even number of values the upper one of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The rounds' ratios of two series of one run.
pub(crate) fn ratios(of: &Series, to: &Series) -> Vec<f64> {
    of.rates.iter().zip(&to.rates).map(|(a, b)| a / b).collect()
}
