//! The proxy of the examples: neither direction waits for the other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

#[path = "../examples/proxy/relay.rs"]
mod relay;
#[path = "../examples/proxy/server.rs"]
mod server;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mio::Events;
use mio::net::TcpListener;
use wantls_blocking::Stream;
use wantls_testkit::{Suite, connect, noise};

use crate::server::Proxy;

/// A proxy that runs until the test's process ends, and the plain server behind it.
fn start(suite: Suite) -> (SocketAddr, std::net::TcpListener) {
    let backend = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let behind = backend.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        tell.send(listener.local_addr().unwrap()).unwrap();
        let mut proxy = Proxy::new(listener, behind, wantls_testkit::server(suite)).unwrap();
        let mut events = Events::with_capacity(64);
        loop {
            proxy.turn(&mut events, None).unwrap();
        }
    });
    (told.recv().unwrap(), backend)
}

fn dial(address: SocketAddr, suite: Suite) -> Stream<TcpStream> {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    Stream::new(connect(&wantls_testkit::client(suite)), socket)
}

#[test]
fn a_server_that_speaks_first_is_heard_after_the_handshake() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (address, backend) = start(suite);
        let mut client = dial(address, suite);
        // Before the first byte of TLS: the proxy's write wants to read.
        let (mut plain, _) = backend.accept().unwrap();
        plain.write_all(b"220 ready\r\n").unwrap();
        thread::sleep(Duration::from_millis(20));
        let mut banner = [0; 11];
        client.read_exact(&mut banner).unwrap();
        assert_eq!(&banner, b"220 ready\r\n");
        client.write_all(b"QUIT\r\n").unwrap();
        let mut line = [0; 6];
        plain.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"QUIT\r\n");
        drop(plain);
        assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
    }
}

#[test]
fn megabytes_cross_in_both_directions_and_each_closes_apart() {
    let (up, down) = (noise(3_000_000), noise(2_000_000));
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (address, backend) = start(suite);
        let mut client = dial(address, suite);
        let (mut plain, _) = backend.accept().unwrap();
        thread::scope(|scope| {
            let mut from_client = plain.try_clone().unwrap();
            let heard = scope.spawn(move || {
                let mut heard = Vec::new();
                from_client.read_to_end(&mut heard).unwrap();
                heard
            });
            scope.spawn(|| {
                plain.write_all(&down).unwrap();
                plain.shutdown(Shutdown::Write).unwrap();
            });
            client.handshake().unwrap();
            let (mut reader, mut writer) = client.split().unwrap();
            let up_copy = &up;
            scope.spawn(move || {
                // Later than the other direction: it must not depend on this one.
                thread::sleep(Duration::from_millis(50));
                writer.write_all(up_copy).unwrap();
                writer.shutdown().unwrap();
            });
            let mut got = Vec::new();
            reader.read_to_end(&mut got).unwrap();
            assert!(got == down, "{suite:?}");
            assert!(heard.join().unwrap() == up, "{suite:?}");
        });
    }
}

#[test]
fn a_client_that_does_not_read_can_still_send() {
    let suite = Suite::Tls13Aes128;
    let (address, backend) = start(suite);
    let mut client = dial(address, suite);
    let (mut plain, _) = backend.accept().unwrap();
    client.handshake().unwrap();
    // Fill the way down.
    plain.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    while plain.write(&noise(100_000)).is_ok() {}
    // The way up works.
    for _ in 0..20 {
        client.write_all(b"still here").unwrap();
        let mut got = [0; 10];
        plain.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"still here");
    }
}
