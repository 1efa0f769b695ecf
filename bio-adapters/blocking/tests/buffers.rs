//! A connection's buffers can be arrays, static slices, boxes and vectors, with a heap or without.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use std::io::{Read, Write};
use std::thread;

use wantls::buffers::{TLS12_RECORD, min_tls_out};
use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, BuildError};
use wantls_blocking::Stream;
use wantls_testkit::{NAME, Suite, accept, client, loopback, server};

/// Any record of either version fits, and the largest piece of a handshake.
const SIZE: usize = TLS12_RECORD;

/// Sends and receives with both versions, each time on new buffers.
fn round_trip<B: AsRef<[u8]> + AsMut<[u8]>>(buffer: impl Fn() -> B) {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (a, b) = loopback();
        let server = thread::spawn(move || {
            let mut stream = Stream::new(accept(&server(suite)), b);
            let mut got = [0; 5];
            stream.read_exact(&mut got).unwrap();
            stream.write_all(&got).unwrap();
        });
        let name = ServerName::try_from(NAME).unwrap();
        let tls = client(suite).connect(name, Buffers::new(buffer(), buffer())).unwrap();
        let mut stream = Stream::new(tls, a);
        stream.write_all(b"hello").unwrap();
        let mut back = [0; 5];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"hello");
        server.join().unwrap();
    }
}

#[test]
fn arrays() {
    round_trip(|| [0; SIZE]);
}

#[test]
fn static_slices() {
    round_trip(|| -> &'static mut [u8] { Box::leak(Box::new([0; SIZE])) });
}

#[test]
fn boxes() {
    round_trip(|| vec![0; SIZE].into_boxed_slice());
}

#[test]
fn vectors() {
    round_trip(|| vec![0; SIZE]);
}

#[test]
fn vectors_without_a_heap() {
    round_trip(|| {
        let mut buffer = heapless::Vec::<u8, SIZE>::new();
        buffer.resize_default(SIZE).unwrap();
        buffer
    });
}

#[test]
fn a_buffer_that_is_too_small_is_refused_with_the_size_that_is_not() {
    let name = ServerName::try_from(NAME).unwrap();
    let needed = min_tls_out(None);
    let refused = client(Suite::Tls13Aes128).connect(name, Buffers::new(vec![0; SIZE], vec![0; needed - 1]));
    let expected = BuildError::BufferTooSmall { which: "tls_out", needed, given: needed - 1 };
    assert_eq!(refused.unwrap_err(), expected);
}
