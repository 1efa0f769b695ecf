//! The halves of a split stream under load: neither waits for the other, and nothing gets lost between them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wantls::rustls::AlertDescription;
use wantls::{Error, ProtocolError, Received, Step, Usage, Version};
use wantls_blocking::{ReadHalf, Stream, WriteHalf};
use wantls_testkit::{Suite, Tls, accept, client, connect, loopback, noise, server};

const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

type Reader = ReadHalf<TcpStream, TcpStream, Box<[u8]>>;
type Writer = WriteHalf<TcpStream, Box<[u8]>>;

fn established(suite: Suite) -> (Stream<TcpStream>, Stream<TcpStream>) {
    let (a, b) = loopback();
    let mut client = Stream::new(connect(&client(suite)), a);
    let server = thread::spawn(move || {
        let mut server = Stream::new(accept(&server(suite)), b);
        server.handshake().unwrap();
        server
    });
    client.handshake().unwrap();
    (client, server.join().unwrap())
}

fn send_all(mut writer: Writer, data: &[u8], key_updates: bool) {
    for (i, chunk) in data.chunks(30_011).enumerate() {
        writer.write_all(chunk).unwrap();
        if key_updates && i % 5 == 0 {
            writer.key_update(true).unwrap();
        }
    }
    writer.shutdown().unwrap();
}

fn receive_all(mut reader: Reader) -> Vec<u8> {
    let mut data = Vec::new();
    reader.read_to_end(&mut data).unwrap();
    data
}

#[test]
fn both_ends_read_and_write_at_once_while_keys_change() {
    let data = noise(5_000_000);
    for suite in BOTH {
        let (client, server) = established(suite);
        let key_updates = suite.version() == Version::Tls13;
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = [client, server]
                .into_iter()
                .map(|stream| {
                    let (reader, writer) = stream.split().unwrap();
                    let data = &data;
                    scope.spawn(move || send_all(writer, data, key_updates));
                    scope.spawn(move || receive_all(reader))
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(results.iter().all(|got| *got == data), "{suite:?}");
    }
}

/// Fills the pipe until a write stands still; the writer then hangs in a thread of its own.
fn block(mut writer: Writer) -> thread::JoinHandle<Writer> {
    let (tick, ticks) = mpsc::channel();
    let blocked = thread::spawn(move || {
        let data = noise(100_000);
        for _ in 0..200 {
            writer.write_all(&data).unwrap();
            let _ = tick.send(());
        }
        writer
    });
    while ticks.recv_timeout(Duration::from_millis(200)).is_ok() {}
    assert!(!blocked.is_finished(), "20 MB fit into the sockets");
    blocked
}

#[test]
fn a_blocked_writer_does_not_delay_the_reader() {
    for suite in BOTH {
        let (client, mut server) = established(suite);
        let (mut reader, writer) = client.split().unwrap();
        let blocked = block(writer);
        // The client's writer is stuck, as the server does not read. Data still comes through, many times.
        let mut got = [0; 1000];
        for _ in 0..50 {
            server.write_all(&noise(1000)).unwrap();
            reader.read_exact(&mut got).unwrap();
            assert!(got[..] == noise(1000));
        }
        assert!(!blocked.is_finished());
        // And nothing of what was written gets lost.
        let expected = noise(100_000);
        let mut chunk = vec![0; expected.len()];
        for _ in 0..200 {
            server.read_exact(&mut chunk).unwrap();
            assert!(chunk == expected);
        }
        blocked.join().unwrap();
    }
}

#[test]
fn a_key_update_that_the_peer_asks_for_is_answered_behind_a_blocked_write() {
    let (client, mut server) = established(Suite::Tls13Aes128);
    let (mut reader, writer) = client.split().unwrap();
    let blocked = block(writer);
    server.key_update(true).unwrap();
    server.write_all(b"new key").unwrap();
    let mut got = [0; 7];
    reader.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"new key");
    let (mut chunk, expected) = (vec![0; 100_000], noise(100_000));
    for _ in 0..200 {
        server.read_exact(&mut chunk).unwrap();
        assert!(chunk == expected);
    }
    let mut writer = blocked.join().unwrap();
    writer.write_all(b"answered").unwrap();
    let mut got = [0; 8];
    server.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"answered");
    assert_eq!(reader.with_tls(|tls| tls.key_update_due()).unwrap(), None);
}

#[test]
fn the_readers_alert_follows_a_blocked_write() {
    for suite in BOTH {
        let (client, server) = established(suite);
        let (mut reader, writer) = client.split().unwrap();
        let blocked = block(writer);
        // A record that does not decrypt, while the writer is stuck.
        let (mut tls, mut socket): (Tls, _) = server.into_parts();
        socket.write_all(&[&[23, 3, 3, 0, 40][..], &[0; 40]].concat()).unwrap();
        let error = reader.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(!blocked.is_finished());
        // The peer reads: all whole records that were taken, and then the alert.
        let expected = Error::Peer(AlertDescription::BadRecordMac);
        let mut data = vec![0; 20_000];
        let mut total = 0;
        let error = loop {
            match tls.read(&mut data) {
                Ok(Step::Done(Received::Data(n))) => total += n.get(),
                Ok(Step::Want(_)) => {
                    let mut grant = tls.tls_in();
                    let n = socket.read(grant.space()).unwrap();
                    grant.commit(n).unwrap();
                    assert!(n > 0, "the alert is missing after {total} bytes");
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, expected);
        // The writer learns why.
        let panicked = blocked.join();
        assert!(panicked.is_err(), "the writer went on after the connection had failed");
        assert_eq!(
            reader.with_tls(|tls| tls.fault().cloned()).unwrap(),
            Some(Error::Protocol(ProtocolError::BadRecordMac))
        );
    }
}

#[test]
fn halves_close_apart() {
    for suite in BOTH {
        let (client, mut server) = established(suite);
        let (mut reader, mut writer) = client.split().unwrap();
        writer.shutdown().unwrap();
        writer.shutdown().unwrap();
        assert_eq!(writer.write(b"late").unwrap_err().kind(), ErrorKind::BrokenPipe);
        drop(writer);
        assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
        server.write_all(b"still").unwrap();
        server.close().map(drop).unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "still");
    }
}

#[test]
fn a_stream_is_split_only_after_its_handshake() {
    let (a, _b) = loopback();
    let error = Stream::new(connect(&client(BOTH[0])), a).split().map(drop).unwrap_err();
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    assert_eq!(inner, Some(&Error::Usage(Usage::HandshakeNotFinished)));
}
