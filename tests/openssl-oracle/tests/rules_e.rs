//! The E rules: `SSL_get_error` and `SSL_want`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::setup::{Library, Setup, Version};
use wantls_openssl_oracle::subject::code;

const BLOCKED: &str = "-1/WANT_WRITE";

#[test]
fn e02_numbers() {
    use openssl_sys as sys;
    assert_eq!(
        [code::NONE, code::SSL, code::WANT_READ, code::WANT_WRITE, code::SYSCALL, code::ZERO_RETURN],
        [
            sys::SSL_ERROR_NONE,
            sys::SSL_ERROR_SSL,
            sys::SSL_ERROR_WANT_READ,
            sys::SSL_ERROR_WANT_WRITE,
            sys::SSL_ERROR_SYSCALL,
            sys::SSL_ERROR_ZERO_RETURN,
        ]
    );
    assert_eq!([code::SENT, code::RCVD], [sys::SSL_SENT_SHUTDOWN, sys::SSL_RECEIVED_SHUTDOWN]);
}

fn e01_success_is_none(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.subject.get_error(1), code::NONE, "whatever the state is");
        assert_eq!(lab.subject.get_error(-1), code::WANT_WRITE);
    }
}

fn e03_zero_and_minus_one_are_the_same_question(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.subject.get_error(0), lab.subject.get_error(-1));
        lab.read(1);
        assert_eq!(lab.subject.get_error(0), code::WANT_READ);
        assert_eq!(lab.subject.get_error(-1), code::WANT_READ);
    }
}

fn e04_the_answer_does_not_change_by_moving_bytes(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        lab.drain();
        assert_eq!(lab.subject.get_error(-1), code::WANT_WRITE);
        assert_eq!(lab.read(1), "-1/WANT_READ");
        lab.peer_writes(10);
        assert_eq!(lab.subject.get_error(-1), code::WANT_READ);
    }
}

fn e05_want_after_success(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 2000);
        lab.write(10);
        assert_eq!(lab.subject.want(), code::NOTHING);
        assert_eq!(lab.subject.get_error(-1), code::SYSCALL);
        lab.read(1);
        assert_eq!(lab.handshake(), "1");
        assert_eq!(lab.subject.want(), code::READING, "left as it was");
        lab.peer_closes();
        lab.read(1);
        lab.write(10);
        assert_eq!(lab.subject.get_error(-1), code::ZERO_RETURN);
    }
}

fn e05_key_update_leaves_want(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.read(1);
    lab.subject.key_update(0);
    assert_eq!(lab.subject.want(), code::READING);
}

fn e06_a_refused_peek_is_stale(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.peer_closes();
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.peek(1), "0/WANT_WRITE");
        assert_eq!(lab.read(1), "0/ZERO_RETURN", "a refused read is not");
    }
}

fn e09_zero_return_is_no_proof(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.peer_dies();
        assert_eq!(lab.read(1), "0/SSL 1020", "only the first failing call is to be believed");
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
    }
}

fn e10_syscall_is_the_fallback(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(0), "0/SYSCALL");
        lab.peer_writes(1);
        assert_eq!(lab.read(0), "0/SYSCALL");
        lab.subject.close_in();
        lab.read(1);
        lab.read(1);
        assert_eq!(lab.read(1), "-1/SYSCALL");
    }
}

fn e11_not_all_library_errors_are_fatal(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 5000);
        assert_eq!(lab.write(-1), "-1/SSL 271");
        assert_eq!(lab.read(-1), "-1/SSL 271");
        assert_eq!(lab.write_ex2(1, 1), "0/SSL 412");
        assert_eq!(lab.subject.key_update(7).ret, 0);
        assert_eq!(lab.write(10), "10");
        lab.shutdown();
        assert_eq!(lab.write(10), "-1/SSL 207");
        lab.peer_writes(5);
        assert_eq!(lab.read(5), "5");
    }
}

wantls_openssl_oracle::on_every_library! {
    established:
    e01_success_is_none,
    e03_zero_and_minus_one_are_the_same_question,
    e04_the_answer_does_not_change_by_moving_bytes,
    e05_want_after_success,
    e05_key_update_leaves_want,
    e06_a_refused_peek_is_stale,
    e09_zero_return_is_no_proof,
    e10_syscall_is_the_fallback,
    e11_not_all_library_errors_are_fatal,
}

/// The queue is the thread's: an entry of one connection falsifies the answer of another.
#[test]
fn r18_a_stale_queue_entry_hides_a_want() {
    use openssl_sys as sys;
    for version in VERSIONS {
        let (mut other, _) = OpenSsl.ends(&Setup::client(version, 512));
        let (end, _peer) = OpenSsl.ends(&Setup::client(version, 512));
        use wantls_openssl_oracle::subject::Subject as _;
        assert_eq!(other.write(&[], -1).error, code::SSL);
        let mut byte = [0_u8];
        // SAFETY: one byte is writable.
        let ret = unsafe { sys::SSL_read(end.raw(), byte.as_mut_ptr().cast(), 1) };
        // SAFETY: the object is valid.
        let error = unsafe { sys::SSL_get_error(end.raw(), ret) };
        assert_eq!((ret, error), (-1, code::SSL));
        // SAFETY: touches only this thread's queue.
        unsafe { sys::ERR_clear_error() };
        // SAFETY: the object is valid.
        assert_eq!(unsafe { sys::SSL_get_error(end.raw(), ret) }, code::WANT_READ);
    }
}
