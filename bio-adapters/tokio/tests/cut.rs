//! A short session cut at each of its bytes: every cut is an error, nothing hangs, nothing is made up.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code: a surprise is a failure")]

use std::io::{ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::time::timeout;
use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, ServerContext};
use wantls_testkit::{Suite, Tls, accept, connect, toy};
use wantls_tokio::TlsStream;

/// What one side says.
const DATA: &[u8] = b"as much as a short session says";

/// How a direction ends before its time.
#[derive(Clone, Copy, Debug)]
enum End {
    Eof,
    Reset,
}

/// Bytes after which receiving ends, and how; bytes after which sending fails.
#[derive(Clone, Copy, Debug, Default)]
struct Cuts {
    receive: Option<(usize, End)>,
    send: Option<usize>,
}

/// A pipe with cuts, which counts.
struct Cut<'a> {
    pipe: DuplexStream,
    cuts: Cuts,
    received: &'a mut usize,
    sent: usize,
}

impl AsyncRead for Cut<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        let mut space = [0; 512];
        let mut most = out.remaining().min(space.len());
        if let Some((at, end)) = this.cuts.receive {
            most = most.min(at - *this.received);
            match end {
                End::Eof if most == 0 => return Poll::Ready(Ok(())),
                End::Reset if most == 0 => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
                End::Eof | End::Reset => {}
            }
        }
        let mut limited = ReadBuf::new(&mut space[..most]);
        ready!(Pin::new(&mut this.pipe).poll_read(cx, &mut limited))?;
        out.put_slice(limited.filled());
        *this.received += limited.filled().len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Cut<'_> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        let most = this.cuts.send.map_or(data.len(), |at| data.len().min(at - this.sent));
        if most == 0 {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let n = ready!(Pin::new(&mut this.pipe).poll_write(cx, &data[..most]))?;
        this.sent += n;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_shutdown(cx)
    }
}

/// Says all, closes, and listens to the end. Where it fails, the stream is dropped, as by any application.
async fn talk(tls: Tls, transport: Cut<'_>, got: &mut Vec<u8>) -> Result<()> {
    let mut stream = TlsStream::new(tls, transport);
    stream.write_all(DATA).await?;
    stream.shutdown().await?;
    stream.read_to_end(got).await.map(drop)
}

struct Outcome {
    clean: [bool; 2],
    received: [usize; 2],
}

/// A session of client and server with their cuts.
async fn session(contexts: &(ClientContext, ServerContext), cuts: [Cuts; 2]) -> Outcome {
    let (a, b) = duplex(16 * 1024);
    let (mut received, mut got) = ([0; 2], [Vec::new(), Vec::new()]);
    let [client_received, server_received] = &mut received;
    let [client_got, server_got] = &mut got;
    let cut = |pipe, cuts, received| Cut { pipe, cuts, received, sent: 0 };
    let both = async {
        tokio::join!(
            talk(connect(&contexts.0), cut(a, cuts[0], client_received), client_got),
            talk(accept(&contexts.1), cut(b, cuts[1], server_received), server_got),
        )
    };
    let (client, server) = timeout(Duration::from_secs(20), both).await.expect("it hangs");
    let clean = [client.is_ok(), server.is_ok()];
    for (got, clean) in got.iter().zip(clean) {
        assert!(DATA.starts_with(got), "made up: {got:?}");
        assert!(!clean || got == DATA, "closed in the middle of the data");
    }
    Outcome { clean, received }
}

#[tokio::test]
async fn a_cut_at_any_byte_is_an_error() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        // Their signatures have one length, so that every session has as many bytes as the first.
        let client = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let server = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
        let contexts = (client, server);
        let Outcome { clean, received } = session(&contexts, [Cuts::default(); 2]).await;
        assert_eq!(clean, [true, true]);
        assert!(received.iter().all(|len| *len > 300), "a session of {received:?} bytes is none");
        for side in [0, 1] {
            for at in 0..received[side] {
                for end in [End::Eof, End::Reset] {
                    let mut cuts = [Cuts::default(); 2];
                    cuts[side].receive = Some((at, end));
                    let outcome = session(&contexts, cuts).await;
                    assert!(!outcome.clean[side], "{suite:?}, side {side} receives {at} bytes, {end:?}");
                }
                let mut cuts = [Cuts::default(); 2];
                cuts[1 - side].send = Some(at);
                let outcome = session(&contexts, cuts).await;
                assert_eq!(outcome.clean, [false, false], "{suite:?}, side {side} is sent {at} bytes");
            }
        }
    }
}
