//! A blocking stream over loopback sockets: what `std::io` promises, with both versions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::io::{BufRead, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use wantls::rustls::AlertDescription;
use wantls::{Error, Phase, Usage};
use wantls_blocking::Stream;
use wantls_testkit::{Suite, Tls, accept, client, connect, loopback, noise, server};

const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

fn streams(suite: Suite) -> (Stream<TcpStream>, Stream<TcpStream>) {
    let (a, b) = loopback();
    (Stream::new(connect(&client(suite)), a), Stream::new(accept(&server(suite)), b))
}

/// Both, with the handshake done.
fn established(suite: Suite) -> (Stream<TcpStream>, Stream<TcpStream>) {
    let (mut client, mut server) = streams(suite);
    let server = thread::spawn(move || {
        server.handshake().unwrap();
        server
    });
    client.handshake().unwrap();
    (client, server.join().unwrap())
}

fn tls_error(error: &std::io::Error) -> &Error {
    error.get_ref().and_then(|inner| inner.downcast_ref()).expect("a TLS error inside")
}

#[test]
fn a_megabyte_comes_back_and_both_sides_close() {
    let data = noise(1_000_000);
    for suite in BOTH {
        let (client, mut server) = streams(suite);
        let echo = thread::spawn(move || {
            // Without a copy: BufRead lends each record.
            loop {
                let lent = server.fill_buf().unwrap().to_vec();
                if lent.is_empty() {
                    break;
                }
                server.write_all(&lent).unwrap();
                server.consume(lent.len());
            }
            server.close_and_wait().unwrap();
        });
        // Reads and writes at once, as a megabyte is more than the sockets hold.
        let mut client = client;
        client.handshake().unwrap();
        let (mut reader, mut writer) = client.split().unwrap();
        let copy = data.clone();
        let writing = thread::spawn(move || {
            writer.write_all(&copy).unwrap();
            writer.shutdown().unwrap();
        });
        let mut back = Vec::new();
        reader.read_to_end(&mut back).unwrap();
        assert!(back == data, "{suite:?}");
        writing.join().unwrap();
        echo.join().unwrap();
    }
}

#[test]
fn lines_are_read_and_slices_are_gathered_into_one_record() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        let slices = ["one ", "", "line\n", "another\n"].map(|s| IoSlice::new(s.as_bytes()));
        assert_eq!(client.write_vectored(&slices).unwrap(), 17);
        assert_eq!(server.fill_buf().unwrap(), b"one line\nanother\n");
        let mut line = String::new();
        server.read_line(&mut line).unwrap();
        assert_eq!(line, "one line\n");
        // More than was lent is as much as was lent, as in std.
        server.consume(1000);
        let _open = client.close().unwrap();
        assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
    }
}

#[test]
fn truncation_is_an_error_and_close_notify_is_the_end() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        client.write_all(b"whole").unwrap();
        client.get_ref().shutdown(Shutdown::Write).unwrap();
        let mut data = Vec::new();
        let error = server.read_to_end(&mut data).unwrap_err();
        assert_eq!((data.as_slice(), error.kind()), (&b"whole"[..], ErrorKind::UnexpectedEof));
        assert_eq!(tls_error(&error), &Error::Truncated);
        // It stays an error: a second read must not look like the end.
        assert_eq!(server.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::UnexpectedEof);

        let (mut client, mut server) = established(suite);
        client.write_all(b"whole").unwrap();
        client.shutdown().unwrap();
        client.get_ref().shutdown(Shutdown::Write).unwrap();
        server.read_to_end(&mut data).unwrap();
        assert_eq!(data, b"wholewhole");
        assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
    }
}

#[test]
fn writing_after_shutdown_is_an_error_and_reading_goes_on() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        client.shutdown().unwrap();
        client.shutdown().unwrap();
        let error = client.write(b"late").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(tls_error(&error), &Error::Usage(Usage::WriteAfterShutdown));
        assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
        server.write_all(b"still").unwrap();
        server.close().unwrap();
        let mut rest = String::new();
        client.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), client.tls().phase()), ("still", Phase::Closed));
    }
}

#[test]
fn a_read_timeout_is_an_error_that_loses_nothing() {
    for suite in BOTH {
        let (mut client, mut server) = streams(suite);
        let timeout = Some(Duration::from_millis(1));
        client.get_ref().set_read_timeout(timeout).unwrap();
        // In the handshake: the server is not there yet.
        let error = client.handshake().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
        assert!(client.tls().interest().read);
        let server = thread::spawn(move || {
            server.handshake().unwrap();
            let (mut tls, mut socket) = server.into_parts();
            // A record that comes in pieces, with time-outs between them.
            let _ = tls.write(b"in pieces").unwrap();
            let record = tls.tls_out().bytes().to_vec();
            for byte in record {
                socket.write_all(&[byte]).unwrap();
                thread::sleep(Duration::from_millis(2));
            }
            socket
        });
        let mut timeouts = 0;
        let mut buffer = [0; 100];
        let n = loop {
            match client.read(&mut buffer) {
                Ok(n) => break n,
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
                    timeouts += 1;
                }
            }
        };
        assert_eq!(&buffer[..n], b"in pieces");
        assert!(timeouts > 0);
        server.join().unwrap();
    }
}

#[test]
fn a_write_timeout_does_not_wait_for_the_peer_to_send_and_loses_nothing() {
    let data = noise(20_000_000);
    for suite in BOTH {
        let (mut client, server) = established(suite);
        // No read timeout: a write that tried to receive would hang here.
        client.get_ref().set_write_timeout(Some(Duration::from_millis(5))).unwrap();
        let (mut sent, mut waiting, mut reading) = (0, Some(server), None);
        while sent < data.len() {
            match client.write(&data[sent..]) {
                Ok(n) => sent += n,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    if let Err(error) = client.flush() {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    }
                    if let Some(mut server) = waiting.take() {
                        let mut got = vec![0; data.len()];
                        reading = Some(thread::spawn(move || {
                            server.read_exact(&mut got).unwrap();
                            got
                        }));
                    }
                }
            }
        }
        while client.flush().is_err() {}
        assert!(reading.expect("20 MB fit into the sockets").join().unwrap() == data, "{suite:?}");
    }
}

#[test]
fn close_gives_the_transport_back_with_what_follows_untouched() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        let server = thread::spawn(move || {
            assert_eq!(server.read(&mut [0; 9]).unwrap(), 0);
            server.close_and_wait().unwrap()
        });
        client.write_all(b"").unwrap();
        let mut client = client.close_and_wait().unwrap();
        let mut server = server.join().unwrap();
        client.write_all(b"in the clear").unwrap();
        let mut clear = [0; 12];
        server.read_exact(&mut clear).unwrap();
        assert_eq!(&clear, b"in the clear");
    }
}

#[test]
fn close_reports_what_went_wrong_and_gives_the_transport_back() {
    for suite in BOTH {
        // Unread data in front of the peer's close_notify.
        let (client, mut server) = established(suite);
        server.write_all(b"unread").unwrap();
        server.close().unwrap();
        let given_back = client.close_and_wait().unwrap_err();
        assert_eq!(tls_error(&given_back.error), &Error::Usage(Usage::UnreadData));

        // A peer that never answers.
        let (client, server) = established(suite);
        drop(server);
        let given_back = client.close_and_wait().unwrap_err();
        assert!(matches!(given_back.error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset));
        assert!(given_back.value.peer_addr().is_ok() || given_back.value.take_error().is_ok());

        // Before the handshake there is nothing to close.
        let error = streams(suite).0.close().unwrap_err().error;
        assert_eq!(tls_error(&error), &Error::Usage(Usage::HandshakeNotFinished));
    }
}

#[test]
fn answering_a_peer_that_has_gone_is_no_error() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        // A client that has read all, its tickets included: its socket closes without a reset.
        server.write_all(b"hi").unwrap();
        client.read_exact(&mut [0; 2]).unwrap();
        client.write_all(b"bye").unwrap();
        client.close().map(drop).unwrap();
        let mut bye = String::new();
        server.read_to_string(&mut bye).unwrap();
        // The first send to a closed socket makes it say so; the second would fail.
        let _ = server.get_mut().write(b"poke");
        thread::sleep(Duration::from_millis(20));
        server.close().unwrap();
    }
}

#[test]
fn an_error_behind_taken_data_comes_with_the_next_call() {
    let (client, server) = established(Suite::Tls13Aes128);
    let mut failing = Stream::new(client.into_parts().0, FailsAfter(2));
    assert_eq!(failing.write(b"sent").unwrap(), 4);
    assert_eq!(failing.write(b"sent").unwrap(), 4);
    assert_eq!(failing.write(b"taken").unwrap(), 5);
    let error = failing.write(b"not taken").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(failing.tls().pending().tls_out, 5 + 22);
    drop(server);
}

/// A transport that takes so many writes.
struct FailsAfter(usize);

impl Read for FailsAfter {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(ErrorKind::ConnectionReset.into())
    }
}

impl Write for FailsAfter {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(ErrorKind::ConnectionReset)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_alert_gets_out_and_the_error_names_it() {
    for suite in BOTH {
        let (client, mut server) = established(suite);
        let (tls, mut socket): (Tls, _) = client.into_parts();
        socket.write_all(&[23, 3, 3, 0, 40]).unwrap();
        socket.write_all(&[0; 40]).unwrap();
        let error = server.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(matches!(tls_error(&error), Error::Protocol(_)));
        let mut client = Stream::new(tls, socket);
        let error = client.read(&mut [0; 9]).unwrap_err();
        assert_eq!(tls_error(&error), &Error::Peer(AlertDescription::BadRecordMac));
    }
}

#[test]
fn flush_sends_what_the_transport_holds_back() {
    for suite in BOTH {
        let (client, mut server) = established(suite);
        let (tls, socket) = client.into_parts();
        let buffered = wantls_blocking::Duplex {
            reader: socket.try_clone().unwrap(),
            writer: std::io::BufWriter::with_capacity(1 << 20, socket),
        };
        let mut client = Stream::new(tls, buffered);
        client.write_all(b"through").unwrap();
        client.flush().unwrap();
        let mut got = [0; 7];
        server.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"through");
    }
}

#[cfg(unix)]
#[test]
fn unix_sockets_and_pipes_are_transports() {
    use std::os::unix::net::UnixStream;

    let hello = |mut stream: Stream<UnixStream>| {
        stream.write_all(b"hello").unwrap();
        let mut got = [0; 5];
        stream.read_exact(&mut got).unwrap();
        got
    };
    let (a, b) = UnixStream::pair().unwrap();
    let client = Stream::new(connect(&client(BOTH[0])), a);
    let server = Stream::new(accept(&server(BOTH[0])), b);
    let server = thread::spawn(move || hello(server));
    assert_eq!((&hello(client), &server.join().unwrap()), (b"hello", b"hello"));

    let (reader, mut pipe_in) = std::io::pipe().unwrap();
    let (mut pipe_out, writer) = std::io::pipe().unwrap();
    let pipes = wantls_blocking::Duplex { reader, writer };
    let server = thread::spawn(move || {
        let mut stream = Stream::new(accept(&wantls_testkit::server(BOTH[0])), pipes);
        stream.write_all(b"pipes").unwrap();
        stream.close().map(drop).unwrap();
    });
    let other = wantls_blocking::Duplex { reader: &mut pipe_out, writer: &mut pipe_in };
    let mut stream = Stream::new(connect(&wantls_testkit::client(BOTH[0])), other);
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    assert_eq!(got, "pipes");
    server.join().unwrap();
}
