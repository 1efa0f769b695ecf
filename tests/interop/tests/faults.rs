//! Faults of the transport: at every byte of a short session, and at random in long ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use proptest::prelude::*;
use wantls::Error;
use wantls::{ClientContext, ServerContext};
use wantls_interop::Random;
use wantls_interop::duel::{Ending, Outcome, Player, duel};
use wantls_interop::faulty::{End, Faults};
use wantls_interop::tamper::Edit;
use wantls_testkit::{Suite, accept, client, connect, server};

/// Both contexts: made once for a sweep of thousands of sessions.
struct Arena {
    client: ClientContext,
    server: ServerContext,
}

impl Arena {
    fn new(suite: Suite) -> Self {
        Self { client: client(suite), server: server(suite) }
    }

    fn run(&self, lens: [usize; 2], write: usize, capacity: usize, faults: [Faults; 2]) -> Outcome {
        let [to_server, to_client] = lens.map(data);
        let tls = (connect(&self.client), accept(&self.server));
        duel(
            Player { tls: tls.0, faults: faults[0], data: to_server, write },
            Player { tls: tls.1, faults: faults[1], data: to_client, write },
            capacity,
        )
        .unwrap_or_else(|broken| panic!("{broken}\nfaults: {faults:?}, {lens:?} by {write}"))
    }

    /// A session short enough to be repeated for each of its bytes.
    fn short(&self, faults: [Faults; 2]) -> Outcome {
        self.run([90, 110], 60, 4096, faults)
    }
}

fn data(len: usize) -> Vec<u8> {
    let mut random = Random::new(len as u64);
    (0..len).map(|_| random.any() as u8).collect()
}

/// The faults of the side that a sweep is about, and none for the other.
fn only(side: usize, faults: Faults) -> [Faults; 2] {
    let mut both = [Faults::NONE; 2];
    both[side] = faults;
    both
}

/// Runs `check` for every byte that each side receives in a short session (and sends, from the other end).
fn at_every_byte(check: impl Fn(&Arena, usize, u64)) {
    for suite in Suite::ALL {
        let arena = Arena::new(suite);
        let clean = arena.short([Faults::NONE; 2]);
        // Signatures differ by a byte or two from run to run; the shortest of a few counts.
        let lens = (0..8).fold([clean.client.received, clean.server.received], |[c, s], _| {
            let again = arena.short([Faults::NONE; 2]);
            [c.min(again.client.received), s.min(again.server.received)]
        });
        for (side, len) in lens.into_iter().enumerate() {
            assert!(len > 300, "a session of {len} bytes is none");
            for at in 0..len - 4 {
                check(&arena, side, at);
            }
        }
    }
}

fn ending(outcome: &Outcome, side: usize) -> &Ending {
    if side == 0 { &outcome.client.ending } else { &outcome.server.ending }
}

#[test]
fn an_end_at_any_byte_is_truncation() {
    at_every_byte(|arena, side, at| {
        let faults = Faults { receive_end: Some((at, End::Eof)), ..Faults::NONE };
        let outcome = arena.short(only(side, faults));
        let found = ending(&outcome, side);
        // A TLS 1.3 client that has closed may be done before the last bytes; no one is clean before close_notify.
        assert_eq!(*found, Ending::Tls(Error::Truncated), "side {side}, byte {at}");
    });
}

#[test]
fn a_reset_at_any_received_byte_is_reported() {
    at_every_byte(|arena, side, at| {
        let faults = Faults { receive_end: Some((at, End::Reset)), ..Faults::NONE };
        let outcome = arena.short(only(side, faults));
        let expected = Ending::Transport(std::io::ErrorKind::ConnectionReset);
        assert_eq!(*ending(&outcome, side), expected, "side {side}, byte {at}");
    });
}

#[test]
fn a_reset_at_any_sent_byte_is_reported() {
    at_every_byte(|arena, receiver, at| {
        let sender = 1 - receiver;
        let outcome = arena.short(only(sender, Faults { send_reset: Some(at), ..Faults::NONE }));
        let expected = Ending::Transport(std::io::ErrorKind::ConnectionReset);
        assert_eq!(*ending(&outcome, sender), expected, "side {sender}, byte {at}");
        assert_ne!(*ending(&outcome, receiver), Ending::Clean, "side {receiver}, byte {at}");
    });
}

/// Applies the edit that `edit` makes for each byte.
fn edited_at_every_byte(edit: impl Fn(u64) -> Edit) {
    at_every_byte(|arena, side, at| {
        let faults = Faults { edit: Some(edit(at)), ..Faults::NONE };
        let outcome = arena.short(only(side, faults));
        let report = if side == 0 { &outcome.client } else { &outcome.server };
        // Before the keys are in use some bits mean nothing (the version in the first record's header); after the
        // handshake every bit is authenticated.
        let traffic = report.handshake > 0 && at >= report.handshake;
        assert!(!traffic || report.ending != Ending::Clean, "side {side}, byte {at}: {report:?}");
    });
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_or_means_nothing() {
    edited_at_every_byte(|at| Edit::Flip { at, mask: 1 << (at % 8) });
}

#[test]
fn a_lost_byte_anywhere_is_noticed() {
    edited_at_every_byte(|at| Edit::Drop { at, len: 1 });
}

#[test]
fn a_repeated_piece_anywhere_is_noticed() {
    edited_at_every_byte(|at| Edit::Repeat { at, len: 1 + at % 90 });
}

#[test]
fn bytes_out_of_order_anywhere_are_noticed() {
    edited_at_every_byte(|at| Edit::Swap { at, first: 2, second: 2 });
}

#[test]
fn every_suite_survives_a_transport_that_is_merely_slow() {
    for suite in Suite::ALL {
        let slow = Faults { most: 7, steady: false, interrupts: 3, storm: 5, ..Faults::NONE };
        let outcome = Arena::new(suite).run([3000, 2000], 500, 64, [slow, Faults { seed: 1, ..slow }]);
        assert_eq!((outcome.client.ending, outcome.server.ending), (Ending::Clean, Ending::Clean));
        assert!(!outcome.gave_up);
    }
}

#[test]
fn one_byte_at_a_time_through_one_byte_of_room() {
    for suite in Suite::ALL {
        let faults = Faults { most: 1, ..Faults::NONE };
        let outcome = Arena::new(suite).run([300, 200], 100, 1, [faults; 2]);
        assert_eq!((outcome.client.ending, outcome.server.ending), (Ending::Clean, Ending::Clean));
    }
}

fn edits() -> impl Strategy<Value = Edit> {
    let at = 0u64..60_000;
    prop_oneof![
        (at.clone(), 1u8..).prop_map(|(at, mask)| Edit::Flip { at, mask }),
        (at.clone(), 1u64..3000).prop_map(|(at, len)| Edit::Drop { at, len }),
        (at.clone(), 1u64..3000).prop_map(|(at, len)| Edit::Repeat { at, len }),
        (at, 1u64..3000, 1u64..3000).prop_map(|(at, first, second)| Edit::Swap { at, first, second }),
    ]
}

prop_compose! {
    /// A transport that is slow and cuts everything to pieces, but loses nothing.
    fn slow()(
        seed: u64, most in prop_oneof![1usize..50, 50usize..20_000], steady: bool, interrupts in 0usize..6,
        storm in 0usize..40,
    ) -> Faults {
        Faults { seed, most, steady, interrupts, storm, ..Faults::NONE }
    }
}

prop_compose! {
    /// One that may also end, or change what it carries.
    fn hostile()(
        slow in slow(), end in proptest::option::of((0u64..60_000, prop_oneof![Just(End::Eof), Just(End::Reset)])),
        send_reset in proptest::option::weighted(0.2, 0u64..60_000), edit in proptest::option::of(edits()),
    ) -> Faults {
        Faults { receive_end: end, send_reset, edit, ..slow }
    }
}

fn lens() -> impl Strategy<Value = [usize; 2]> {
    [0usize..60_000, 0usize..60_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn what_loses_nothing_costs_nothing(
        suite in Suite::strategy(), faults in [slow(), slow()], lens in lens(), write in 1usize..20_000,
        capacity in 1usize..40_000,
    ) {
        let outcome = Arena::new(suite).run(lens, write.max(lens[0].max(lens[1]) / 500), capacity, faults);
        prop_assert_eq!((&outcome.client.ending, &outcome.server.ending), (&Ending::Clean, &Ending::Clean));
        prop_assert_eq!((outcome.client.got, outcome.server.got), (lens[1], lens[0]));
        prop_assert!(!outcome.gave_up);
    }

    /// The promises are checked by the duel itself; here the faults are all there are.
    #[test]
    fn whatever_happens_the_promises_hold(
        suite in Suite::strategy(), faults in [hostile(), hostile()], lens in lens(), write in 1usize..20_000,
        capacity in 1usize..40_000,
    ) {
        let outcome = Arena::new(suite).run(lens, write.max(lens[0].max(lens[1]) / 500), capacity, faults);
        // An edit in front of the end that was reached has to be noticed, unless it changes bytes into themselves.
        for (report, faults) in [(&outcome.client, &faults[0]), (&outcome.server, &faults[1])] {
            if let (Ending::Clean, Some(Edit::Flip { at, .. })) = (&report.ending, faults.edit) {
                prop_assert!(at < report.handshake || at >= report.received, "{:?} {:?}", report, faults);
            }
        }
    }
}
