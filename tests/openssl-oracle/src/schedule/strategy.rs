//! Random schedules: mostly what a program would do, some of it wrong, over pipes of every size.

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

/// Schedules with a chosen number of steps.
pub fn sized(steps: RangeInclusive<usize>) -> impl Strategy<Value = Schedule> {
    let steps = proptest::collection::vec(step(), steps);
    (setup(), steps).prop_map(|(setup, steps)| Schedule { setup, steps })
}

fn setup() -> impl Strategy<Value = Setup> {
    let version = prop_oneof![Just(Version::Tls13), Just(Version::Tls12)];
    let role = prop_oneof![Just(Role::Client), Just(Role::Server)];
    (version, role, capacity(), capacity(), proptest::bool::weighted(0.05)).prop_map(
        |(version, role, out_capacity, in_capacity, ignore_eof)| Setup {
            version,
            role,
            out_capacity,
            in_capacity,
            start: Start::Established,
            // Our own side never renegotiates: it answers HelloRequest with a warning.
            options: Options { no_renegotiation: true, ignore_eof, ..Options::default() },
        },
    )
}

/// Small pipes block often, those near a record's size block in the interesting places.
fn capacity() -> impl Strategy<Value = usize> {
    prop_oneof![
        2 => 1_usize..=64,
        4 => 65_usize..=2_000,
        2 => 2_001_usize..=16_000,
        2 => 16_380_usize..=16_440,
        3 => 16_441_usize..=70_000,
    ]
}

fn buf() -> impl Strategy<Value = Buf> {
    prop_oneof![6 => Just(Buf::A), 2 => Just(Buf::B), 1 => Just(Buf::C)]
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![12 => Just(Form::Plain), 6 => Just(Form::Ex), 2 => Just(Form::Ex2(0)), 1 => Just(Form::Ex2(1))]
}

fn read_form() -> impl Strategy<Value = Form> {
    prop_oneof![2 => Just(Form::Plain), 1 => Just(Form::Ex)]
}

/// Lengths with their boundaries: nothing, a byte, around a record, several records.
fn length() -> impl Strategy<Value = i32> {
    prop_oneof![
        1 => Just(0),
        8 => 1_i32..=120,
        8 => 121_i32..=3_000,
        2 => 16_370_i32..=16_400,
        2 => 3_001_i32..=16_369,
        2 => 16_401_i32..=66_000,
    ]
}

/// Mostly legal: what is not is fatal, and the rest of the schedule then sees a dead connection.
fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        60 => Just(How::Same),
        8 => Just(How::Rest),
        1 => buf().prop_map(How::Moved),
        8 => (1_u32..=3_000).prop_map(How::Longer),
        1 => (1_u32..=3_000).prop_map(How::Shorter),
    ]
}

fn offset() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(0_u32), 1 => 1_u32..=5_000]
}

/// Any write at any time: often a bad retry.
fn write() -> impl Strategy<Value = Step> {
    (form(), buf(), offset(), prop_oneof![20 => length(), 1 => -5_i32..0]).prop_map(
        |(form, buf, offset, len)| match form {
            // Only the signed form can be given a negative length.
            Form::Plain => Step::Write { form, buf, offset, len },
            Form::Ex | Form::Ex2(_) => Step::Write { form, buf, offset, len: len.max(0) },
        },
    )
}

fn careful() -> impl Strategy<Value = Step> {
    (form(), buf(), offset(), length())
        .prop_map(|(form, buf, offset, len)| Step::Careful { form, buf, offset, len })
}

fn read_length() -> impl Strategy<Value = i32> {
    prop_oneof![
        1 => Just(0),
        8 => 1_i32..=200,
        6 => 201_i32..=20_000,
        1 => 20_001_i32..=300_000,
    ]
}

fn reading() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (read_form(), read_length()).prop_map(|(form, len)| Step::Read { form, len }),
        2 => (read_form(), read_length()).prop_map(|(form, len)| Step::Peek { form, len }),
        1 => (-3_i32..0).prop_map(|len| Step::Read { form: Form::Plain, len }),
    ]
}

fn amount() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(100_000_u32), 3 => 1_u32..=40, 3 => 41_u32..=2_000, 2 => 2_001_u32..=20_000]
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        80 => prop_oneof![6 => 1_u32..=300, 3 => 301_u32..=5_000, 1 => 5_001_u32..=40_000].prop_map(Peer::Write),
        14 => prop_oneof![Just(0), Just(1)].prop_map(Peer::KeyUpdate),
        8 => Just(Peer::Ticket),
        2 => Just(Peer::Close),
        1 => Just(Peer::Alert),
        2 => Just(Peer::HelloRequest),
        1 => Just(Peer::Damage),
    ]
}

fn modes() -> impl Strategy<Value = Step> {
    let bits = prop_oneof![
        4 => Just(code::PARTIAL),
        4 => Just(code::MOVING),
        2 => Just(code::AUTO_RETRY),
        1 => Just(code::PARTIAL | code::MOVING),
    ];
    prop_oneof![
        3 => bits.clone().prop_map(Step::SetMode),
        2 => bits.prop_map(Step::ClearMode),
        1 => prop_oneof![Just(512_i64), Just(16_384), 500_i64..=16_400].prop_map(Step::MaxFragment),
        1 => prop_oneof![Just(16_384_i64), 0_i64..=16_400].prop_map(Step::SplitFragment),
    ]
}

fn rare() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => buf().prop_map(Step::Change),
        3 => Just(Step::Handshake),
        1 => (0_u32..=100).prop_map(Step::Sendfile),
        1 => Just(Step::Shutdown),
        4 => prop_oneof![8 => Just(0), 8 => Just(1), 1 => Just(2), 1 => Just(-1)].prop_map(Step::KeyUpdate),
    ]
}

fn fatal() -> impl Strategy<Value = Step> {
    prop_oneof![1 => Just(Step::Eof), 2 => (0_i32..=3).prop_map(Step::SetShutdown)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => write(),
        260 => careful(),
        80 => (form(), how()).prop_map(|(form, how)| Step::Retry { form, how }),
        200 => amount().prop_map(Step::Drain),
        140 => reading(),
        120 => amount().prop_map(Step::Fill),
        90 => peer().prop_map(Step::Peer),
        30 => modes(),
        30 => rare(),
        2 => fatal(),
    ]
}
