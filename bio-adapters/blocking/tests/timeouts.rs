//! A transport that can time out at every byte: calls are repeated until they are done, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::io::{BufRead, ErrorKind, Read, Result, Write};

use wantls_blocking::Stream;
use wantls_testkit::{Suite, Wire, accept, client, connect, noise, server};

/// `None` for a timeout.
fn patient<R>(result: Result<R>) -> Option<R> {
    match result {
        Ok(r) => Some(r),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn every_call_can_be_repeated_after_a_timeout_at_any_byte() {
    for (suite, capacity) in [
        (Suite::Tls13Aes128, 1),
        (Suite::Tls12Aes128, 1),
        (Suite::Tls13Chacha, 7),
        (Suite::Tls12Chacha, 1000),
        (Suite::Tls13Aes256, 100_000),
    ] {
        let data = noise(40_000);
        let (a, b) = Wire::pair(capacity);
        let mut client = Stream::new(connect(&client(suite)), a);
        let mut server = Stream::new(accept(&server(suite)), b);
        let (mut sent, mut got, mut back) = (0, Vec::new(), Vec::new());
        let (mut returned, mut closed) = (0, false);
        let mut buffer = [0; 5000];
        while !closed {
            if sent < data.len() {
                // Each try has another length, as no write that timed out has taken anything.
                let end = data.len().min(sent + 1 + sent % 3000);
                sent += patient(client.write(&data[sent..end])).unwrap_or(0);
            } else {
                let _ = patient(client.shutdown());
            }
            if let Some(n) = patient(server.read(&mut buffer)) {
                got.extend_from_slice(&buffer[..n]);
            }
            if returned < got.len() {
                returned += patient(server.write(&got[returned..])).unwrap_or(0);
            } else if returned == data.len() {
                let _ = patient(server.shutdown());
            }
            if let Some(lent) = patient(client.fill_buf()) {
                let n = lent.len();
                closed = n == 0;
                back.extend_from_slice(lent);
                client.consume(n);
            }
        }
        assert!(got == data && back == data, "{suite:?} {capacity}");
    }
}
