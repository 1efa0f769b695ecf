//! `write_file`: what is in a file arrives over pipes of any size, and a want binds nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::fs::{File, OpenOptions};
use std::io::Write;

use wantls::{Received, Step, Usage, Want};
use wantls_nonblocking::{Error, FileError, Stream};
use wantls_testkit::{Suite, Wire, accept, client, connect, noise, server};

const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file
}

fn pair(suite: Suite, capacity: usize) -> (Stream<Wire>, Stream<Wire>) {
    let (a, b) = Wire::pair(capacity);
    (Stream::new(connect(&client(suite)), a), Stream::new(accept(&server(suite)), b))
}

/// Reads what has come.
fn read(stream: &mut Stream<Wire>, got: &mut Vec<u8>) {
    let mut buffer = vec![0; 20_000];
    while let Step::Done(Received::Data(n)) = stream.read(&mut buffer).unwrap() {
        got.extend_from_slice(&buffer[..n.get()]);
    }
}

#[test]
fn a_file_arrives_over_pipes_of_every_size_with_other_arguments_after_every_want() {
    let data = noise(100_000);
    for suite in BOTH {
        for (capacity, len) in [(1, 20_000), (100, 100_000), (5000, 100_000), (100_000, 100_000)] {
            let data = &data[..len];
            let file = file_of(data);
            let (mut client, mut server) = pair(suite, capacity);
            let (mut sent, mut got, mut expected) = (0, Vec::new(), Vec::new());
            let mut wants = 0;
            while sent < data.len() {
                // Another length each time, and now and then other data.
                let len = 1 + (wants * 7919) % 40_000;
                match client.write_file(&file, sent as u64, len).unwrap() {
                    Step::Done(n) => {
                        assert!((1..=len).contains(&n));
                        expected.extend_from_slice(&data[sent..sent + n]);
                        sent += n;
                    }
                    Step::Want(want) => {
                        // Reads are for the handshake.
                        assert!(want == Want::Write || client.tls().session().is_none());
                        assert!(client.interest().write || client.interest().read);
                        wants += 1;
                        if wants % 500 == 0 && client.write(b"other").unwrap() == Step::Done(5) {
                            expected.extend_from_slice(b"other");
                        }
                    }
                }
                read(&mut server, &mut got);
            }
            while client.flush().unwrap().want().is_some() {
                read(&mut server, &mut got);
            }
            read(&mut server, &mut got);
            assert!(wants > 0 && got == expected, "{suite:?} {capacity}");
        }
    }
}

#[test]
fn the_end_of_the_file_is_a_count_of_0() {
    for suite in BOTH {
        let (mut client, mut server) = pair(suite, 100_000);
        let mut got = Vec::new();
        while client.handshake().unwrap().want().is_some() {
            read(&mut server, &mut got);
        }
        let file = file_of(b"0123456789");
        assert_eq!(client.write_file(&file, 0, 100).unwrap(), Step::Done(10));
        assert_eq!(client.write_file(&file, 7, 100).unwrap(), Step::Done(3));
        for (offset, len) in [(10, 100), (11, 1), (1 << 40, 9), (3, 0)] {
            assert_eq!(client.write_file(&file, offset, len).unwrap(), Step::Done(0));
        }
        assert_eq!(client.write_file(&file_of(b""), 0, 100).unwrap(), Step::Done(0));
        read(&mut server, &mut got);
        assert_eq!(got, b"0123456789789");
    }
}

#[test]
fn errors_name_their_source_and_lose_nothing() {
    for suite in BOTH {
        let (mut client, mut server) = pair(suite, 100_000);
        let mut got = Vec::new();
        while client.handshake().unwrap().want().is_some() {
            read(&mut server, &mut got);
        }
        let named = tempfile::NamedTempFile::new().unwrap();
        let unreadable = OpenOptions::new().write(true).open(named.path()).unwrap();
        let file = file_of(b"data");
        for _ in 0..3 {
            assert!(matches!(client.write_file(&unreadable, 0, 100), Err(FileError::File(_))));
            assert!(matches!(client.write_file(&file, u64::MAX, 100), Err(FileError::File(_))));
        }
        assert_eq!(client.write_file(&file, 0, 100).unwrap(), Step::Done(4));
        read(&mut server, &mut got);
        assert_eq!(got, b"data");
        let _ = client.shutdown().unwrap();
        let late = client.write_file(&file, 0, 1).unwrap_err();
        let FileError::Stream(Error::Tls(error)) = late else { panic!("{late:?}") };
        assert_eq!(error, wantls::Error::Usage(Usage::WriteAfterShutdown));
    }
}
