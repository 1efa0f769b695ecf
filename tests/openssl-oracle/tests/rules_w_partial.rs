//! W15: partial-write mode.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::arena::Buf;
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::setup::Library;
use wantls_openssl_oracle::subject::code;

const BLOCKED: &str = "-1/WANT_WRITE";

fn w15_partial_returns_after_one_record(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 100_000);
        lab.subject.set_mode(code::PARTIAL);
        for (n, expected) in [(50000, "16384"), (33616, "16384"), (17232, "16384"), (848, "848")] {
            assert_eq!(lab.write(n), expected);
        }
        for (n, expected) in [(16384, "16384"), (16385, "16384"), (1000, "1000")] {
            lab.drain();
            assert_eq!(lab.write(n), expected);
        }
        lab.drain();
        lab.subject.set_max_send_fragment(512);
        assert_eq!(lab.write(1500), "512");
    }
}

fn w15_partial_never_returns_less_than_a_record(library: &dyn Library) {
    for version in VERSIONS {
        let full = version.wire(16384);
        let mut lab = Lab::client(library, version, full);
        lab.subject.set_mode(code::PARTIAL);
        assert_eq!(lab.write(16385), "16384");
        assert_eq!(lab.write(1), BLOCKED);
        assert_eq!(lab.out(), full);
        lab.drain();
        assert_eq!(lab.write(1), "1");
    }
}

fn w15_partial_finishes_a_pending_record_and_tries_one_more(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 40000);
        lab.subject.set_mode(code::PARTIAL);
        assert_eq!(lab.write(16384), "16384");
        assert_eq!(lab.write(13000), "13000");
        assert_eq!(lab.write(60000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write(60000), "32768");
    }
}

fn w15_partial_is_invisible_in_a_small_pair(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 10000);
        lab.subject.set_mode(code::PARTIAL);
        for answer in [BLOCKED, BLOCKED, BLOCKED, BLOCKED, "40000"] {
            assert_eq!(lab.write(40000), answer);
            lab.drain();
        }
    }
}

fn w15_a_blocked_answer_can_hide_a_delivered_record(library: &dyn Library) {
    for version in VERSIONS {
        let full = version.wire(16384);
        let mut lab = Lab::client(library, version, full);
        lab.subject.set_mode(code::PARTIAL);
        assert_eq!(lab.write(1), "1");
        assert_eq!(lab.write(40000), BLOCKED);
        lab.drain_some(lab.w(1));
        assert_eq!(lab.write(40000), BLOCKED, "the first record is through, the second is not");
        lab.drain();
        assert_eq!(lab.write(40000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write(40000), "40000");
    }
}

fn w15_a_caller_that_ignores_the_short_count_repeats_itself(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 100_000);
        lab.subject.set_mode(code::PARTIAL);
        let first = lab.arenas.slice(Buf::A, 0, 16384).to_vec();
        assert_eq!(lab.write(20000), "16384");
        assert_eq!(lab.write(20000), "16384");
        assert_eq!(lab.peer_data(), [first.clone(), first].concat());
    }
}

wantls_openssl_oracle::on_every_library! {
    established:
    w15_partial_returns_after_one_record,
    w15_partial_never_returns_less_than_a_record,
    w15_partial_finishes_a_pending_record_and_tries_one_more,
    w15_partial_is_invisible_in_a_small_pair,
    w15_a_blocked_answer_can_hide_a_delivered_record,
    w15_a_caller_that_ignores_the_short_count_repeats_itself,
}
