//! Faults of the transport: at every byte of a short session, and at random in long ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::sync::LazyLock;

use proptest::prelude::*;
use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, Error, ServerContext};
use wantls_interop::case::Setup;
use wantls_interop::duel::{Ending, Outcome, Player, Report, duel};
use wantls_interop::faulty::{End, Faults};
use wantls_interop::pki::{Id, Pki};
use wantls_interop::tamper::Edit;
use wantls_interop::{Random, config};
use wantls_testkit::{Suite, accept, connect};

static PKI: LazyLock<Pki> = LazyLock::new(|| Pki::new().unwrap());

/// Both contexts of a suite: made once for a sweep of thousands of sessions.
struct Arena {
    client: ClientContext,
    server: ServerContext,
}

impl Arena {
    fn new(suite: Suite) -> Self {
        // Ed25519's signatures have one length, so that each session has as many bytes as the last one.
        let setup = Setup { suite: Some(suite.id()), cert: Id::Ed25519, ..Setup::plain(suite.version()) };
        Self {
            client: ClientContext::new(unresumed(config::client(&setup, &PKI).unwrap()), AwsLcRs).unwrap(),
            server: ServerContext::new(config::server(&setup, &PKI).unwrap(), AwsLcRs).unwrap(),
        }
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

fn unresumed(mut config: rustls::ClientConfig) -> rustls::ClientConfig {
    config.resumption = rustls::client::Resumption::disabled();
    config
}

/// One byte on its way to one side, in a short session.
struct Spot<'a> {
    arena: &'a Arena,
    /// Whom it is for: 0 is the client, 1 the server.
    side: usize,
    /// Its position, and the bytes of the whole session.
    at: u64,
    len: u64,
}

impl Spot<'_> {
    fn report(&self, side: usize, faults: Faults) -> [Report; 2] {
        let outcome = self.arena.short(only(side, faults));
        [outcome.client, outcome.server]
    }
}

/// Runs `check` for every byte of a short session, in both directions, with every suite.
fn at_every_byte(check: impl Fn(&Spot)) {
    for suite in Suite::ALL {
        let arena = Arena::new(suite);
        let clean = || {
            let outcome = arena.short([Faults::NONE; 2]);
            assert_eq!((&outcome.client.ending, &outcome.server.ending), (&Ending::Clean, &Ending::Clean));
            [outcome.client.received, outcome.server.received]
        };
        let lens = clean();
        assert_eq!(lens, clean(), "sessions differ in length, so that a sweep would miss bytes");
        for (side, len) in lens.into_iter().enumerate() {
            assert!(len > 300, "a session of {len} bytes is none");
            (0..len).for_each(|at| check(&Spot { arena: &arena, side, at, len }));
        }
    }
}

#[test]
fn an_end_at_any_byte_is_truncation() {
    at_every_byte(|spot| {
        let faults = Faults { receive_end: Some((spot.at, End::Eof)), ..Faults::NONE };
        let found = &spot.report(spot.side, faults)[spot.side].ending;
        assert_eq!(*found, Ending::Tls(Error::Truncated), "side {}, byte {}", spot.side, spot.at);
    });
}

#[test]
fn a_reset_at_any_received_byte_is_reported() {
    at_every_byte(|spot| {
        let faults = Faults { receive_end: Some((spot.at, End::Reset)), ..Faults::NONE };
        let found = &spot.report(spot.side, faults)[spot.side].ending;
        let expected = Ending::Transport(std::io::ErrorKind::ConnectionReset);
        assert_eq!(*found, expected, "side {}, byte {}", spot.side, spot.at);
    });
}

#[test]
fn a_reset_at_any_sent_byte_is_reported_and_never_clean_for_the_peer() {
    at_every_byte(|spot| {
        let sender = 1 - spot.side;
        let reports = spot.report(sender, Faults { send_reset: Some(spot.at), ..Faults::NONE });
        let expected = Ending::Transport(std::io::ErrorKind::ConnectionReset);
        assert_eq!(reports[sender].ending, expected, "side {sender}, byte {}", spot.at);
        assert_ne!(reports[spot.side].ending, Ending::Clean, "side {}, byte {}", spot.side, spot.at);
    });
}

/// Applies the edit that `edit` makes of each position and the length of the session.
fn edited_at_every_byte(edit: impl Fn(u64, u64) -> Edit) {
    at_every_byte(|spot| {
        let edit = edit(spot.at, spot.len);
        let report = &spot.report(spot.side, Faults { edit: Some(edit), ..Faults::NONE })[spot.side];
        // Before the keys are in use some bits mean nothing (the version in the first record's header); after the
        // handshake every bit is authenticated.
        let traffic = report.handshake > 0 && spot.at >= report.handshake;
        let noticed = report.ending != Ending::Clean;
        assert!(noticed || !(traffic && report.changed), "side {}, {edit:?}: {report:?}", spot.side);
        assert!(report.changed || !traffic || matches!(edit, Edit::Swap { .. }), "{edit:?} did nothing");
    });
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_or_means_nothing() {
    edited_at_every_byte(|at, _| Edit::Flip { at, mask: 1 << (at % 8) });
}

#[test]
fn a_lost_byte_anywhere_is_noticed() {
    edited_at_every_byte(|at, _| Edit::Drop { at, len: 1 });
}

/// What comes behind close_notify means nothing. So the piece goes in well before the end: there, by chance, its first
/// bytes might be the very ones that it pushes back.
#[test]
fn a_repeated_piece_anywhere_is_noticed() {
    edited_at_every_byte(|at, len| {
        let at = at.min(len - 20);
        Edit::Repeat { at, len: 1 + (at % 90).min(len - 20 - at) }
    });
}

#[test]
fn bytes_out_of_order_anywhere_are_noticed() {
    edited_at_every_byte(|at, len| Edit::Swap { at: at.min(len - 4), first: 2, second: 2 });
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
        for (report, faults) in [(&outcome.client, &faults[0]), (&outcome.server, &faults[1])] {
            if let (Ending::Clean, Some(Edit::Flip { at, .. })) = (&report.ending, faults.edit) {
                prop_assert!(at < report.handshake || at >= report.received, "{:?} {:?}", report, faults);
            }
        }
    }
}
