//! The echo server of the examples, with a few hundred connections, good and bad ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

#[path = "../examples/load/client.rs"]
mod client;
#[path = "../examples/echo/server.rs"]
mod server;
#[path = "../examples/echo/session.rs"]
mod session;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::Events;
use mio::net::TcpListener;
use wantls_testkit::{Suite, certs, connect, noise};

use crate::client::Load;
use crate::server::{Counts, Server};

struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Counts>,
}

fn start(suite: Suite) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::spawn(move || {
        let mut config = wantls_testkit::server_config(suite);
        config.max_fragment_size = Some(session::FRAGMENT);
        let context = wantls::ServerContext::new(config, wantls::crypto::AwsLcRs).unwrap();
        let mut server = Server::new(listener, context).unwrap();
        let mut events = Events::with_capacity(64);
        while !stopped.load(Ordering::Relaxed) || server.counts().open > 0 {
            server.turn(&mut events, Duration::from_millis(10)).unwrap();
        }
        server.counts()
    });
    Running { address, stop, thread }
}

impl Running {
    fn stop(self) -> Counts {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn many_connections_are_held_and_each_gets_its_answer() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let running = start(suite);
        let mut load = Load::new(running.address, &certs().ca).unwrap();
        load.open(300).unwrap();
        assert_eq!(load.echo_all(b"hello").unwrap(), 300);
        assert_eq!(load.echo_all(&noise(100_000)).unwrap(), 300);
        assert_eq!(load.close_all().unwrap(), 300);
        drop(load);
        let counts = running.stop();
        assert_eq!((counts.peak, counts.closed, counts.failed), (300, 300, 0), "{suite:?}");
        assert!(counts.parked >= 300, "{counts:?}: idle connections keep their buffers");
    }
}

#[test]
fn those_who_hang_break_or_flood_do_not_stop_the_others() {
    let running = start(Suite::Tls13Aes128);
    let context = wantls_testkit::client(Suite::Tls13Aes128);
    // One that says nothing, one that says nonsense, one that leaves at once.
    let silent = TcpStream::connect(running.address).unwrap();
    let mut nonsense = TcpStream::connect(running.address).unwrap();
    nonsense.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    drop(TcpStream::connect(running.address).unwrap());
    // One that sends without ever reading.
    let flood = TcpStream::connect(running.address).unwrap();
    flood.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut flood = wantls_blocking::Stream::new(connect(&context), flood);
    flood.handshake().unwrap();
    while flood.write(&noise(16_000)).is_ok() {}
    // And one like the rest.
    let good = TcpStream::connect(running.address).unwrap();
    let mut good = wantls_blocking::Stream::new(connect(&context), good);
    for _ in 0..20 {
        good.write_all(b"hello").unwrap();
        let mut back = [0; 5];
        good.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"hello");
    }
    good.close_and_wait().unwrap();
    drop((silent, nonsense, flood));
    let counts = running.stop();
    assert_eq!((counts.closed, counts.failed), (1, 4));
}
