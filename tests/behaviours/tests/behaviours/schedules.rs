//! Random schedules against the model, and random records against an established connection.

use proptest::prelude::*;
use wantls_testkit::{records, schedule};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_does_what_the_model_says(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        schedule::run(&bytes);
    }

    #[test]
    fn any_records_are_data_or_a_typed_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        records::run(&bytes);
    }
}

/// Runs again what a failure printed: `WANTLS_REPLAY=driver:hex`. Without the variable, the empty script.
#[test]
fn replay() {
    let given = std::env::var("WANTLS_REPLAY").unwrap_or_else(|_| "schedule:".to_string());
    let (driver, hex) = given.split_once(':').expect("driver:hex");
    let digit = |c: char| u8::try_from(c.to_digit(16).expect("a hexadecimal digit")).unwrap();
    let digits: Vec<u8> = hex.chars().map(digit).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    match driver {
        "schedule" => schedule::run(&bytes),
        "records" => records::run(&bytes),
        unknown => panic!("there is no driver {unknown}"),
    }
}
