//! Every future dropped at every await: nothing is lost, and nothing comes twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_io_async::{BufRead, ErrorType, Read, Write};
use wantls::{Connection, Phase};
use wantls_embedded_io_async::{Error, Halves, Link, Stream};
use wantls_testkit::{Suite, Wire, accept, client, connect, noise, server};

/// A BIO pair's end, or one half of it, that is pending so many times before each call, and while it would block.
#[derive(Clone)]
struct Line {
    wire: Rc<RefCell<Wire>>,
    delay: usize,
}

impl Line {
    async fn call<R>(&mut self, mut call: impl FnMut(&mut Wire) -> io::Result<R>) -> io::Result<R> {
        let mut left = self.delay;
        poll_fn(|_| {
            if left > 0 {
                left -= 1;
                return Poll::Pending;
            }
            match call(&mut self.wire.borrow_mut()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                answer => Poll::Ready(answer),
            }
        })
        .await
    }
}

impl ErrorType for Line {
    type Error = io::Error;
}

impl Read for Line {
    async fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.call(|wire| io::Read::read(wire, out)).await
    }
}

impl Write for Line {
    async fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.call(|wire| io::Write::write(wire, data)).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.call(io::Write::flush).await
    }
}

type Tls<L = Halves<Line, Line>> = Stream<L, Box<[u8]>>;

fn lines(capacity: usize, delay: usize) -> (Line, Line) {
    let (a, b) = Wire::pair(capacity);
    let line = |wire| Line { wire: Rc::new(RefCell::new(wire)), delay };
    (line(a), line(b))
}

fn pair(suite: Suite, capacity: usize, delay: usize) -> (Tls, Tls) {
    let (a, b) = lines(capacity, delay);
    (Stream::new(connect(&client(suite)), a.clone(), a), Stream::new(accept(&server(suite)), b.clone(), b))
}

/// Polls a future so many times and drops it.
fn polls<R>(times: usize, future: impl Future<Output = R>) -> Option<R> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    })
}

/// A transfer both ways and a close of both sides, where each call's future lives for `patience(i)` polls.
fn exchange<L: Link<Error: core::fmt::Debug>>(
    (mut client, mut server): (Tls<L>, Tls<L>),
    patience: impl Fn(usize) -> usize,
) {
    let data = noise(20_000);
    let (mut sent, mut got, mut returned, mut back) = (0, Vec::new(), 0, Vec::new());
    let mut buffer = [0; 3000];
    let (mut call, mut closed) = (0, false);
    let mut next = || {
        call += 1;
        assert!(call < 2_000_000, "it does not end");
        patience(call)
    };
    while !closed {
        if sent < data.len() {
            // Another length at each try: a dropped write has taken nothing.
            let end = data.len().min(sent + 1 + sent % 2500);
            sent += polls(next(), client.write(&data[sent..end])).map_or(0, Result::unwrap);
            polls(next(), client.flush()).transpose().unwrap();
        } else {
            polls(next(), client.shutdown()).transpose().unwrap();
        }
        if got.len() < data.len() {
            let n = polls(next(), server.read(&mut buffer)).map_or(0, Result::unwrap);
            got.extend_from_slice(&buffer[..n]);
        }
        if returned < got.len() {
            returned += polls(next(), server.write(&got[returned..])).map_or(0, Result::unwrap);
            polls(next(), server.flush()).transpose().unwrap();
        } else if returned == data.len() {
            polls(next(), server.shutdown()).transpose().unwrap();
        }
        if let Some(lent) = polls(next(), client.fill_buf()) {
            let lent = lent.unwrap();
            let n = lent.len();
            closed = n == 0;
            back.extend_from_slice(lent);
            client.consume(n);
        }
    }
    assert!(got == data && back == data);
}

/// Breaks the rhythm: no call may get the same patience in every round.
fn scatter(i: usize) -> usize {
    i.wrapping_mul(0x9e37_79b9) >> 13
}

#[test]
fn futures_dropped_at_every_await_lose_and_repeat_nothing() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for capacity in [1, 50, 5000] {
            // Each await is reached with one poll more than the delay; fewer drop the future before it moved a byte.
            exchange(pair(suite, capacity, 0), |_| 1);
            exchange(pair(suite, capacity, 1), |i| 1 + scatter(i) % 5);
            exchange(pair(suite, capacity, 2), |i| 1 + scatter(i) % 11);
        }
    }
}

#[test]
fn a_transport_that_can_not_be_split_does_as_well_where_it_holds_enough() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (a, b) = lines(100_000, 1);
        let client = Stream::unsplit(connect(&client(suite)), a);
        let server = Stream::unsplit(accept(&server(suite)), b);
        exchange((client, server), |i| 1 + scatter(i) % 5);
    }
}

#[test]
fn two_peers_who_only_write_go_on_once_they_read() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (mut a, mut b) = pair(suite, 5000, 1);
        while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
        let data = noise(300_000);
        let mut sent = [0, 0];
        let mut stuck = 0;
        while stuck < 10 {
            stuck += 1;
            for (stream, sent) in [&mut a, &mut b].into_iter().zip(&mut sent) {
                if let Some(n) = polls(9, stream.write(&data[*sent..])) {
                    *sent += n.unwrap();
                    stuck = 0;
                }
            }
        }
        assert!(sent.iter().all(|sent| *sent < data.len()), "it all fits");
        // Reading does not insist on sending first.
        for (stream, other) in [(&mut a, sent[1]), (&mut b, sent[0])] {
            let mut got = vec![0; 10_000];
            let n = polls(9, stream.read(&mut got)).expect("a read behind a stuck write").unwrap();
            assert!(other > n && got[..n] == data[..n]);
        }
    }
}

#[test]
fn an_error_does_not_wait_for_its_alert() {
    let (mut a, mut b) = pair(Suite::Tls13Aes128, 5000, 0);
    while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
    // b does not read, and then sends nonsense.
    while polls(9, a.write(&noise(16_000))).is_some() {}
    let junk = [&[23, 3, 3, 0, 40][..], &[0; 40]].concat();
    assert_eq!(polls(9, b.link_mut().writer.write(&junk)).unwrap().unwrap(), junk.len());
    let error = polls(1, a.read(&mut [0; 9])).expect("the error waits").unwrap_err();
    assert!(matches!(error, Error::Tls(wantls::Error::Protocol(_))));
    // Once the peer reads, the alert comes.
    let mut buffer = vec![0; 20_000];
    let told = loop {
        let _ = polls(9, a.flush());
        if let Some(Err(error)) = polls(9, b.read(&mut buffer)) {
            break error;
        }
    };
    assert!(matches!(told, Error::Tls(wantls::Error::Peer(_))), "{told:?}");
}

#[test]
fn a_write_that_was_dropped_can_become_any_other_write() {
    let (mut a, mut b) = pair(Suite::Tls13Aes128, 5000, 1);
    while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
    // Full: the write waits, and is dropped wherever it stands.
    let mut taken = Vec::new();
    for i in 0..100 {
        let data = noise(5000 + i);
        if let Some(n) = polls(1 + scatter(i) % 4, a.write(&data)) {
            taken.extend_from_slice(&data[..n.unwrap()]);
        }
    }
    let mut got = vec![0; taken.len()];
    let mut len = 0;
    while len < got.len() {
        polls(5, a.flush()).transpose().unwrap();
        len += polls(5, b.read(&mut got[len..])).map_or(0, Result::unwrap);
    }
    assert!(got == taken);
}

#[test]
fn truncation_and_use_after_close_are_errors() {
    let (mut a, mut b) = pair(Suite::Tls13Aes128, 10_000, 0);
    while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
    polls(9, a.shutdown()).unwrap().unwrap();
    let late = polls(9, a.write(b"late")).unwrap().unwrap_err();
    assert!(matches!(late, Error::Tls(wantls::Error::Usage(wantls::Usage::WriteAfterShutdown))));
    assert_eq!(polls(9, b.read(&mut [0; 9])).unwrap().unwrap(), 0);
    b.link_mut().writer.wire.borrow_mut().0.shutdown_wr();
    let cut = polls(9, a.read(&mut [0; 9])).unwrap().unwrap_err();
    assert!(matches!(cut, Error::Tls(wantls::Error::Truncated)));
    assert_eq!(a.tls().phase(), Phase::Failed);
}

#[test]
fn close_gives_the_transport_back() {
    let (mut a, mut b) = pair(Suite::Tls12Aes128, 10_000, 0);
    while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
    polls(9, a.write(b"bye")).unwrap().unwrap();
    polls(9, b.shutdown()).unwrap().unwrap();
    let mut line = polls(9, a.close_and_wait()).unwrap().map_err(|back| back.error).unwrap();
    assert_eq!(polls(9, b.read(&mut [0; 9])).unwrap().unwrap(), 3);
    assert_eq!(polls(9, b.read(&mut [0; 9])).unwrap().unwrap(), 0);
    let mut other = polls(9, b.close_and_wait()).unwrap().map_err(|back| back.error).unwrap();
    polls(9, line.writer.write(b"clear")).unwrap().unwrap();
    assert_eq!(polls(9, other.reader.read(&mut [0; 9])).unwrap().unwrap(), 5);
}

/// A firmware's connection: static memory.
#[test]
fn static_buffers_and_arrays_do() {
    fn talks<B: AsRef<[u8]> + AsMut<[u8]>>(tls: Connection<B>) {
        let (a, b) = lines(10_000, 0);
        let mut a = Stream::new(tls, a.clone(), a);
        let mut b = Stream::new(accept(&server(Suite::Tls13Aes128)), b.clone(), b);
        while polls(3, a.handshake()).is_none() | polls(3, b.handshake()).is_none() {}
        assert_eq!(polls(9, a.write(b"hello")).unwrap().unwrap(), 5);
        polls(9, a.flush()).unwrap().unwrap();
        assert_eq!(polls(9, b.read(&mut [0; 9])).unwrap().unwrap(), 5);
    }
    const SIZE: usize = wantls::buffers::TLS12_RECORD;
    let name = || wantls_testkit::NAME.try_into().unwrap();
    let context = client(Suite::Tls13Aes128);
    let leaked = || -> &'static mut [u8] { Box::leak(Box::new([0; SIZE])) };
    talks(context.connect(name(), wantls::Buffers::new(leaked(), leaked())).unwrap());
    talks(context.connect(name(), wantls::Buffers::new([0; SIZE], [0; SIZE])).unwrap());
}
