//! Random schedules that begin before the handshake.
//!
//! The libraries' flights differ in length, so what moves is a first byte, all but the last, or all: each cuts both
//! libraries' flights in the same place. For the same reason the pair to the peer takes all or hardly anything.

use super::dice::Dice;
use super::strategy::{buf, modes, reading, signed, small, write_form};
use super::{Form, How, Peer, Schedule, Step};
use crate::setup::{AMPLE, Options, Role, Setup, Start, Version};
use proptest::prelude::*;

/// Schedules of 50 to 100 steps, which shrink by leaving steps out.
pub fn handshakes() -> impl Strategy<Value = Schedule> {
    let steps = proptest::collection::vec(any::<u64>().no_shrink(), 50..=100);
    (any::<u64>().no_shrink(), steps).prop_map(|(first, rest)| Schedule {
        setup: setup(&mut Dice::new(first)),
        steps: rest.into_iter().map(|seed| step(&mut Dice::new(seed))).collect(),
    })
}

fn setup(dice: &mut Dice) -> Setup {
    let tight = usize::try_from(dice.range(1..=40)).unwrap_or(1);
    Setup {
        version: dice.pick(&[Version::Tls13, Version::Tls12]),
        role: dice.pick(&[Role::Client, Role::Server]),
        out_capacity: dice.pick(&[AMPLE, tight]),
        in_capacity: AMPLE,
        start: Start::Fresh,
        options: Options { no_renegotiation: true, ..Options::default() },
    }
}

fn step(dice: &mut Dice) -> Step {
    let family = dice.weighted(&[
        (40, write as fn(&mut Dice) -> Step),
        (20, |dice| Step::Retry { form: write_form(dice), how: how(dice) }),
        (50, reading),
        (40, |_| Step::Handshake),
        (60, |dice| {
            dice.weighted(&[(8, Step::Drain(u32::MAX)), (1, Step::Drain(1)), (1, Step::DrainButOne)])
        }),
        (60, |dice| dice.weighted(&[(8, Step::Fill(u32::MAX)), (1, Step::Fill(1)), (1, Step::FillButOne)])),
        (20, |dice| Step::Peer(peer(dice))),
        (10, modes),
        (10, seldom),
    ]);
    family(dice)
}

/// Nothing is pinned before the handshake is over, so any arguments will do.
fn write(dice: &mut Dice) -> Step {
    let form = write_form(dice);
    let len = if form == Form::Plain && dice.one_in(20) { -3 } else { signed(dice.range(0..=3_000)) };
    Step::Write { form, buf: buf(dice), offset: small(dice.range(0..=500)), len }
}

fn how(dice: &mut Dice) -> How {
    match dice.range(0..=3) {
        0 => How::Moved(buf(dice)),
        1 => How::Shorter(small(dice.range(1..=3_000))),
        2 => How::Longer(small(dice.range(1..=3_000))),
        _ => How::Same,
    }
}

fn peer(dice: &mut Dice) -> Peer {
    match dice.range(0..=29) {
        0 => Peer::Close,
        _ => Peer::Write(small(dice.range(1..=3_000))),
    }
}

fn seldom(dice: &mut Dice) -> Step {
    match dice.range(0..=19) {
        0 => Step::Eof,
        1 => Step::Sendfile(100),
        2..=8 => Step::Shutdown,
        9..=12 => Step::KeyUpdate(dice.pick(&[0, 1, 2])),
        _ => Step::Change(buf(dice)),
    }
}
