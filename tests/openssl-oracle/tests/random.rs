//! Random schedules: the model predicts OpenSSL, and what is printed can be replayed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use wantls_openssl_oracle::campaign::{Comparison, nth};
use wantls_openssl_oracle::model::ModelLibrary;
use wantls_openssl_oracle::ossl::{OpenSsl, version};
use wantls_openssl_oracle::runner::run;
use wantls_openssl_oracle::schedule::{Schedule, Step, handshakes, schedules};
use wantls_openssl_oracle::setup::{Ends, Library, Setup};
use wantls_openssl_oracle::trace::first_difference;

const AGAINST_MODEL: Comparison<'_> = Comparison { left: &OpenSsl, right: &ModelLibrary, guide: None };

#[test]
fn the_oracle_is_the_measured_version() {
    assert!(version().starts_with("OpenSSL 3.6.3 "), "{}", version());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_model_predicts_openssl(schedule in schedules()) {
        if let Some(report) = AGAINST_MODEL.report(&schedule) {
            let short = AGAINST_MODEL.shrink(&schedule);
            prop_assert!(false, "{short}\n{report}");
        }
    }

    #[test]
    fn the_text_form_replays(schedule in prop_oneof![schedules(), handshakes()]) {
        let text = schedule.to_string();
        prop_assert_eq!(text.parse::<Schedule>(), Ok(schedule));
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "(setup|write|1\\.3|client|again|peer|[0-9]{1,12}|-|a|#|\\n| ){0,30}") {
        if let Ok(schedule) = text.parse::<Schedule>() {
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        }
    }
}

#[test]
fn parse_errors_name_the_line() {
    let error = "setup 1.3 client 10 10\n\nwrite a 0\n".parse::<Schedule>().unwrap_err();
    assert_eq!(error.to_string(), "line 3: expected a number in range");
    let error = "setup 1.3 client 10 10\nread 5 5 # one too many\n".parse::<Schedule>().unwrap_err();
    assert_eq!(error.to_string(), "line 2: expected the end of the line");
    assert_eq!("".parse::<Schedule>().unwrap_err().line, 1);
}

#[test]
fn runs_repeat_exactly() {
    for index in 0..20 {
        let schedule = nth(3, index);
        assert_eq!(schedule, nth(3, index));
        assert_eq!(first_difference(&run(&schedule, &OpenSsl), &run(&schedule, &OpenSsl)), None);
    }
}

/// A library that is wrong on purpose: its outgoing pairs are a byte too large.
struct OneByteMore;

impl Library for OneByteMore {
    fn name(&self) -> &'static str {
        "one byte more"
    }

    fn open(&self, setup: &Setup) -> Ends {
        ModelLibrary.open(&Setup { out_capacity: setup.out_capacity + 1, ..*setup })
    }
}

#[test]
fn a_difference_is_found_and_shrunk_to_its_cause() {
    let comparison = Comparison { right: &OneByteMore, ..AGAINST_MODEL };
    let schedule = (0..).map(|i| nth(5, i)).find(|s| comparison.report(s).is_some()).unwrap();
    let short = comparison.shrink(&schedule);
    assert_eq!(short.steps.len(), 1, "one write fills the pair:\n{short}");
    assert!(matches!(short.steps[0], Step::Write { .. } | Step::Careful { .. } | Step::Retry { .. }));
    let replayed: Schedule = short.to_string().parse().unwrap();
    assert!(comparison.report(&replayed).unwrap().contains('!'), "the file shows it again");
}

#[test]
fn a_guide_ends_the_comparison_in_front_of_a_deviation() {
    let schedule: Schedule =
        "setup 1.3 client 512 512\nwrite a 0 1000\nshutdown\ndrain 9999\nshutdown\n".parse().unwrap();
    let guided = Comparison { guide: Some(&ModelLibrary), ..AGAINST_MODEL };
    assert_eq!(AGAINST_MODEL.runs(&schedule).left.len(), 5);
    let runs = guided.runs(&schedule);
    assert_eq!((runs.left.len(), runs.ended), (1, true), "the shutdown runs into defect 6");
}
