//! Early data, pauses in callbacks and flags set by hand: what only OpenSSL has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use core::ffi::{c_int, c_void};
use core::ptr;

use openssl_sys::{BIO, SSL, SSL_SESSION};
use wantls_openssl_oracle::ossl::{OpenSsl, Ossl};
use wantls_openssl_oracle::setup::{Options, Setup, Version};
use wantls_openssl_oracle::subject::{Outcome, Subject as _, code};

unsafe extern "C" {
    fn SSL_get1_session(ssl: *mut SSL) -> *mut SSL_SESSION;
    fn SSL_set_cert_cb(
        ssl: *mut SSL,
        callback: extern "C" fn(*mut SSL, *mut c_void) -> c_int,
        argument: *mut c_void,
    );
    fn SSL_set_options(ssl: *mut SSL, options: u64) -> u64;
    fn BIO_set_retry_reason(bio: *mut BIO, reason: c_int);
}

/// A new client that may send early data over a pair of `capacity`, and its server.
fn early(capacity: usize) -> (Ossl, Ossl) {
    let tickets = Options { tickets: 1, ..Options::default() };
    let (mut server, mut client) = OpenSsl.ends(&Setup::server(Version::Tls13, 20000).fresh().with(tickets));
    allow(&server);
    for _ in 0..4 {
        client.do_handshake();
        server.fill(&client.drain(usize::MAX));
        server.do_handshake();
        client.fill(&server.drain(usize::MAX));
    }
    assert_eq!(client.read(1).error, code::WANT_READ, "the ticket");
    // SAFETY: the object is valid; the reference is given back below.
    let session = unsafe { SSL_get1_session(client.raw()) };
    client.set_shutdown(code::SENT | code::RCVD);

    let (client, server) = OpenSsl.ends(&Setup::client(Version::Tls13, capacity).fresh());
    allow(&server);
    // SAFETY: both are valid.
    assert_eq!(unsafe { openssl_sys::SSL_set_session(client.raw(), session) }, 1);
    // SAFETY: the reference from above.
    unsafe { openssl_sys::SSL_SESSION_free(session) };
    (client, server)
}

/// Without the server's memory of tickets, which its context has switched off.
fn allow(server: &Ossl) {
    const NO_ANTI_REPLAY: u64 = 1 << 24;
    // SAFETY: the object is valid, any bits.
    unsafe { SSL_set_options(server.raw(), NO_ANTI_REPLAY) };
    // SAFETY: the object is valid.
    assert_eq!(unsafe { openssl_sys::SSL_set_max_early_data(server.raw(), 16384) }, 1);
}

fn write_early(client: &mut Ossl, bytes: &[u8]) -> Outcome {
    let mut written = usize::MAX;
    let outcome = client.call(|ssl| {
        // SAFETY: pointer and length are those of one slice; the count is a local.
        unsafe {
            openssl_sys::SSL_write_early_data(ssl, bytes.as_ptr().cast(), bytes.len(), &raw mut written)
        }
    });
    Outcome { count: (written != usize::MAX).then_some(written), ..outcome }
}

/// Writes `n` bytes, and repeats the call with `again` of them until it no longer wants to write.
fn write_early_over(capacity: usize, n: usize, again: usize) -> (Outcome, Ossl) {
    let (mut client, mut server) = early(capacity);
    let data = [7; 5000];
    assert_eq!(write_early(&mut client, &data[..n]).to_string(), "0/WANT_WRITE");
    for _ in 0..100 {
        server.fill(&client.drain(usize::MAX));
        let outcome = write_early(&mut client, &data[..again]);
        if outcome.error != code::WANT_WRITE {
            server.fill(&client.drain(usize::MAX));
            return (outcome, server);
        }
        assert_eq!(outcome.count, None, "untouched");
    }
    panic!("it does not end");
}

fn read_early(server: &mut Ossl) -> usize {
    let (mut data, mut n) = ([0; 5000], 0);
    // SAFETY: the buffer has the length that is told; the count is a local.
    server.call(|ssl| unsafe {
        openssl_sys::SSL_read_early_data(ssl, data.as_mut_ptr().cast(), data.len(), &raw mut n)
    });
    n
}

#[test]
fn f07_early_data_includes_the_hello_and_the_flush() {
    let (outcome, mut server) = write_early_over(100, 1000, 1000);
    assert_eq!(outcome.to_string(), "1 n=1000");
    assert_eq!(read_early(&mut server), 1000);
}

#[test]
fn f08_d11_a_retry_of_the_flush_tells_its_own_length() {
    let (outcome, mut server) = write_early_over(100, 1000, 7);
    assert_eq!(outcome.to_string(), "1 n=7");
    assert_eq!(read_early(&mut server), 1000, "all the same");
    let (outcome, _) = write_early_over(100, 5000, 7);
    assert_eq!(outcome.to_string(), "0/SSL 271", "the record itself was pending");
}

/// Pauses twice.
extern "C" fn pause(_: *mut SSL, left: *mut c_void) -> c_int {
    // SAFETY: the test passes a counter that outlives the handshake, and nobody else looks at it meanwhile.
    let left = unsafe { &mut *left.cast::<c_int>() };
    *left -= 1;
    if *left < 0 { 1 } else { -1 }
}

#[test]
fn h11_a_callback_pauses_the_handshake() {
    for version in [Version::Tls13, Version::Tls12] {
        let (mut server, mut client) = OpenSsl.ends(&Setup::server(version, 20000).fresh());
        let mut left: c_int = 2;
        // SAFETY: the object is valid, and the counter lives as long.
        unsafe { SSL_set_cert_cb(server.raw(), pause, (&raw mut left).cast()) };
        client.do_handshake();
        server.fill(&client.drain(usize::MAX));
        let paused = server.write(b"x", 1);
        assert_eq!((paused.ret, paused.error, server.want()), (-1, 4, 4), "WANT_X509_LOOKUP");
        let paused = server.read(1);
        assert_eq!((paused.ret, paused.error, server.want()), (-1, 4, 4));
        assert_eq!(server.do_handshake().error, code::WANT_READ, "asked again, it goes on");
        // SAFETY: the object is valid; the counter is about to go.
        unsafe { SSL_set_cert_cb(server.raw(), pause, ptr::null_mut()) };
    }
}

#[test]
fn e07_the_flag_of_the_other_direction_wins() {
    const READ: c_int = 1;
    const WRITE: c_int = 2;
    const SPECIAL: c_int = 4;
    const RETRY: c_int = 8;
    const CONNECT: c_int = 2;
    const ACCEPT: c_int = 3;
    let [reads, writes] = [false, true].map(|write| {
        let (mut end, _peer) = OpenSsl.ends(&Setup::client(Version::Tls13, 512));
        let outcome = if write { end.write(&[0; 1000], 1000) } else { end.read(1) };
        let answers =
            [(READ, 0), (WRITE, 0), (SPECIAL, CONNECT), (SPECIAL, ACCEPT)].map(|(flags, reason)| {
                // SAFETY: the object is valid.
                let bio = unsafe { openssl_sys::SSL_get_wbio(end.raw()) };
                // SAFETY: valid, and only its flags are touched.
                unsafe { openssl_sys::BIO_clear_flags(bio, READ | WRITE | SPECIAL | RETRY) };
                // SAFETY: the same.
                unsafe { openssl_sys::BIO_set_flags(bio, RETRY | flags) };
                // SAFETY: the same.
                unsafe { BIO_set_retry_reason(bio, reason) };
                end.get_error(outcome.ret)
            });
        (outcome.error, answers)
    });
    let answers = [code::WANT_READ, code::WANT_WRITE, 7, 8];
    assert_eq!(reads, (code::WANT_READ, answers));
    assert_eq!(writes, (code::WANT_WRITE, answers));
}
