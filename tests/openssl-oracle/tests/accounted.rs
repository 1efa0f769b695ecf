//! Every rule has a test or a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::rules::{FAMILIES, WITHOUT_TEST};

const SOURCES: [&str; 12] = [
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
    include_str!("defects.rs"),
    include_str!("vectors.rs"),
];

/// Whether a test is named after the rule; one test may carry two, as in `b12_b14_pairing_again`.
fn has_test(rule: &str) -> bool {
    SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(function)
        .any(|name| name.split('_').take(2).any(|part| part == rule))
}

fn function(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("fn ")?.split('(').next()
}

#[test]
fn every_rule_has_a_test_or_a_reason() {
    for (family, count) in FAMILIES {
        for number in 1..=count {
            let rule = format!("{family}{number:02}");
            let reason = WITHOUT_TEST.iter().any(|(exempt, _)| *exempt == rule);
            assert!(has_test(&rule) != reason, "{rule}: needs exactly one of a test and a reason");
        }
    }
}
