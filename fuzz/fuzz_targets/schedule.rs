//! Arbitrary call orders, slices, quotas and damage at both ends of a BIO pair, against the model.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wantls_testkit::schedule::run(bytes));
