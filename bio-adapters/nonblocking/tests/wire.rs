//! What a want promises, over BIO pairs of every kind of size.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::io::{Error, ErrorKind, Read, Result, Write};

use wantls::rustls::AlertDescription;
use wantls::{Interest, Received, Shutdown, Step};
use wantls_nonblocking::Stream;
use wantls_testkit::{Suite, Wire, accept, client, connect, noise, server};

/// Remembers what its last call in each direction answered, and counts calls.
struct Watched {
    wire: Wire,
    recv_blocked: bool,
    send_blocked: bool,
    reads: usize,
    writes: usize,
}

impl Watched {
    fn pair(capacity: usize) -> (Self, Self) {
        let (a, b) = Wire::pair(capacity);
        let watch = |wire| Self { wire, recv_blocked: false, send_blocked: false, reads: 0, writes: 0 };
        (watch(a), watch(b))
    }
}

fn blocked<R>(answer: &Result<R>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

impl Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let answer = self.wire.read(out);
        self.recv_blocked = blocked(&answer);
        self.reads += 1;
        answer
    }
}

impl Write for Watched {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        let answer = self.wire.write(data);
        self.send_blocked = blocked(&answer);
        self.writes += 1;
        answer
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

type Watcher = Stream<Watched>;

fn pair(suite: Suite, capacity: usize) -> (Watcher, Watcher) {
    let (a, b) = Watched::pair(capacity);
    (Stream::new(connect(&client(suite)), a), Stream::new(accept(&server(suite)), b))
}

/// The answer, once it was checked that a want leaves an edge to come in every direction of the interest.
fn checked<R>(stream: &Watcher, step: Step<R>) -> Option<R> {
    if matches!(step, Step::Want(_)) {
        let Interest { read, write } = stream.interest();
        assert!(read || write, "nothing to wait for: {stream:?}");
        assert!(!read || stream.get_ref().recv_blocked, "no edge will come: {:?}", stream.tls());
        assert!(!write || stream.get_ref().send_blocked, "no edge will come: {:?}", stream.tls());
    }
    step.done()
}

impl core::fmt::Debug for Watched {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "recv blocked {}, send blocked {}", self.recv_blocked, self.send_blocked)
    }
}

fn handshake(a: &mut Watcher, b: &mut Watcher) {
    loop {
        let (x, y) = (a.handshake().unwrap(), b.handshake().unwrap());
        if (checked(a, x), checked(b, y)) == (Some(()), Some(())) {
            // The tickets as well.
            while a.flush().unwrap().want().is_some() || b.flush().unwrap().want().is_some() {
                let _ = a.peek(&mut [0; 9]).unwrap();
            }
            return;
        }
    }
}

#[test]
fn a_want_leaves_an_edge_to_come_and_nothing_is_lost() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for capacity in [1, 100, 5000, 100_000] {
            let data = noise(60_000);
            let (mut client, mut server) = pair(suite, capacity);
            let (mut sent, mut got, mut returned, mut back) = (0, Vec::new(), 0, Vec::new());
            let mut buffer = vec![0; 20_000];
            let mut closed = false;
            while !closed {
                if sent < data.len() {
                    let step = client.write(&data[sent..]).unwrap();
                    sent += checked(&client, step).unwrap_or(0);
                } else if client.tls().phase().can_write() {
                    let step = client.shutdown().unwrap();
                    checked(&client, step);
                }
                let step = server.read(&mut buffer).unwrap();
                if let Some(Received::Data(n)) = checked(&server, step) {
                    got.extend_from_slice(&buffer[..n.get()]);
                }
                if returned < got.len() {
                    let step = server.write(&got[returned..]).unwrap();
                    returned += checked(&server, step).unwrap_or(0);
                } else if returned == data.len() {
                    let step = server.shutdown().unwrap();
                    checked(&server, step);
                }
                let step = client.read(&mut buffer).unwrap();
                match checked(&client, step) {
                    Some(Received::Data(n)) => back.extend_from_slice(&buffer[..n.get()]),
                    Some(Received::Closed) => closed = true,
                    None => {}
                }
            }
            assert!(got == data && back == data, "{suite:?} {capacity}");
        }
    }
}

#[test]
fn two_peers_who_only_write_fill_everything_and_then_go_on() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let data = noise(500_000);
        let (mut a, mut b) = pair(suite, 1000);
        handshake(&mut a, &mut b);
        let mut sent = [0, 0];
        loop {
            let before = sent;
            for (stream, sent) in [&mut a, &mut b].into_iter().zip(&mut sent) {
                let step = stream.write(&data[*sent..]).unwrap();
                *sent += checked(stream, step).unwrap_or(0);
            }
            if sent == before {
                break;
            }
        }
        // Stuck: both outputs are full, and both inputs took what they could.
        assert!(a.pending().tls_in > 0 && b.pending().tls_in > 0);
        let mut got = [Vec::new(), Vec::new()];
        let mut buffer = vec![0; 20_000];
        while got.iter().any(|got| got.len() < data.len()) {
            for (i, stream) in [&mut a, &mut b].into_iter().enumerate() {
                let step = stream.read(&mut buffer).unwrap();
                if let Some(Received::Data(n)) = checked(stream, step) {
                    got[i].extend_from_slice(&buffer[..n.get()]);
                }
                if sent[i] < data.len() {
                    let step = stream.write(&data[sent[i]..]).unwrap();
                    sent[i] += checked(stream, step).unwrap_or(0);
                }
            }
        }
        assert!(got.iter().all(|got| *got == data), "{suite:?}");
    }
}

#[test]
fn several_records_leave_and_arrive_by_one_call_each() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (mut a, mut b) = pair(suite, 100_000);
        handshake(&mut a, &mut b);
        let (writes, reads) = (a.get_ref().writes, b.get_ref().reads);
        for message in [&b"one"[..], b"two", b"three"] {
            assert_eq!(a.queue(message).unwrap(), Step::Done(message.len()));
        }
        assert_eq!(a.get_ref().writes, writes);
        assert_eq!(a.flush().unwrap(), Step::Done(()));
        assert_eq!(a.get_ref().writes, writes + 1);
        let mut got = Vec::new();
        while got.len() < 11 {
            let Step::Done(lent) = b.fill_buf().unwrap() else { panic!("it has all arrived") };
            got.extend_from_slice(lent);
            let n = lent.len();
            b.consume(n).unwrap();
        }
        assert_eq!(got, b"onetwothree");
        assert_eq!(b.get_ref().reads, reads + 1);
        // A write of two records is one call as well.
        assert_eq!(a.write(&noise(32_000)).unwrap(), Step::Done(32_000));
        assert_eq!(a.get_ref().writes, writes + 2);
    }
}

#[test]
fn a_queue_that_is_full_sends() {
    let (mut a, mut b) = pair(Suite::Tls13Aes128, 10_000_000);
    handshake(&mut a, &mut b);
    let writes = a.get_ref().writes;
    for _ in 0..100 {
        assert_eq!(a.queue(&noise(10_000)).unwrap(), Step::Done(10_000));
    }
    let sends = a.get_ref().writes - writes;
    assert!((20..=60).contains(&sends), "{sends} calls for a million bytes through about 33 KB of tls_out");
}

#[test]
fn the_alert_leaves_by_flush_when_the_pipe_is_full() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (mut a, mut b) = pair(suite, 10);
        handshake(&mut a, &mut b);
        // a's pipe to b is full of a record; then b's bytes break a.
        while a.write(&noise(100)).unwrap().done().is_some() && !a.get_ref().send_blocked {}
        let junk = [&[23, 3, 3, 0, 40][..], &[0; 40]].concat();
        let mut put = 0;
        let error = loop {
            put += b.get_mut().wire.write(&junk[put..]).unwrap_or(0);
            match a.read(&mut [0; 9]) {
                Ok(step) => assert_eq!(checked(&a, step), None),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, wantls_nonblocking::Error::Tls(wantls::Error::Protocol(_))));
        assert!(a.interest().write && !a.interest().read);
        let expected = wantls::Error::Peer(AlertDescription::BadRecordMac);
        let error = loop {
            let _ = a.flush().unwrap();
            match b.read(&mut [0; 1000]) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.to_string(), expected.to_string());
        assert_eq!(a.flush().unwrap(), Step::Done(()));
        assert_eq!(a.interest(), Interest::default());
    }
}

/// Holds back what it was given until it has been asked to flush so often.
struct Sluggish {
    wire: Wire,
    held: Vec<u8>,
    flushes: usize,
}

impl Read for Sluggish {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        self.wire.read(out)
    }
}

impl Write for Sluggish {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        self.held.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.flushes += 1;
        if !self.flushes.is_multiple_of(3) {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        let n = self.wire.write(&self.held)?;
        self.held.drain(..n);
        if self.held.is_empty() { Ok(()) } else { Err(ErrorKind::WouldBlock.into()) }
    }
}

#[test]
fn a_transport_that_buffers_is_flushed_until_it_says_so() {
    let (a, b) = Wire::pair(10_000);
    let mut a =
        Stream::new(connect(&client(Suite::Tls13Aes128)), Sluggish { wire: a, held: Vec::new(), flushes: 0 });
    let mut b = Stream::new(accept(&server(Suite::Tls13Aes128)), b);
    loop {
        let done = (a.handshake().unwrap(), b.handshake().unwrap()) == (Step::Done(()), Step::Done(()));
        assert!(a.interest().write || a.get_ref().held.is_empty(), "held back, and nobody is told");
        if done {
            break;
        }
    }
    let _ = a.write(b"through").unwrap();
    while a.flush().unwrap() != Step::Done(()) {
        assert!(a.interest().write);
    }
    assert!(a.get_ref().held.is_empty() && !a.interest().write);
    let mut got = [0; 7];
    assert!(matches!(b.read(&mut got).unwrap(), Step::Done(Received::Data(_))));
    assert_eq!(&got, b"through");
}

#[test]
fn shutdown_is_sent_and_then_complete() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (mut a, mut b) = pair(suite, 10);
        let mut steps = Vec::new();
        handshake(&mut a, &mut b);
        while steps.last() != Some(&Shutdown::Complete) {
            let step = a.shutdown().unwrap();
            steps.extend(checked(&a, step));
            let step = b.read(&mut [0; 9]).unwrap();
            if checked(&b, step) == Some(Received::Closed) {
                let step = b.shutdown().unwrap();
                checked(&b, step);
            }
        }
        assert_eq!(steps, [Shutdown::Sent, Shutdown::Complete], "{suite:?}");
    }
}
