//! Arbitrary records at an established connection in both roles: sealed as they should be, and not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wantls_testkit::records::run(bytes));
