//! On real sockets. What the kernel answers depends on the kernel; what follows from the answer does not.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use wantls::{Algorithm, TrafficKey, Version};
use wantls_blocking::Stream;
use wantls_ktls::{CryptoInfo, Direction, HandOverError, Socket, hand_over};
use wantls_testkit::{Suite, Tls, accept, client, connect, loopback, noise, server};

const HALF: usize = 300_000;

/// An established server that has read a request, and what its client reads after it.
fn served(suite: Suite) -> (Tls, TcpStream, thread::JoinHandle<Vec<u8>>) {
    let (a, b) = loopback();
    let reading = thread::spawn(move || {
        let mut client = Stream::new(connect(&client(suite)), a);
        client.write_all(b"GET").unwrap();
        let mut got = vec![0; HALF];
        client.read_exact(&mut got).unwrap();
        client.write_all(b"more").unwrap();
        client.read_to_end(&mut got).unwrap();
        client.close().unwrap();
        got
    });
    let mut server = Stream::new(accept(&server(suite)), b);
    let mut request = [0; 3];
    server.read_exact(&mut request).unwrap();
    server.flush().unwrap();
    let (tls, socket) = server.into_parts();
    (tls, socket, reading)
}

/// Where the kernel has TLS this is the real thing; where not, that is told, and user space goes on.
#[test]
fn a_connection_goes_on_whatever_the_kernel_says() {
    let data = noise(2 * HALF);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data).unwrap();
    for suite in Suite::ALL {
        let (tls, socket, reading) = served(suite);
        let mut more = [0; 4];
        match hand_over(tls, socket) {
            Ok((mut stream, _)) => {
                let mut sent = 0;
                while sent < HALF {
                    sent += stream.sendfile(&file, sent as u64, HALF - sent).unwrap();
                }
                stream.read_exact(&mut more).unwrap();
                stream.write_all(&data[HALF..]).unwrap();
                stream.shutdown().unwrap();
                assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
            }
            Err(refused) => {
                let HandOverError::Unsupported(_) = refused.error else { panic!("{:?}", refused.error) };
                let mut stream = Stream::new(*refused.tls.unwrap(), refused.socket);
                assert_eq!(stream.write_file(&file, 0, HALF).unwrap(), HALF);
                stream.read_exact(&mut more).unwrap();
                stream.write_all(&data[HALF..]).unwrap();
                stream.close_and_wait().unwrap();
            }
        }
        assert_eq!(more, *b"more");
        assert!(reading.join().unwrap() == data, "{suite:?}");
    }
}

/// `WouldBlock` has taken nothing, and a count is what was taken.
#[test]
fn a_full_socket_loses_nothing() {
    let data = noise(8_000_000);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data).unwrap();
    for suite in Suite::ALL {
        let (a, b) = loopback();
        let (is_full, full) = mpsc::channel();
        let reading = thread::spawn(move || -> std::io::Result<_> {
            let mut client = Stream::new(connect(&client(suite)), a);
            client.write_all(b"GET")?;
            // Until the socket is full, or the other end has gone.
            let _ = full.recv();
            let mut got = Vec::new();
            client.read_to_end(&mut got).map(|_| got)
        });
        let mut server = Stream::new(accept(&server(suite)), b);
        server.read_exact(&mut [0; 3]).unwrap();
        let (tls, socket) = server.into_parts();
        let mut stream = match hand_over(tls, socket) {
            Ok((stream, _)) => stream,
            Err(refused) => {
                assert!(matches!(refused.error, HandOverError::Unsupported(_)));
                drop((refused, is_full));
                assert!(reading.join().unwrap().is_err(), "the peer finds the connection cut");
                continue;
            }
        };
        stream.get_ref().set_nonblocking(true).unwrap();
        let (mut sent, mut waits) = (0, 0);
        while sent < data.len() {
            // By turns, with other arguments after each wait.
            let len = (1 + waits * 7919 % 500_000).min(data.len() - sent);
            let step = match waits % 2 {
                0 => stream.sendfile(&file, sent as u64, data.len() - sent),
                _ => stream.write(&data[sent..][..len]),
            };
            match step {
                Ok(n) => sent += n,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    waits += 1;
                    is_full.send(()).unwrap();
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        while let Err(error) = stream.shutdown() {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            thread::sleep(Duration::from_millis(1));
        }
        assert!(waits > 0, "{suite:?}");
        assert!(reading.join().unwrap().unwrap() == data, "{suite:?} {waits}");
    }
}

/// Linux 6.14 changes keys; an older kernel with TLS can't, and the peer is told.
#[test]
fn keys_change_or_the_peer_is_told() {
    for suite in Suite::ALL.into_iter().filter(|suite| suite.version() == Version::Tls13) {
        let (a, b) = loopback();
        let asking = thread::spawn(move || -> std::io::Result<_> {
            let mut client = Stream::new(connect(&client(suite)), a);
            client.write_all(b"GET")?;
            client.read_exact(&mut [0; 2])?;
            client.key_update(true)?;
            client.write_all(b"more")?;
            let mut got = Vec::new();
            client.read_to_end(&mut got)?;
            Ok((got, client.tls().post_handshake_messages()))
        });
        let mut server = Stream::new(accept(&server(suite)), b);
        let mut buffer = [0; 4];
        server.read_exact(&mut buffer[..3]).unwrap();
        let (tls, socket) = server.into_parts();
        let Ok((mut stream, _)) = hand_over(tls, socket) else {
            // Without TLS in the kernel there is nothing to see: the peer finds the connection cut.
            assert!(asking.join().unwrap().is_err());
            continue;
        };
        stream.write_all(b"OK").unwrap();
        match stream.read_exact(&mut buffer) {
            Ok(()) => {
                assert_eq!(&buffer, b"more");
                stream.write_all(b"under the second key").unwrap();
                stream.key_update(false).unwrap();
                stream.write_all(b" and the third").unwrap();
                stream.shutdown().unwrap();
                let (got, messages) = asking.join().unwrap().unwrap();
                assert_eq!(got, b"under the second key and the third");
                assert!(messages >= 2, "both KeyUpdates");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                let told = asking.join().unwrap().unwrap_err();
                assert!(told.to_string().contains("InternalError"), "{told}");
            }
        }
    }
}

#[test]
fn a_kernel_without_tls_says_so() {
    let (mut socket, _other) = loopback();
    let has_tls = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_ulp")
        .is_ok_and(|ulps| ulps.split_whitespace().any(|ulp| ulp == "tls"));
    match socket.attach() {
        // The kernel may load its module for the asking.
        Ok(()) => {}
        Err(error) => assert!(!has_tls && error.raw_os_error() == Some(libc::ENOENT), "{error}"),
    }
}

/// The calls themselves, on a socket without keys: `sendmsg` and `sendfile` send in the clear, and what takes TLS is
/// refused.
#[test]
fn the_calls_without_tls() {
    let (mut a, mut b) = loopback();
    let key = TrafficKey { algorithm: Algorithm::Aes128Gcm, key: &[7; 16], iv: &[9; 12], seq: 1 };
    let info = CryptoInfo::new(Version::Tls13, key, Direction::Read).unwrap();
    let mut unix = std::os::unix::net::UnixStream::pair().unwrap().0;
    assert!(unix.attach().is_err() && a.set_key(Direction::Read, &info).is_err());
    assert!(a.set_key(Direction::Write, &info).is_err());

    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    assert_eq!(a.sendfile(&file, 3, 4).unwrap(), 4);
    assert_eq!(a.sendfile(&file, 8, 100).unwrap(), 2);
    assert_eq!(a.sendfile(&file, 10, 100).unwrap(), 0);
    assert_eq!(a.sendfile(&file, u64::MAX, 1).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Socket::send(&mut a, 23, b"data").unwrap(), 4);
    assert_eq!(Socket::send(&mut a, 21, &[1, 0]).unwrap(), 2);
    let mut got = [0; 12];
    b.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"345689data\x01\x00");

    Socket::send(&mut a, 23, b"x").unwrap();
    assert_eq!(Socket::recv(&mut b, &mut got).unwrap_err().kind(), ErrorKind::InvalidData);
    b.set_nonblocking(true).unwrap();
    assert_eq!(Socket::recv(&mut b, &mut got).unwrap_err().kind(), ErrorKind::WouldBlock);
    b.set_nonblocking(false).unwrap();
    drop(a);
    assert_eq!(Socket::recv(&mut b, &mut got).unwrap(), (23, 0));
}
