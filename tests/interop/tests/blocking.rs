//! The blocking adapter with faults below it: cut at each byte of a short session, and slow in every way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, ServerContext};
use wantls_blocking::Stream;
use wantls_interop::faulty::{End, Faults, Faulty};
use wantls_testkit::{Suite, Tls, accept, connect, noise, toy};

type Contexts = (ClientContext, ServerContext);

fn contexts(suite: Suite) -> Contexts {
    // Their signatures have one length, so that every session has as many bytes as the first.
    let client = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
    (client, ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap())
}

/// How one side ended.
struct Report {
    ending: Result<()>,
    got: Vec<u8>,
    received: u64,
}

/// Repeats a call that times out. A real timeout means that nobody will ever send: it hangs.
fn patient<R>(mut call: impl FnMut() -> Result<R>) -> Result<R> {
    for _ in 0..10_000 {
        match call() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            answer => return answer,
        }
    }
    panic!("it hangs")
}

/// Says all, closes, and listens to the end; the socket is closed then, whatever has happened.
fn talk(tls: Tls, socket: UnixStream, faults: Faults, data: &[u8]) -> Report {
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut stream = Stream::new(tls, Faulty::new(socket, faults));
    let mut got = Vec::new();
    let ending = converse(&mut stream, data, &mut got);
    Report { ending, got, received: stream.get_ref().received() }
}

fn converse(stream: &mut Stream<Faulty<UnixStream>>, data: &[u8], got: &mut Vec<u8>) -> Result<()> {
    let mut sent = 0;
    while sent < data.len() {
        // Another length at each try: a write that timed out has taken nothing.
        let end = data.len().min(sent + 1 + (sent + got.len()) % 700);
        sent += patient(|| stream.write(&data[sent..end]))?;
    }
    patient(|| stream.shutdown())?;
    let mut buffer = [0; 1000];
    loop {
        match patient(|| stream.read(&mut buffer))? {
            0 => return Ok(()),
            n => got.extend_from_slice(&buffer[..n]),
        }
    }
}

/// A session of client and server, each in a thread.
fn session(contexts: &Contexts, faults: [Faults; 2], data: &[u8]) -> [Report; 2] {
    let (a, b) = UnixStream::pair().unwrap();
    let reports = thread::scope(|scope| {
        let server = scope.spawn(|| talk(accept(&contexts.1), b, faults[1], data));
        [talk(connect(&contexts.0), a, faults[0], data), server.join().unwrap()]
    });
    for Report { ending, got, .. } in &reports {
        assert!(data.starts_with(got), "made up: {got:?}");
        assert!(ending.is_err() || got == data, "closed in the middle of the data");
    }
    reports
}

fn only(side: usize, faults: Faults) -> [Faults; 2] {
    let mut both = [Faults::NONE; 2];
    both[side] = faults;
    both
}

#[test]
fn a_cut_at_any_byte_is_an_error() {
    let data = b"as much as a short session says";
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let contexts = contexts(suite);
        let clean = session(&contexts, [Faults::NONE; 2], data);
        for side in [0, 1] {
            assert!(clean[side].ending.is_ok() && clean[side].received > 300);
            for at in 0..clean[side].received {
                for end in [End::Eof, End::Reset] {
                    let faults = Faults { receive_end: Some((at, end)), ..Faults::NONE };
                    let reports = session(&contexts, only(side, faults), data);
                    assert!(reports[side].ending.is_err(), "{suite:?}, side {side}, byte {at}, {end:?}");
                }
                let faults = Faults { send_reset: Some(at), ..Faults::NONE };
                let reports = session(&contexts, only(1 - side, faults), data);
                assert!(
                    reports.iter().all(|r| r.ending.is_err()),
                    "{suite:?}, side {side} is sent {at} bytes"
                );
            }
        }
    }
}

#[test]
fn interruptions_timeouts_and_pieces_lose_nothing() {
    let data = noise(20_000);
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for seed in 0..20 {
            let slow = Faults { seed, most: 300, steady: false, interrupts: 4, storm: 9, ..Faults::NONE };
            let faults = [slow, Faults { seed: seed + 100, ..slow }];
            for report in session(&contexts(suite), faults, &data) {
                report.ending.unwrap();
            }
        }
    }
}
