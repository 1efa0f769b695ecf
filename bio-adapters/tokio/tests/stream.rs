//! tokio streams: the traits' promises, split halves, dropped futures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::future::{Future, poll_fn};
use std::io::{ErrorKind, IoSlice};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wantls::Error;
use wantls::rustls::AlertDescription;
use wantls_testkit::{Suite, accept, client, connect, noise, server};
use wantls_tokio::{TlsAcceptor, TlsConnector, TlsStream};

const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

async fn sockets(suite: Suite) -> (TlsStream<TcpStream>, TlsStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    socket.set_nodelay(true).unwrap();
    accepted.set_nodelay(true).unwrap();
    let (acceptor, connector) = (TlsAcceptor::new(server(suite)), TlsConnector::new(client(suite)));
    let (a, b) =
        tokio::join!(connector.connect("localhost".try_into().unwrap(), socket), acceptor.accept(accepted));
    (a.unwrap(), b.unwrap())
}

/// Streams over a pipe of so many bytes, without their handshake.
fn pipes(suite: Suite, capacity: usize) -> (TlsStream<DuplexStream>, TlsStream<DuplexStream>) {
    let (a, b) = duplex(capacity);
    (TlsStream::new(connect(&client(suite)), a), TlsStream::new(accept(&server(suite)), b))
}

/// [`pipes`], with their handshake.
async fn established(suite: Suite, capacity: usize) -> (TlsStream<DuplexStream>, TlsStream<DuplexStream>) {
    let (mut client, mut server) = pipes(suite, capacity);
    let (a, b) = tokio::join!(client.handshake(), server.handshake());
    a.unwrap();
    b.unwrap();
    (client, server)
}

#[tokio::test]
async fn lines_vectors_and_the_end() {
    for suite in BOTH {
        let (mut client, mut server) = sockets(suite).await;
        let slices = ["one ", "", "line\n", "rest"].map(|s| IoSlice::new(s.as_bytes()));
        assert_eq!(client.write_vectored(&slices).await.unwrap(), 13);
        client.shutdown().await.unwrap();
        // Once more does nothing.
        client.shutdown().await.unwrap();
        let late = client.write(b"late").await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::BrokenPipe);
        let mut line = String::new();
        server.read_line(&mut line).await.unwrap();
        server.read_to_string(&mut line).await.unwrap();
        assert_eq!(line, "one line\nrest");
        // The other direction is open still.
        server.write_all(b"bye").await.unwrap();
        server.shutdown().await.unwrap();
        let mut bye = String::new();
        client.read_to_string(&mut bye).await.unwrap();
        assert_eq!(bye, "bye");
    }
}

#[tokio::test]
async fn a_cut_connection_is_an_error() {
    for suite in BOTH {
        let (mut client, mut server) = sockets(suite).await;
        client.write_all(b"whole").await.unwrap();
        client.flush().await.unwrap();
        client.get_mut().shutdown().await.unwrap();
        let mut data = Vec::new();
        let error = server.read_to_end(&mut data).await.unwrap_err();
        assert_eq!((data.as_slice(), error.kind()), (&b"whole"[..], ErrorKind::UnexpectedEof));
        assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&Error::Truncated));
    }
}

#[tokio::test]
async fn a_failed_handshake_tells_both_sides() {
    let (a, b) = duplex(10_000);
    let other = client(Suite::Tls13Chacha);
    let (acceptor, connector) = (TlsAcceptor::new(server(BOTH[0])), TlsConnector::new(other));
    let (a, b) = tokio::join!(connector.connect("localhost".try_into().unwrap(), a), acceptor.accept(b));
    let (a, b) = (a.unwrap_err(), b.unwrap_err());
    assert_eq!((a.kind(), b.kind()), (ErrorKind::InvalidData, ErrorKind::InvalidData));
    assert!(a.to_string().contains("HandshakeFailure"), "{a}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn split_halves_carry_megabytes_both_ways() {
    let data = noise(3_000_000);
    for suite in BOTH {
        let (client, server) = sockets(suite).await;
        let tasks = [client, server].map(|stream| {
            let (mut reader, mut writer) = split(stream);
            let copy = data.clone();
            let writing = tokio::spawn(async move {
                for chunk in copy.chunks(12_345) {
                    writer.write_all(chunk).await.unwrap();
                }
                writer.shutdown().await.unwrap();
            });
            tokio::spawn(async move {
                let mut got = Vec::new();
                reader.read_to_end(&mut got).await.unwrap();
                writing.await.unwrap();
                got
            })
        });
        for task in tasks {
            assert!(task.await.unwrap() == data, "{suite:?}");
        }
    }
}

#[tokio::test]
async fn a_blocked_writer_does_not_delay_the_reader_and_wakes_up_again() {
    for suite in BOTH {
        let (client, server) = established(suite, 1000).await;
        let (mut reader, mut writer) = split(client);
        let data = noise(200_000);
        let copy = data.clone();
        let writing = tokio::spawn(async move {
            writer.write_all(&copy).await.unwrap();
            writer.flush().await.unwrap();
            writer
        });
        let (mut from_client, mut to_client) = split(server);
        // The server does not read: the client's writer is stuck. Reads go on, each in the place of the writer's waker.
        for i in 0..50u8 {
            to_client.write_all(&[i; 300]).await.unwrap();
            to_client.flush().await.unwrap();
            let mut got = [0; 300];
            timeout(Duration::from_secs(5), reader.read_exact(&mut got)).await.expect("delayed").unwrap();
            assert_eq!(got, [i; 300]);
        }
        assert!(!writing.is_finished());
        // A reader that waits, and then goes away, must not take the writer's wake-up with it.
        let once = timeout(Duration::from_millis(5), reader.read_u8()).await;
        assert!(once.is_err());
        drop(reader);
        let mut got = vec![0; data.len()];
        timeout(Duration::from_secs(10), from_client.read_exact(&mut got)).await.expect("not woken").unwrap();
        assert!(got == data, "{suite:?}");
        timeout(Duration::from_secs(5), writing).await.expect("not woken").unwrap();
    }
}

#[tokio::test]
async fn a_waiting_reader_is_woken_though_the_writer_received_its_bytes() {
    for suite in BOTH {
        let (client, server) = established(suite, 500).await;
        let (mut reader, mut writer) = split(client);
        let reading = tokio::spawn(async move {
            let mut got = vec![0; 100_000];
            reader.read_exact(&mut got).await.unwrap();
            got
        });
        // A writer that is stuck receives as well.
        let writing = tokio::spawn(async move { writer.write_all(&noise(100_000)).await.unwrap() });
        let data = noise(100_000);
        let (mut from_client, mut to_client) = split(server);
        let sending = tokio::spawn(async move {
            to_client.write_all(&data).await.unwrap();
            to_client.flush().await.unwrap();
            data
        });
        let got = timeout(Duration::from_secs(10), reading).await.expect("not woken").unwrap();
        assert!(got == sending.await.unwrap());
        let mut rest = vec![0; 60_000];
        from_client.read_exact(&mut rest).await.unwrap();
        writing.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_updates_that_the_reader_meets_are_answered_by_the_writer() {
    let (client, mut server) = sockets(Suite::Tls13Aes128).await;
    let (mut reader, mut writer) = split(client);
    let (pass, mut passed) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 7000];
        loop {
            match reader.read(&mut buffer).await.unwrap() {
                0 => return reader,
                n => pass.send(buffer[..n].to_vec()).await.unwrap(),
            }
        }
    });
    let writing = tokio::spawn(async move {
        while let Some(data) = passed.recv().await {
            writer.write_all(&data).await.unwrap();
            writer.flush().await.unwrap();
        }
        writer.shutdown().await.unwrap();
        writer
    });
    let (data, mut back) = (noise(20_000), vec![0; 20_000]);
    for _ in 0..100 {
        server.tls_mut().key_update(true).unwrap();
        server.write_all(&data).await.unwrap();
        server.flush().await.unwrap();
        server.read_exact(&mut back).await.unwrap();
        assert!(back == data);
    }
    server.shutdown().await.unwrap();
    assert_eq!(server.read(&mut back).await.unwrap(), 0);
    let client = reading.await.unwrap().unsplit(writing.await.unwrap());
    assert_eq!(client.tls().key_update_due(), None);
}

#[tokio::test]
async fn an_alert_that_the_reader_causes_follows_a_blocked_write() {
    for suite in BOTH {
        let (client, mut server) = established(suite, 1000).await;
        let (mut reader, mut writer) = split(client);
        // It stands still, as the server does not read; then it learns why the connection ends, and closes.
        let writing = tokio::spawn(async move {
            let error = writer.write_all(&noise(200_000)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            writer.shutdown().await.unwrap();
        });
        tokio::task::yield_now().await;
        // A record that does not decrypt.
        server.get_mut().write_all(&[&[23, 3, 3, 0, 40][..], &[0; 40]].concat()).await.unwrap();
        let read = timeout(Duration::from_secs(5), reader.read_u8()).await.expect("delayed");
        assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
        let (mut got, mut data) = (Vec::new(), noise(200_000));
        let error = timeout(Duration::from_secs(10), server.read_to_end(&mut got)).await.expect("no alert");
        let expected = Error::Peer(AlertDescription::BadRecordMac);
        assert_eq!(error.unwrap_err().get_ref().unwrap().downcast_ref(), Some(&expected), "{suite:?}");
        data.truncate(got.len());
        assert!(got == data && !got.is_empty());
        timeout(Duration::from_secs(5), writing).await.expect("not woken").unwrap();
    }
}

/// Polls a future once and drops it.
async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_future_that_is_dropped_at_any_point_loses_and_repeats_nothing() {
    for suite in BOTH {
        for capacity in [1, 7, 100, 5000] {
            let data = noise(40_000);
            let (mut client, mut server) = pipes(suite, capacity);
            let (mut sent, mut got, mut returned, mut back) = (0, Vec::new(), 0, Vec::new());
            let mut buffer = [0; 3000];
            loop {
                // tokio counts what a task does and makes it wait in between.
                tokio::task::yield_now().await;
                if sent < data.len() {
                    let end = data.len().min(sent + 1 + sent % 2500);
                    sent += once(client.write(&data[sent..end])).await.map_or(0, Result::unwrap);
                } else {
                    let _ = once(client.shutdown()).await.map(Result::unwrap);
                }
                if got.len() < data.len() {
                    let n = once(server.read(&mut buffer)).await.map_or(0, Result::unwrap);
                    got.extend_from_slice(&buffer[..n]);
                }
                if returned < got.len() {
                    returned += once(server.write(&got[returned..])).await.map_or(0, Result::unwrap);
                } else if returned == data.len() {
                    let _ = once(server.shutdown()).await.map(Result::unwrap);
                }
                match once(client.fill_buf()).await.map(Result::unwrap) {
                    Some([]) => break,
                    Some(lent) => {
                        back.extend_from_slice(lent);
                        let n = lent.len();
                        client.consume(n);
                    }
                    None => {}
                }
            }
            assert!(got == data && back == data, "{suite:?} {capacity}");
        }
    }
}
