//! The B rules: the BIO pair by itself, and under TLS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::BioPair;
use wantls_openssl_oracle::pipe::Half::{A, B};
use wantls_openssl_oracle::pipe::{Flags, Pipe};
use wantls_openssl_oracle::setup::Library;
use wantls_openssl_oracle::subject::code;
use wantls_openssl_oracle::wantls::WantlsPair;

/// Makes a pair with the capacities of both halves.
type Make = fn(usize, usize) -> Box<dyn Pipe>;

fn b01_default_capacity(make: Make) {
    let pipe = make(0, 20);
    assert_eq!((pipe.write_guarantee(A), pipe.write_guarantee(B)), (17 * 1024, 20));
}

fn b02_short_writes_are_successes(make: Make) {
    let mut pipe = make(10, 20);
    assert_eq!(pipe.write(A, b"1234"), 4);
    assert_eq!(pipe.write(A, b"1234567890"), 6);
    assert_eq!(pipe.flags(A), Flags::Clear);
    assert_eq!(pipe.write(A, b"1"), -1);
    assert_eq!(pipe.flags(A), Flags::Write);
}

fn b03_reads_wrap_around(make: Make) {
    let mut pipe = make(10, 20);
    pipe.write(A, b"1234567");
    assert_eq!(pipe.read(B, 5).1, b"12345");
    pipe.write(A, b"abcdefgh");
    assert_eq!(pipe.read(B, 100), (10, b"67abcdefgh".to_vec()));
    assert_eq!((pipe.read(B, 1).0, pipe.flags(B)), (-1, Flags::Read));
    pipe.shutdown_wr(A);
    assert_eq!((pipe.read(B, 1).0, pipe.flags(B)), (0, Flags::Clear));
}

fn b04_flags_belong_to_the_half(make: Make) {
    let mut pipe = make(4, 4);
    pipe.write(A, b"1234");
    pipe.write(A, b"5");
    pipe.read(B, 3);
    pipe.flush(A);
    assert_eq!(pipe.flags(A), Flags::Write, "draining does not clear them");
    pipe.write(A, b"5");
    assert_eq!(pipe.flags(A), Flags::Clear);
}

fn b05_write_guarantee(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1234");
    assert_eq!(pipe.write_guarantee(A), 6);
    assert_eq!(pipe.write(A, b"123456"), 6);
    assert_eq!(pipe.write_guarantee(A), 0);
    pipe.read(B, 10);
    pipe.shutdown_wr(A);
    assert_eq!(pipe.write_guarantee(A), 0);
}

fn b06_read_request(make: Make) {
    let mut pipe = make(10, 20);
    for (asked, request) in [(100, 10), (7, 7), (5, 5)] {
        assert_eq!(pipe.read(B, asked).0, -1);
        assert_eq!(pipe.read_request(A), request, "replaced, not added");
    }
    pipe.write(A, b"1");
    assert_eq!(pipe.read_request(A), 0);
    pipe.read(B, 1);
    pipe.read(B, 3);
    assert_eq!(pipe.read_request(A), 3);
    pipe.reset_read_request(A);
    assert_eq!(pipe.read_request(A), 0);
}

fn b07_pending(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1234");
    assert_eq!((pipe.pending(B), pipe.wpending(A)), (4, 4));
    assert_eq!((pipe.pending(A), pipe.wpending(B)), (0, 0));
}

fn b08_shutdown_wr(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1234");
    assert_eq!((pipe.shutdown_wr(A), pipe.shutdown_wr(A)), (1, 1));
    assert_eq!((pipe.write(A, b"5"), pipe.flags(A)), (-1, Flags::Clear));
    assert_eq!(pipe.read(B, 10).1, b"1234", "stored bytes stay");
    assert_eq!(pipe.write(B, b"12"), 2, "the other direction is not affected");
    assert_eq!(pipe.read(A, 5).0, 2);
}

fn b09_eof(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1");
    pipe.shutdown_wr(A);
    assert!(!pipe.eof(B), "a byte is left");
    pipe.read(B, 1);
    assert!(pipe.eof(B));
    assert!(!pipe.eof(A));
}

fn b10_zero_lengths(make: Make) {
    let mut pipe = make(10, 10);
    assert_eq!(pipe.write(A, b""), 0);
    pipe.write(A, b"1");
    assert_eq!(pipe.read(B, 0).0, 0);
    assert_eq!(pipe.pending(B), 1);
}

fn b11_flush_and_reset(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1234");
    assert_eq!(pipe.flush(A), 1);
    assert_eq!(pipe.pending(B), 4);
    assert_eq!(pipe.reset(A), 0);
    assert_eq!(pipe.pending(B), 0, "discarded");
}

fn b13_destroyed(make: Make) {
    let mut pipe = make(10, 10);
    pipe.write(A, b"1234");
    pipe.write(B, b"12");
    pipe.destroy(A);
    for half in [A, B] {
        assert_eq!((pipe.write(half, b"1"), pipe.flags(half)), (-1, Flags::Clear));
        assert_eq!((pipe.read(half, 1).0, pipe.flags(half)), (-1, Flags::Clear));
        assert_eq!(pipe.write_guarantee(half), 0);
        assert!(pipe.eof(half));
    }
}

fn b16_tiny(make: Make) {
    let mut pipe = make(3, 1);
    pipe.read(B, 5);
    assert_eq!(pipe.read_request(A), 3, "never more than the capacity");
    assert_eq!(pipe.write(A, b"12345"), 3);
    assert_eq!(pipe.write(B, b"12"), 1);
}

fn v27(make: Make) {
    let mut pipe = make(10, 20);
    assert_eq!((pipe.write(A, b"1234"), pipe.write(A, b"1234567890")), (4, 6));
    assert_eq!(pipe.flags(A), Flags::Clear);
    assert_eq!((pipe.write(A, b"1"), pipe.flags(A)), (-1, Flags::Write));
    assert_eq!((pipe.read(B, 3).0, pipe.flags(A)), (3, Flags::Write));
}

fn v28(make: Make) {
    let mut pipe = make(10, 20);
    for (asked, request) in [(100, 10), (7, 7), (5, 5)] {
        pipe.read(B, asked);
        assert_eq!(pipe.read_request(A), request);
    }
    pipe.write(A, b"1");
    assert_eq!(pipe.read_request(A), 0);
}

macro_rules! pipes {
    ($($name:ident),* $(,)?) => {
        mod openssl { $(#[test] fn $name() { super::$name(|a, b| Box::new(super::BioPair::new(a, b))); })* }
        mod wantls { $(#[test] fn $name() { super::$name(|a, b| Box::new(super::WantlsPair::new(a, b))); })* }
    };
}

pipes! {
    b01_default_capacity,
    b02_short_writes_are_successes,
    b03_reads_wrap_around,
    b04_flags_belong_to_the_half,
    b05_write_guarantee,
    b06_read_request,
    b07_pending,
    b08_shutdown_wr,
    b09_eof,
    b10_zero_lengths,
    b11_flush_and_reset,
    b13_destroyed,
    b16_tiny,
    v27,
    v28,
}

mod openssl_only {
    use super::*;
    use core::ptr;

    /// What the product's pair has no counterpart for: changing the size of a pair that exists.
    #[test]
    fn b12_b14_pairing_again() {
        const SET_SIZE: i32 = 136;
        const MAKE: i32 = 138;
        const DESTROY: i32 = 139;
        const SHUTDOWN: i32 = 142;
        const GUARANTEE: i32 = 140;
        let pair = BioPair::new(10, 10);
        let [a, b] = pair.raw_halves();
        let control = |bio, command, number, other: *mut openssl_sys::BIO| {
            // SAFETY: both halves live, and the commands take a number or the other half.
            unsafe { openssl_sys::BIO_ctrl(bio, command, number, other.cast()) }
        };
        assert_eq!(control(a, SET_SIZE, 30, ptr::null_mut()), 0, "in use");
        assert_eq!(control(a, MAKE, 0, b), 0, "in use");
        control(a, SHUTDOWN, 0, ptr::null_mut());
        control(a, DESTROY, 0, ptr::null_mut());
        assert_eq!(control(a, SET_SIZE, 0, ptr::null_mut()), 0, "no size");
        assert_eq!(control(a, SET_SIZE, 30, ptr::null_mut()), 1);
        assert_eq!(control(a, MAKE, 0, b), 1);
        assert_eq!(control(a, GUARANTEE, 0, ptr::null_mut()), 30, "open again, with the new size");
    }
}

/// Under TLS, a write that exactly fills the pair is a success; one more byte is a want.
fn b15_a_want_needs_a_byte_left_over(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, version.wire(100));
        assert_eq!(lab.write(100), "100");
        assert_eq!(lab.subject.want(), code::NOTHING);
        let mut lab = Lab::client(library, version, version.wire(100) - 1);
        assert_eq!(lab.write(100), "-1/WANT_WRITE");
    }
}

wantls_openssl_oracle::on_every_library! { b15_a_want_needs_a_byte_left_over }
