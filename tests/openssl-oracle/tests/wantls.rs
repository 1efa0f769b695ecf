//! wantls answers as OpenSSL does, call by call, but for the differences that have a name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use wantls_openssl_oracle::campaign::{Comparison, nth};
use wantls_openssl_oracle::lab::Lab;
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::runner::run;
use wantls_openssl_oracle::schedule::schedules;
use wantls_openssl_oracle::setup::{Ends, Library, Setup, Version};
use wantls_openssl_oracle::wantls::{Explained, NAMES, WantlsLibrary, difference};
use wantls_ssl::DIFFERENCES;

const AGAINST_WANTLS: Comparison<'_> =
    Comparison { left: &OpenSsl, right: &WantlsLibrary, guide: Some(&Explained) };

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wantls_answers_as_openssl(schedule in schedules()) {
        if let Some(report) = AGAINST_WANTLS.report(&schedule) {
            let short = AGAINST_WANTLS.shrink(&schedule);
            prop_assert!(false, "{short}\n{report}");
        }
    }
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
