//! A short session cut at each of its bytes: every cut is an error, nothing hangs, nothing is made up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_io_async::{ErrorType, Read, Write};
use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, ServerContext};
use wantls_embedded_io_async::{Error, Stream};
use wantls_testkit::{Suite, Tls, Wire, accept, connect, toy};

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

/// A call that is pending while it would block.
async fn ready<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    poll_fn(|_| match call() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        answer => Poll::Ready(answer),
    })
    .await
}

struct Receiver<'a> {
    wire: Rc<RefCell<Wire>>,
    end: Option<(usize, End)>,
    received: &'a mut usize,
}

impl ErrorType for Receiver<'_> {
    type Error = io::Error;
}

impl Read for Receiver<'_> {
    async fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut most = out.len();
        if let Some((at, end)) = self.end {
            most = most.min(at - *self.received);
            match end {
                End::Eof if most == 0 => return Ok(0),
                End::Reset if most == 0 => return Err(ErrorKind::ConnectionReset.into()),
                End::Eof | End::Reset => {}
            }
        }
        let n = ready(|| io::Read::read(&mut *self.wire.borrow_mut(), &mut out[..most])).await?;
        *self.received += n;
        Ok(n)
    }
}

struct Sender {
    wire: Rc<RefCell<Wire>>,
    end: Option<usize>,
    sent: usize,
}

impl ErrorType for Sender {
    type Error = io::Error;
}

impl Write for Sender {
    async fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let most = self.end.map_or(data.len(), |at| data.len().min(at - self.sent));
        if most == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let n = ready(|| io::Write::write(&mut *self.wire.borrow_mut(), &data[..most])).await?;
        self.sent += n;
        Ok(n)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sender {
    /// Whoever goes away is heard no more.
    fn drop(&mut self) {
        self.wire.borrow_mut().0.shutdown_wr();
    }
}

/// Says all, closes, and listens to the end. Where it fails, the stream is dropped, as by any application.
async fn talk(
    tls: Tls,
    receiver: Receiver<'_>,
    sender: Sender,
    got: &mut Vec<u8>,
) -> Result<(), Error<io::Error>> {
    let mut stream = Stream::new(tls, receiver, sender);
    stream.write_all(DATA).await?;
    stream.shutdown().await?;
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => got.extend_from_slice(&buffer[..n]),
        }
    }
}

/// Polls both in turns until both are done.
fn join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..10_000 {
        if of_a.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(&mut cx)
        {
            of_a = Some(output);
        }
        if of_b.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(&mut cx)
        {
            of_b = Some(output);
        }
        match (of_a.take(), of_b.take()) {
            (Some(a), Some(b)) => return (a, b),
            rest => (of_a, of_b) = rest,
        }
    }
    panic!("it hangs")
}

struct Outcome {
    clean: [bool; 2],
    received: [usize; 2],
}

/// A session of client and server with their cuts.
fn session(contexts: &(ClientContext, ServerContext), cuts: [Cuts; 2]) -> Outcome {
    let (a, b) = Wire::pair(16 * 1024);
    let (mut received, mut got) = ([0; 2], [Vec::new(), Vec::new()]);
    let [client_received, server_received] = &mut received;
    let [client_got, server_got] = &mut got;
    // The pair outlives both streams: what was sent can be read when the sender is gone.
    let (a, b) = (Rc::new(RefCell::new(a)), Rc::new(RefCell::new(b)));
    let halves = |wire: &Rc<RefCell<Wire>>, cuts: Cuts, received| {
        let receiver = Receiver { wire: Rc::clone(wire), end: cuts.receive, received };
        (receiver, Sender { wire: Rc::clone(wire), end: cuts.send, sent: 0 })
    };
    let (a_reads, a_writes) = halves(&a, cuts[0], client_received);
    let (b_reads, b_writes) = halves(&b, cuts[1], server_received);
    let (client, server) = join(
        talk(connect(&contexts.0), a_reads, a_writes, client_got),
        talk(accept(&contexts.1), b_reads, b_writes, server_got),
    );
    let clean = [client.is_ok(), server.is_ok()];
    for (got, clean) in got.iter().zip(clean) {
        assert!(DATA.starts_with(got), "made up: {got:?}");
        assert!(!clean || got == DATA, "closed in the middle of the data");
    }
    Outcome { clean, received }
}

#[test]
fn a_cut_at_any_byte_is_an_error() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        // Their signatures have one length, so that every session has as many bytes as the first.
        let client = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let server = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
        let contexts = (client, server);
        let Outcome { clean, received } = session(&contexts, [Cuts::default(); 2]);
        assert_eq!(clean, [true, true]);
        assert!(received.iter().all(|len| *len > 300), "a session of {received:?} bytes is none");
        for side in [0, 1] {
            for at in 0..received[side] {
                for end in [End::Eof, End::Reset] {
                    let mut cuts = [Cuts::default(); 2];
                    cuts[side].receive = Some((at, end));
                    let outcome = session(&contexts, cuts);
                    assert!(!outcome.clean[side], "{suite:?}, side {side} receives {at} bytes, {end:?}");
                }
                let mut cuts = [Cuts::default(); 2];
                cuts[1 - side].send = Some(at);
                let outcome = session(&contexts, cuts);
                assert_eq!(outcome.clean, [false, false], "{suite:?}, side {side} is sent {at} bytes");
            }
        }
    }
}
