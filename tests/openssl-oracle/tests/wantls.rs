//! wantls answers as OpenSSL does, call by call, but for the differences that have a name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use wantls_openssl_oracle::campaign::{Comparison, Kind, nth};
use wantls_openssl_oracle::lab::Lab;
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::runner::run;
use wantls_openssl_oracle::schedule::Schedule;
use wantls_openssl_oracle::setup::{Ends, Library, Options, Role, Setup, Version};
use wantls_openssl_oracle::wantls::{Explained, ExplainedPeer, NAMES, WantlsLibrary, WantlsPeer, difference};
use wantls_ssl::DIFFERENCES;

const AGAINST_WANTLS: Comparison<'_> =
    Comparison { left: &OpenSsl, right: &WantlsLibrary, guide: Some(&Explained) };

const WITH_WANTLS_PEER: Comparison<'_> =
    Comparison { left: &OpenSsl, right: &WantlsPeer, guide: Some(&ExplainedPeer) };

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wantls_answers_as_openssl(schedule in Kind::Data.schedules()) {
        check(AGAINST_WANTLS, &schedule)?;
    }

    #[test]
    fn a_wantls_peer_is_as_good_as_openssl(schedule in Kind::DataOfAnyPeer.schedules()) {
        check(WITH_WANTLS_PEER, &schedule)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wantls_shakes_hands_as_openssl(schedule in Kind::Handshakes.schedules()) {
        check(AGAINST_WANTLS, &schedule)?;
        check(WITH_WANTLS_PEER, &schedule)?;
    }
}

fn check(comparison: Comparison<'_>, schedule: &Schedule) -> Result<(), TestCaseError> {
    if let Some(report) = comparison.report(schedule) {
        let short = comparison.shrink(schedule);
        prop_assert!(false, "{short}\n{report}");
    }
    Ok(())
}

/// A library whose clients trust nobody.
struct Distrusting;

impl Library for Distrusting {
    fn name(&self) -> &'static str {
        "distrusting"
    }

    fn open(&self, setup: &Setup) -> Ends {
        WantlsLibrary.open(&Setup { options: Options { verify: true, ..setup.options }, ..*setup })
    }
}

#[test]
fn handshakes_are_compared() {
    let wrong = Comparison { right: &Distrusting, ..AGAINST_WANTLS };
    let (mut clients, mut found, mut finished) = (0, 0, 0);
    for schedule in (0..100).map(|i| Kind::Handshakes.nth(17, i)) {
        clients += u32::from(schedule.setup.role == Role::Client);
        found += u32::from(wrong.report(&schedule).is_some());
        finished += u32::from(run(&schedule, &WantlsLibrary).iter().any(|entry| !entry.state.init));
    }
    assert!(found * 4 > clients * 3, "{found} of {clients}");
    assert!(finished > 75, "{finished} of 100 handshakes finish");
}

/// Other calls with other arguments, in the middle of a handshake, as a file has it.
#[test]
fn a_handshake_replays_from_its_text() {
    let text = "setup 1.3 client 7 262144 fresh\n\
                write a 0 100\nwrite_ex b 5 20\ndrain 9999\nfill_but_one\nread 10\nfill 1\nwrite again longer 7\n";
    let schedule: Schedule = text.parse().unwrap();
    assert_eq!(schedule.to_string(), text);
    assert_eq!(AGAINST_WANTLS.report(&schedule), None);
    let last = run(&schedule, &WantlsLibrary);
    let written = last.iter().find(|entry| entry.answer.count == Some(27) || entry.answer.ret == 27);
    assert!(
        written.is_some_and(|entry| entry.peer.is_some_and(|peer| peer.data.len == 27)),
        "no argument is pinned"
    );
}

/// A library that is wrong on purpose: its outgoing pairs are a byte too large.
struct OneByteMore;

impl Library for OneByteMore {
    fn name(&self) -> &'static str {
        "one byte more"
    }

    fn open(&self, setup: &Setup) -> Ends {
        WantlsLibrary.open(&Setup { out_capacity: setup.out_capacity + 1, ..*setup })
    }
}

#[test]
fn the_named_differences_excuse_no_other() {
    let wrong = Comparison { right: &OneByteMore, ..AGAINST_WANTLS };
    let found = (0..200).filter(|i| wrong.report(&nth(11, *i)).is_some()).count();
    assert!(found > 100, "{found} of 200");
}

/// Where comparisons end, of how many steps. `cargo test -- --nocapture` shows it.
#[test]
fn most_steps_are_compared() {
    let (mut steps, mut compared, mut ends) = (0, 0, BTreeMap::<&str, u32>::new());
    for index in 0..1_000 {
        let schedule = nth(13, index);
        steps += schedule.steps.len() + 1;
        let trace = run(&schedule, &Explained);
        let end = trace.iter().position(|entry| entry.deviation.is_some());
        compared += end.unwrap_or(trace.len());
        if let Some(deviation) = end.and_then(|end| trace[end].deviation) {
            *ends.entry(difference(deviation).expect("a name")).or_default() += 1;
        }
    }
    println!("{compared} of {steps} steps; ended by {ends:?}");
    assert!(compared * 10 > steps * 6, "{compared} of {steps}");
    assert!(ends.values().sum::<u32>() < 1_000, "some schedules are compared to their end");
}

#[test]
fn what_ends_a_comparison_is_a_named_difference() {
    for (number, name) in NAMES {
        assert!(DIFFERENCES.iter().any(|difference| difference.id == *name), "{number}: {name}");
    }
}

/// OpenSSL loses the warning (defect 2) and the next record does not decrypt, or kills the correct retry (defect 5).
#[test]
fn a_warning_that_does_not_fit_is_kept() {
    for room in 0..=31 {
        let mut lab = Lab::client(&WantlsLibrary, Version::Tls12, 129);
        assert_eq!(lab.write(100 - room), (100 - room).to_string());
        lab.peer_asks();
        assert_eq!(lab.read(9), "-1/WANT_READ");
        assert_eq!(lab.out(), 129);
        let mut answer = lab.write(50);
        if room < 31 {
            assert_eq!(answer, "-1/WANT_WRITE");
        }
        while answer == "-1/WANT_WRITE" {
            lab.drain();
            answer = lab.write(50);
        }
        assert_eq!(answer, "50");
        lab.drain();
        let (records, _) = lab.peer_reads();
        assert_eq!(
            records.len(),
            1,
            "the peer, which gives up for the refusal, has read what came before it"
        );
        assert!(lab.wire_records().contains(&31), "the warning is whole: {:?}", lab.wire_records());
    }
}
