//! Random schedules: mostly what a program would do, some of it wrong, over pipes of every size.
//!
//! Each step is thrown with dice from one number of the strategy. Nested unions of strategies say the same,
//! but making a schedule with them takes three times as long as running it on both libraries.

use super::dice::Dice;
use super::{Form, How, Peer, Schedule, Step};
use crate::arena::Buf;
use crate::setup::{Options, Role, Setup, Start, Version};
use crate::subject::code;
use core::ops::RangeInclusive;
use proptest::prelude::*;

/// Schedules of 50 to 200 steps.
pub fn schedules() -> impl Strategy<Value = Schedule> {
    sized(50..=200)
}

/// Schedules with a chosen number of steps, which shrink by leaving steps out.
pub fn sized(steps: RangeInclusive<usize>) -> impl Strategy<Value = Schedule> {
    let steps = proptest::collection::vec(any::<u64>().no_shrink(), steps);
    (any::<u64>().no_shrink(), steps).prop_map(|(first, rest)| Schedule {
        setup: setup(&mut Dice::new(first)),
        steps: rest.into_iter().map(|seed| step(&mut Dice::new(seed))).collect(),
    })
}

fn setup(dice: &mut Dice) -> Setup {
    Setup {
        version: dice.pick(&[Version::Tls13, Version::Tls12]),
        role: dice.pick(&[Role::Client, Role::Server]),
        out_capacity: capacity(dice),
        in_capacity: capacity(dice),
        start: Start::Established,
        options: Options {
            // Our own side never renegotiates: it answers HelloRequest with a warning.
            no_renegotiation: true,
            ignore_eof: dice.one_in(20),
            ..Options::default()
        },
    }
}

/// Small pipes block often, those near a record's size block in the interesting places.
fn capacity(dice: &mut Dice) -> usize {
    let range = dice.weighted(&[
        (2, 1..=64),
        (4, 65..=2_000),
        (2, 2_001..=16_000),
        (2, 16_380..=16_440),
        (3, 16_441..=70_000),
    ]);
    usize::try_from(dice.range(range)).unwrap_or(1)
}

fn step(dice: &mut Dice) -> Step {
    let family = dice.weighted(&[
        (5, any_write as fn(&mut Dice) -> Step),
        (260, careful_write),
        (80, |dice| Step::Retry { form: write_form(dice), how: how(dice) }),
        (200, |dice| Step::Drain(amount(dice))),
        (140, reading),
        (120, |dice| Step::Fill(amount(dice))),
        (90, |dice| Step::Peer(peer(dice))),
        (30, modes),
        (30, seldom),
        (2, rare),
    ]);
    family(dice)
}

pub(super) fn buf(dice: &mut Dice) -> Buf {
    dice.weighted(&[(6, Buf::A), (2, Buf::B), (1, Buf::C)])
}

pub(super) fn write_form(dice: &mut Dice) -> Form {
    dice.weighted(&[(12, Form::Plain), (6, Form::Ex), (2, Form::Ex2(0)), (1, Form::Ex2(1))])
}

fn offset(dice: &mut Dice) -> u32 {
    if dice.one_in(5) { small(dice.range(1..=5_000)) } else { 0 }
}

/// Lengths with their boundaries: nothing, a byte, around a record, several records.
fn length(dice: &mut Dice) -> i32 {
    let range = dice.weighted(&[
        (1, 0..=0),
        (8, 1..=120),
        (8, 121..=3_000),
        (2, 3_001..=16_369),
        (2, 16_370..=16_400),
        (2, 16_401..=66_000),
    ]);
    signed(dice.range(range))
}

/// Any write at any time: often a bad retry.
fn any_write(dice: &mut Dice) -> Step {
    let (form, buf, offset) = (write_form(dice), buf(dice), offset(dice));
    // Only the signed form can be given a negative length.
    let len = if form == Form::Plain && dice.one_in(20) { -3 } else { length(dice) };
    Step::Write { form, buf, offset, len }
}

fn careful_write(dice: &mut Dice) -> Step {
    Step::Careful { form: write_form(dice), buf: buf(dice), offset: offset(dice), len: length(dice) }
}

/// Mostly legal: what is not is fatal, and the rest of the schedule then sees a dead connection.
fn how(dice: &mut Dice) -> How {
    match dice.range(0..=77) {
        0 => How::Moved(buf(dice)),
        1 => How::Shorter(small(dice.range(1..=3_000))),
        2..=9 => How::Longer(small(dice.range(1..=3_000))),
        10..=17 => How::Rest,
        _ => How::Same,
    }
}

pub(super) fn reading(dice: &mut Dice) -> Step {
    let range = dice.weighted(&[(1, 0..=0), (8, 1..=200), (6, 201..=20_000), (1, 20_001..=300_000)]);
    let len = signed(dice.range(range));
    let form = dice.weighted(&[(2, Form::Plain), (1, Form::Ex)]);
    match dice.range(0..=8) {
        0 => Step::Read { form: Form::Plain, len: -1 },
        1 | 2 => Step::Peek { form, len },
        _ => Step::Read { form, len },
    }
}

fn amount(dice: &mut Dice) -> u32 {
    let range = dice.weighted(&[(4, 100_000..=100_000), (3, 1..=40), (3, 41..=2_000), (2, 2_001..=20_000)]);
    small(dice.range(range))
}

fn peer(dice: &mut Dice) -> Peer {
    match dice.range(0..=107) {
        0 => Peer::Alert,
        1 => Peer::Damage,
        2 | 3 => Peer::Close,
        4 | 5 => Peer::HelloRequest,
        6..=13 => Peer::Ticket,
        14..=27 => Peer::KeyUpdate(dice.pick(&[0, 1])),
        _ => {
            let range = dice.weighted(&[(6, 1..=300), (3, 301..=5_000), (1, 5_001..=40_000)]);
            Peer::Write(small(dice.range(range)))
        }
    }
}

pub(super) fn modes(dice: &mut Dice) -> Step {
    let bits = dice.weighted(&[
        (4, code::PARTIAL),
        (4, code::MOVING),
        (2, code::AUTO_RETRY),
        (1, code::PARTIAL | code::MOVING),
    ]);
    match dice.range(0..=6) {
        0 => {
            let range = dice.weighted(&[(1, 512..=512), (1, 16_384..=16_384), (1, 500..=16_400)]);
            Step::MaxFragment(i64::from(signed(dice.range(range))))
        }
        1 => {
            let range = dice.weighted(&[(1, 16_384..=16_384), (1, 0..=16_400)]);
            Step::SplitFragment(i64::from(signed(dice.range(range))))
        }
        2 | 3 => Step::ClearMode(bits),
        _ => Step::SetMode(bits),
    }
}

fn seldom(dice: &mut Dice) -> Step {
    match dice.range(0..=14) {
        0 => Step::Shutdown,
        // Rare, because a named difference ends the comparison there.
        1 if dice.one_in(20) => Step::Sendfile(100),
        2..=5 => Step::KeyUpdate(dice.weighted(&[(8, 0), (8, 1), (1, 2), (1, -1)])),
        6..=8 => Step::Handshake,
        _ => Step::Change(buf(dice)),
    }
}

fn rare(dice: &mut Dice) -> Step {
    if dice.one_in(3) { Step::Eof } else { Step::SetShutdown(signed(dice.range(0..=3))) }
}

/// Everything here is far below the limits of the types.
pub(super) fn signed(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

pub(super) fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
