//! The loops of `docs/PORTING.md` work, and are the ones that the page shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(unreachable_pub, reason = "the page shows what a library would have")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]

#[path = "porting/pair_connection.rs"]
mod pair_connection;
#[path = "porting/pair_ssl.rs"]
mod pair_ssl;
#[path = "porting/select_ssl.rs"]
mod select_ssl;
#[path = "porting/select_stream.rs"]
mod select_stream;

use std::net::TcpStream;
use std::thread::{JoinHandle, spawn};

use wantls::{Received, Step};
use wantls_bio_pair::{Bio, Capacity};
use wantls_ssl::{Ssl, SslContext};
use wantls_testkit::{NAME, Suite, Tls, accept, client, connect, loopback, noise, server};
use wantls_transport::{BlockingIo, Io, Stream};

#[test]
fn the_page_shows_what_is_tested() {
    let page = include_str!("../../../docs/PORTING.md");
    for code in [
        include_str!("porting/pair_connection.rs"),
        include_str!("porting/pair_ssl.rs"),
        include_str!("porting/select_ssl.rs"),
        include_str!("porting/select_stream.rs"),
    ] {
        assert!(page.contains(code), "docs/PORTING.md does not have:\n{code}");
    }
}

/// More than the sockets and the buffers hold, so that both directions block.
const LONG: usize = 3_000_000;

/// A server that reads `expected` bytes and sends them back.
fn echo(socket: TcpStream, suite: Suite, expected: usize) -> JoinHandle<()> {
    spawn(move || {
        let mut stream = Stream::new(accept(&server(suite)), BlockingIo(socket));
        let mut request = vec![0; expected];
        let mut filled = 0;
        while filled < expected {
            match stream.read(&mut request[filled..]).unwrap() {
                Step::Done(Received::Data(n)) => filled += n.get(),
                other @ (Step::Done(Received::Closed) | Step::Want(_)) => {
                    panic!("{other:?} after {filled} bytes")
                }
            }
        }
        let mut rest = &request[..];
        while let Some(n) = (!rest.is_empty()).then(|| stream.write(rest).unwrap().done().unwrap()) {
            rest = &rest[n..];
        }
        let _ = stream.shutdown().unwrap();
    })
}

fn nonblocking(socket: TcpStream) -> mio::net::TcpStream {
    socket.set_nonblocking(true).unwrap();
    mio::net::TcpStream::from_std(socket)
}

#[test]
fn select_loops() {
    let request = noise(LONG);
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (here, there) = loopback();
        let peer = echo(there, suite, LONG);
        let mut ssl = ssl(suite, Io(nonblocking(here)));
        assert!(select_ssl::exchange(&mut ssl, &request).unwrap() == request, "the reply is the request");
        peer.join().unwrap();

        let (here, there) = loopback();
        let peer = echo(there, suite, LONG);
        let tls = connect(&client(suite));
        assert!(select_stream::exchange(tls, nonblocking(here), &request).unwrap() == request);
        peer.join().unwrap();
    }
}

fn ssl<T: wantls_transport::Transport>(suite: Suite, transport: T) -> Ssl<T> {
    let mut ssl = Ssl::new(&SslContext::client(client(suite)), transport);
    assert_eq!(ssl.set_tlsext_host_name(NAME), 1);
    ssl.set_connect_state();
    ssl
}

/// A radio with the server at its other end. It is busy every other time, and slow.
struct Link {
    server: Tls,
    received: Vec<u8>,
    busy: bool,
}

impl Link {
    fn new(suite: Suite) -> Self {
        Self { server: accept(&server(suite)), received: Vec::new(), busy: false }
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        self.busy = !self.busy;
        if self.busy {
            return 0;
        }
        let mut grant = self.server.tls_in();
        let space = grant.space();
        let n = bytes.len().min(space.len()).min(100);
        space[..n].copy_from_slice(&bytes[..n]);
        grant.commit(n).unwrap();
        let mut buffer = [0; 16384];
        while let Step::Done(Received::Data(n)) = self.server.read(&mut buffer).unwrap() {
            self.received.extend_from_slice(&buffer[..n.get()]);
        }
        n
    }

    fn receive(&mut self, space: &mut [u8]) -> usize {
        let out = self.server.tls_out();
        let n = out.bytes().len().min(space.len()).min(70);
        space[..n].copy_from_slice(&out.bytes()[..n]);
        out.consume(n).unwrap();
        n
    }
}

impl pair_ssl::Radio for Link {
    fn send(&mut self, bytes: &[u8]) -> usize {
        self.send(bytes)
    }
    fn receive(&mut self, space: &mut [u8]) -> usize {
        self.receive(space)
    }
}

impl pair_connection::Radio for Link {
    fn send(&mut self, bytes: &[u8]) -> usize {
        self.send(bytes)
    }
    fn receive(&mut self, space: &mut [u8]) -> usize {
        self.receive(space)
    }
}

#[test]
fn pair_loops() {
    let data = noise(100_000);
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (half, mut network) = Bio::pair(Capacity::new(300).unwrap(), Capacity::new(200).unwrap());
        let (mut ssl, mut radio) = (ssl(suite, half), Link::new(suite));
        pair_ssl::write_all(&mut ssl, &mut network, &mut radio, &data).unwrap();
        assert!(radio.received == data, "{suite:?}: over a pair");

        let (mut tls, mut radio) = (connect(&client(suite)), Link::new(suite));
        pair_connection::write_all(&mut tls, &mut radio, &data).unwrap();
        assert!(radio.received == data, "{suite:?}: without one");
    }
}
