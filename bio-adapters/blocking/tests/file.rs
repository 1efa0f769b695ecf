//! `write_file`: what is in a file arrives, and what goes wrong on the way loses nothing.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wantls_blocking::Stream;
use wantls_testkit::{Suite, accept, client, connect, loopback, noise, server};

const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file
}

/// A socket whose sends fail once, after `left` bytes.
#[derive(Debug)]
struct Failing {
    socket: TcpStream,
    left: Option<usize>,
}

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        self.socket.read(out)
    }
}

impl Write for Failing {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        match &mut self.left {
            Some(0) => {
                self.left = None;
                Err(Error::other("once"))
            }
            Some(left) => {
                let n = self.socket.write(&data[..data.len().min(*left)])?;
                *left -= n;
                Ok(n)
            }
            None => self.socket.write(data),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A client, and what its server has read at the end.
fn pair(suite: Suite) -> (Stream<Failing>, JoinHandle<Vec<u8>>) {
    let (a, b) = loopback();
    let mut client = Stream::new(connect(&client(suite)), Failing { socket: a, left: None });
    let reading = thread::spawn(move || {
        let mut server = Stream::new(accept(&server(suite)), b);
        let mut got = Vec::new();
        server.read_to_end(&mut got).unwrap();
        got
    });
    client.handshake().unwrap();
    (client, reading)
}

#[test]
fn every_part_of_a_file_arrives_and_counts_stop_at_its_end() {
    let data = noise(300_000);
    for suite in BOTH {
        let (mut client, reading) = pair(suite);
        let mut file = file_of(&data);
        let position = file.stream_position().unwrap();
        let mut expected = Vec::new();
        for (offset, len, sent) in [
            (0, 300_000, 300_000),
            (0, 0, 0),
            (1, 16_384, 16_384),
            (299_999, 1, 1),
            (299_990, 1000, 10),
            (5, usize::MAX, 299_995),
            (300_000, 10, 0),
            (u64::MAX >> 2, 10, 0),
        ] {
            assert_eq!(client.write_file(&file, offset, len).unwrap(), sent, "{offset} {len}");
            let rest = data.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
            expected.extend_from_slice(&rest[..sent]);
            client.write_all(b"between").unwrap();
            expected.extend_from_slice(b"between");
        }
        assert_eq!(file.stream_position().unwrap(), position);
        let empty = file_of(b"");
        assert_eq!(client.write_file(&empty, 0, 100).unwrap(), 0);
        let _open = client.close().unwrap();
        assert!(reading.join().unwrap() == expected, "{suite:?}");
    }
}

#[test]
fn a_file_that_can_not_be_read_is_an_error_and_the_stream_goes_on() {
    for suite in BOTH {
        let (mut client, reading) = pair(suite);
        let named = tempfile::NamedTempFile::new().unwrap();
        let file = OpenOptions::new().write(true).open(named.path()).unwrap();
        let own = file_of(b"x").try_clone().unwrap();
        for _ in 0..3 {
            let expected = std::os::unix::fs::FileExt::read_at(&file, &mut [0; 9], 0).unwrap_err();
            let error = client.write_file(&file, 0, 100).unwrap_err();
            assert_eq!(error.raw_os_error(), expected.raw_os_error());
            // An offset that no file has.
            assert_eq!(client.write_file(&own, u64::MAX, 1).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(client.write_file(&own, 0, 100).unwrap(), 1);
        client.shutdown().unwrap();
        assert_eq!(client.write_file(&own, 0, 1).unwrap_err().kind(), ErrorKind::BrokenPipe);
        // Open until the server is done: a socket that closes on unread tickets resets.
        let _open = client.close().unwrap();
        assert_eq!(reading.join().unwrap(), b"x");
    }
}

#[test]
fn an_error_of_the_transport_is_told_once_and_the_rest_goes_on_behind_it() {
    let data = noise(200_000);
    let file = file_of(&data);
    for suite in BOTH {
        for left in [0, 1, 16_384, 50_000, 150_000, 204_000] {
            let (mut client, reading) = pair(suite);
            client.get_mut().left = Some(left);
            let (mut sent, mut errors) = (0, 0);
            for _ in 0..100 {
                match client.write_file(&file, sent as u64, data.len() - sent) {
                    Ok(n) => sent += n,
                    Err(error) => {
                        assert_eq!(error.to_string(), "once");
                        errors += 1;
                    }
                }
            }
            let told = client.flush().is_err();
            let _open = client.close().unwrap();
            assert_eq!((sent, errors + usize::from(told)), (data.len(), usize::from(left < 200_000 || told)));
            assert!(reading.join().unwrap() == data, "{suite:?} {left}");
        }
    }
}

#[test]
fn a_timeout_gives_the_count_and_then_the_error() {
    let data = noise(20_000_000);
    let file = file_of(&data);
    for suite in BOTH {
        let (a, b) = loopback();
        a.set_write_timeout(Some(Duration::from_millis(5))).unwrap();
        let mut client = Stream::new(connect(&client(suite)), a);
        let mut server = Stream::new(accept(&server(suite)), b);
        let shaking = thread::spawn(move || {
            server.handshake().unwrap();
            server
        });
        client.handshake().unwrap();
        let mut server = shaking.join().unwrap();
        // Nobody reads: the socket fills up, though the kernel may find more room later.
        let mut sent = client.write_file(&file, 0, data.len()).unwrap();
        let error = loop {
            assert!((1..data.len()).contains(&sent), "{sent}");
            match client.write_file(&file, sent as u64, data.len() - sent) {
                Ok(n) => sent += n,
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
        let reading = thread::spawn(move || {
            let mut got = Vec::new();
            server.read_to_end(&mut got).unwrap();
            got
        });
        while sent < data.len() {
            sent += client.write_file(&file, sent as u64, data.len() - sent).unwrap_or(0);
        }
        while client.shutdown().is_err() {}
        assert!(reading.join().unwrap() == data, "{suite:?}");
    }
}
