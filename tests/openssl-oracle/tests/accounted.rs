//! Every rule has a test on OpenSSL and one on wantls, or a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use wantls_openssl_oracle::rules::{ELSEWHERE, FAMILIES, WITHOUT_TEST};
use wantls_ssl::DIFFERENCES;

/// Tests on OpenSSL; those in the lists of the macros run on wantls too.
const ON_OPENSSL: &[&str] = &[
    include_str!("rules_w.rs"),
    include_str!("rules_w_partial.rs"),
    include_str!("rules_r.rs"),
    include_str!("rules_s.rs"),
    include_str!("rules_h.rs"),
    include_str!("rules_h_renegotiation.rs"),
    include_str!("rules_b.rs"),
    include_str!("rules_e.rs"),
    include_str!("rules_m.rs"),
    include_str!("rules_f.rs"),
    include_str!("rules_bio.rs"),
    include_str!("rules_early.rs"),
    include_str!("defects.rs"),
    include_str!("vectors.rs"),
];

/// Tests on wantls alone.
const ON_WANTLS: &[&str] =
    &[include_str!("rules_ssl.rs"), include_str!("../../../bio-adapters/bio-pair/tests/rules.rs")];

const NAMED: &str = include_str!("named_differences.rs");

/// The names of all functions of a file.
fn functions(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| line.trim_start().strip_prefix("fn ")?.split(['(', '<']).next())
}

/// The names in the lists of the macros that make tests for both.
fn listed(source: &str) -> impl Iterator<Item = &str> {
    let lists = ["on_every_library! {", "pipes! {"].map(|list| source.split(list).skip(1));
    let names = lists.into_iter().flatten().filter_map(|rest| rest.split('}').next());
    names.flat_map(|list| list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
}

/// Whether a test is named after the rule; one test may carry two, as in `b12_b14_pairing_again`.
fn is_about(test: &str, rule: &str) -> bool {
    test.split('_').take(2).any(|part| part == rule)
}

/// Tests on wantls have it in their name, or are in a file of their own.
fn ours(source: &str) -> impl Iterator<Item = &str> {
    functions(source).filter(|name| name.ends_with("_on_wantls"))
}

/// What is missing: for each rule a test on either library, or a reason to have none.
fn missing(on_openssl: &[&str], on_wantls: &[&str]) -> Vec<String> {
    let openssl: BTreeSet<&str> = on_openssl.iter().flat_map(|source| functions(source)).collect();
    let both = on_openssl.iter().flat_map(|source| listed(source).chain(ours(source)));
    let wantls: BTreeSet<&str> = on_wantls.iter().flat_map(|source| functions(source)).chain(both).collect();
    let rules = FAMILIES
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |number| format!("{family}{number:02}")));
    let mut missing = Vec::new();
    for rule in rules {
        let has = |tests: &BTreeSet<&str>| tests.iter().any(|test| is_about(test, &rule));
        let reason = |list: &[(&str, &str)]| list.iter().any(|(exempt, _)| *exempt == rule);
        if has(&openssl) == reason(WITHOUT_TEST) {
            missing.push(format!("{rule}: exactly one of a test on OpenSSL and a reason to have none"));
        }
        if has(&wantls) == (reason(WITHOUT_TEST) || reason(ELSEWHERE)) {
            missing.push(format!("{rule}: exactly one of a test on wantls and a reason to have none"));
        }
    }
    missing
}

#[test]
fn every_rule_has_its_tests_or_a_reason() {
    let missing = missing(ON_OPENSSL, ON_WANTLS);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The rules that are shown elsewhere name the difference whose test shows ours.
#[test]
fn what_differs_is_shown_by_its_difference() {
    for (rule, name) in ELSEWHERE {
        assert!(DIFFERENCES.iter().any(|difference| difference.id == *name), "{rule}: {name}");
    }
    for difference in DIFFERENCES {
        let test = difference.id.replace('-', "_");
        assert!(functions(NAMED).any(|name| name == test), "{test} has no test");
    }
}

/// A test that goes, from either side, is missed.
#[test]
fn a_test_that_is_gone_is_missed() {
    for (source, test) in
        [("rules_w", "w10"), ("rules_w_partial", "w15"), ("rules_b", "b05"), ("defects", "d01")]
    {
        let all =
            ON_OPENSSL.iter().map(|source| source.replace(&format!("{test}_"), "gone_")).collect::<Vec<_>>();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let missing = missing(&all, &[]);
        assert!(
            missing.iter().any(|m| m.starts_with(test) && m.contains("OpenSSL")),
            "{source}: {missing:?}"
        );
    }
    let unlisted: Vec<String> =
        ON_OPENSSL.iter().map(|source| source.replace("on_every_library!", "off!")).collect();
    let unlisted: Vec<&str> = unlisted.iter().map(String::as_str).collect();
    let missing = missing(&unlisted, ON_WANTLS);
    assert!(missing.iter().any(|m| m.starts_with("w10") && m.contains("wantls")), "{missing:?}");
    assert!(!missing.iter().any(|m| m.contains("on OpenSSL")), "{missing:?}");
}
