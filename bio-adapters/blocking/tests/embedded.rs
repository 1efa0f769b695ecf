//! The `embedded-io` stream, on a socket that stands for a serial line, and `embedded-io` on a `std` stream.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use std::net::TcpStream;
use std::thread;

use embedded_io::{BufRead, Error as _, ErrorKind, ErrorType, Read, Write};
use wantls::buffers::TLS12_RECORD;
use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, Usage};
use wantls_blocking::{Stream, embedded};
use wantls_testkit::{NAME, Suite, accept, client, loopback, noise, server};

/// A line that moves at most 100 bytes a call.
#[derive(Debug)]
struct Line(TcpStream);

impl ErrorType for Line {
    type Error = std::io::Error;
}

impl Read for Line {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = out.len().min(100);
        std::io::Read::read(&mut self.0, &mut out[..n])
    }
}

impl Write for Line {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut self.0, &data[..data.len().min(100)])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::Write::flush(&mut self.0)
    }
}

#[test]
fn a_static_connection_on_a_slow_line_talks_to_a_std_stream() {
    let data = noise(50_000);
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (a, b) = loopback();
        let len = data.len();
        let server = thread::spawn(move || {
            let mut stream = Stream::new(accept(&server(suite)), b);
            let mut got = vec![0; len];
            Read::read_exact(&mut stream, &mut got).unwrap();
            assert_eq!(Read::read(&mut stream, &mut [0; 9]).unwrap(), 0);
            Write::write_all(&mut stream, &got).unwrap();
            stream.close_and_wait().map(drop).unwrap();
        });
        let buffer = || -> &'static mut [u8] { Box::leak(Box::new([0; TLS12_RECORD])) };
        let name = ServerName::try_from(NAME).unwrap();
        let tls = client(suite).connect(name, Buffers::new(buffer(), buffer())).unwrap();
        let mut stream = embedded::Stream::new(tls, Line(a));
        stream.write_all(&data).unwrap();
        stream.flush().unwrap();
        stream.shutdown().unwrap();
        let error = stream.write(b"late").unwrap_err();
        assert!(matches!(error, embedded::Error::Tls(wantls::Error::Usage(Usage::WriteAfterShutdown))));
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut back = Vec::new();
        loop {
            let lent = stream.fill_buf().unwrap();
            let n = lent.len();
            if n == 0 {
                break;
            }
            back.extend_from_slice(lent);
            stream.consume(n);
        }
        assert!(back == data);
        stream.close_and_wait().map(drop).unwrap();
        server.join().unwrap();
    }
}

#[test]
fn a_line_that_is_cut_is_an_error() {
    let (a, b) = loopback();
    let name = ServerName::try_from(NAME).unwrap();
    let tls = client(Suite::Tls13Aes128).connect(name, Buffers::heap()).unwrap();
    drop(b);
    let mut stream = embedded::Stream::new(tls, Line(a));
    let error = stream.read(&mut [0; 9]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset), "{error:?}");
}
