//! Rules about transports that a pair can't play: they fail without a retry flag, or write nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use openssl::ssl::{ErrorCode as Code, SslConnector, SslMethod, SslStream, SslVerifyMode};
use wantls::{Step, Want};
use wantls_ssl::{ErrorCode, Ssl, SslContext};
use wantls_testkit::{NAME, Suite, Tls, accept};
use wantls_transport::Io;

/// A server of ours, in memory, and what its side of the transport is to answer next.
#[derive(Debug)]
struct Wire {
    server: Tls,
    faults: VecDeque<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Fail,
    Nothing,
}

impl Wire {
    fn new() -> Self {
        Self { server: accept(&wantls_testkit::server(Suite::Tls13Aes128)), faults: VecDeque::new() }
    }

    fn fault(&mut self) -> Option<io::Result<usize>> {
        Some(match self.faults.pop_front()? {
            Fault::Fail => Err(ErrorKind::Other.into()),
            Fault::Nothing => Ok(0),
        })
    }
}

impl Read for Wire {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = self.fault() {
            return fault;
        }
        let _ = self.server.handshake();
        let out = self.server.tls_out();
        let n = out.bytes().len().min(space.len());
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        space[..n].copy_from_slice(&out.bytes()[..n]);
        out.consume(n).unwrap();
        Ok(n)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(fault) = self.fault() {
            return fault;
        }
        let mut grant = self.server.tls_in();
        let n = grant.space().len().min(bytes.len());
        grant.space()[..n].copy_from_slice(&bytes[..n]);
        grant.commit(n).unwrap();
        let _ = self.server.handshake();
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn openssl() -> SslStream<Wire> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    connector.build().connect(NAME, Wire::new()).unwrap()
}

fn wantls() -> Ssl<Io<Wire>> {
    let context = SslContext::client(wantls_testkit::client(Suite::Tls13Aes128));
    let mut ssl = Ssl::new(&context, Io(Wire::new()));
    assert_eq!(ssl.set_tlsext_host_name(NAME), 1);
    for _ in 0..4 {
        if ssl.connect() == 1 {
            return ssl;
        }
    }
    panic!("{:?}", ssl.failure());
}

fn received(server: &mut Tls) -> Vec<u8> {
    let mut data = [0; 100];
    match server.read(&mut data) {
        Ok(Step::Done(wantls::Received::Data(n))) => data[..n.get()].to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r12_a_read_that_fails_may_be_repeated() {
    for fault in [Fault::Fail, Fault::Nothing] {
        let mut stream = openssl();
        let _ = stream.get_mut().server.write(b"data").unwrap();
        stream.get_mut().faults.push_back(fault);
        let mut data = [0; 10];
        assert_eq!(stream.ssl_read(&mut data).unwrap_err().code(), Code::SYSCALL, "{fault:?}");
        assert_eq!(stream.ssl_read(&mut data).unwrap(), 4);
        assert_eq!(stream.ssl_write(b"x").unwrap(), 1, "writes work");
    }
}

/// A read of nothing is the end to `std::io`, so there is one case.
#[test]
fn r12_on_wantls() {
    let mut ssl = wantls();
    let _ = ssl.transport_mut().0.server.write(b"data").unwrap();
    ssl.transport_mut().0.faults.push_back(Fault::Fail);
    let mut data = [0; 10];
    let ret = ssl.read(&mut data);
    assert_eq!((ret, ssl.get_error(ret)), (-1, ErrorCode::Syscall));
    assert_eq!(ssl.read(&mut data), 4);
    assert_eq!(ssl.write(b"x"), 1);
}

#[test]
fn d07_a_write_of_nothing_counts_as_all() {
    let mut stream = openssl();
    stream.get_mut().faults.push_back(Fault::Nothing);
    assert_eq!(stream.ssl_write(b"lost").unwrap(), 4, "success, it seems");
    assert_eq!(stream.get_mut().server.read(&mut [0; 10]), Ok(Step::Want(Want::Read)), "nothing came");
    assert_eq!(stream.ssl_write(b"next").unwrap_err().code(), Code::SSL);
}

#[test]
fn d07_on_wantls() {
    let mut ssl = wantls();
    ssl.transport_mut().0.faults.push_back(Fault::Nothing);
    let ret = ssl.write(b"kept");
    assert_eq!((ret, ssl.get_error(ret)), (-1, ErrorCode::Syscall));
    assert_eq!(ssl.write(b"kept"), 4);
    assert_eq!(received(&mut ssl.transport_mut().0.server), b"kept");
}
