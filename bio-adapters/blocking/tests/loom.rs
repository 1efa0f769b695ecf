//! The halves of a split stream in every order in which their steps can happen: no deadlock, and nothing that was
//! taken or owed is lost.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p wantls-blocking --test loom`
#![cfg(loom)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::sync::Arc as StdArc;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use wantls::rustls::AlertDescription;
use wantls::{Error as TlsError, Received, Step};
use wantls_blocking::{Duplex, ReadHalf, Stream, WriteHalf};
use wantls_testkit::{Suite, Tls};

type Reader = ReadHalf<Inbox, Outbox, Box<[u8]>>;
type Writer = WriteHalf<Outbox, Box<[u8]>>;

/// What the peer has sent, a segment for each call.
struct Inbox(VecDeque<Vec<u8>>);

impl Read for Inbox {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let segment = self.0.pop_front().expect("the test says what is received");
        out[..segment.len()].copy_from_slice(&segment);
        Ok(segment.len())
    }
}

/// Holds a writer back until it is opened.
#[derive(Clone)]
struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum GateState {
    Closed,
    /// A writer stands in front of it.
    Reached,
    Open,
}

impl Gate {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(GateState::Closed), Condvar::new())))
    }

    fn set(&self, state: GateState) {
        *self.0.0.lock().unwrap() = state;
        self.0.1.notify_all();
    }

    fn wait_while(&self, state: GateState) {
        let mut now = self.0.0.lock().unwrap();
        while *now == state {
            now = self.0.1.wait(now).unwrap();
        }
    }

    fn pass(&self) {
        if *self.0.0.lock().unwrap() == GateState::Closed {
            self.set(GateState::Reached);
        }
        self.wait_while(GateState::Reached);
    }
}

/// What was sent to the peer. Only who holds the outlet gets here, so that loom need not look inside.
#[derive(Clone)]
struct Outbox {
    sent: StdArc<StdMutex<Vec<u8>>>,
    gate: Option<Gate>,
    /// Calls that time out before one passes.
    timeouts: usize,
}

impl Write for Outbox {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        if let Some(gate) = &self.gate {
            gate.pass();
        }
        if self.timeouts > 0 {
            self.timeouts -= 1;
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        // In pieces, so that the connection is looked at between them.
        let n = data.len().min(40);
        self.sent.lock().unwrap().extend_from_slice(&data[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Loom's threads have small stacks.
fn on_a_real_stack<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::spawn(work).join().unwrap()
}

struct Scene {
    reader: Reader,
    writer: Writer,
    peer: Tls,
    sent: StdArc<StdMutex<Vec<u8>>>,
}

/// A split client for which its peer has sent what `say` makes it say.
fn scene(gate: Option<Gate>, timeouts: usize, say: fn(&mut Tls) -> Vec<Vec<u8>>) -> Scene {
    let (client, peer, inbox) = on_a_real_stack(move || {
        let (client, mut peer) = wantls_testkit::established(Suite::Tls13Aes128);
        let inbox = say(&mut peer);
        (client, peer, inbox)
    });
    let outbox = Outbox { sent: StdArc::default(), gate, timeouts };
    let sent = outbox.sent.clone();
    let transport = Duplex { reader: Inbox(inbox.into()), writer: outbox };
    let (reader, writer) = Stream::new(client, transport).split().unwrap();
    Scene { reader, writer, peer, sent }
}

fn take_out(tls: &mut Tls) -> Vec<u8> {
    let out = tls.tls_out();
    let bytes = out.bytes().to_vec();
    out.consume(bytes.len()).unwrap();
    bytes
}

/// What the peer gets of the bytes that were sent: plaintext, and how it ends.
fn heard(mut peer: Tls, sent: &StdMutex<Vec<u8>>) -> (Vec<u8>, Option<TlsError>) {
    let bytes = sent.lock().unwrap().clone();
    on_a_real_stack(move || {
        let mut grant = peer.tls_in();
        grant.space()[..bytes.len()].copy_from_slice(&bytes);
        grant.commit(bytes.len()).unwrap();
        let (mut plain, mut buffer) = (Vec::new(), [0; 200]);
        loop {
            match peer.read(&mut buffer) {
                Ok(Step::Done(Received::Data(n))) => plain.extend_from_slice(&buffer[..n.get()]),
                Ok(Step::Done(Received::Closed)) => {
                    plain.extend_from_slice(b"<closed>");
                    return (plain, None);
                }
                Ok(Step::Want(_)) => return (plain, None),
                Err(error) => return (plain, Some(error)),
            }
        }
    })
}

fn spawn<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> thread::JoinHandle<R> {
    thread::Builder::new().stack_size(1 << 18).spawn(work).unwrap()
}

/// Every order.
fn model(test: fn()) {
    let orders = StdArc::new(AtomicUsize::new(0));
    let counted = orders.clone();
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        test();
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 10, "the threads did not meet");
}

/// A record that does not open, and so an alert that the reader owes.
fn broken_record(_: &mut Tls) -> Vec<Vec<u8>> {
    vec![[&[23, 3, 3, 0, 40][..], &[0; 40]].concat()]
}

fn read_error(reader: &mut Reader) -> ErrorKind {
    reader.read(&mut [0; 9]).unwrap_err().kind()
}

#[test]
fn the_readers_alert_follows_all_that_the_writer_was_told_is_taken() {
    model(|| {
        let Scene { mut reader, mut writer, peer, sent } = scene(None, 0, broken_record);
        let writing = spawn(move || writer.write(b"taken").is_ok());
        assert_eq!(read_error(&mut reader), ErrorKind::InvalidData);
        let taken = writing.join().unwrap();
        let expected = if taken { &b"taken"[..] } else { b"" };
        let (plain, error) = heard(peer, &sent);
        assert_eq!(plain, expected);
        assert_eq!(error, Some(TlsError::Peer(AlertDescription::BadRecordMac)));
    });
}

#[test]
fn a_blocked_writer_delays_neither_data_nor_an_error() {
    model(|| {
        let gate = Gate::new();
        let say = |peer: &mut Tls| {
            let _ = peer.write(b"data").unwrap();
            vec![take_out(peer), broken_record(peer).remove(0)]
        };
        let Scene { mut reader, mut writer, peer, sent } = scene(Some(gate.clone()), 0, say);
        let writing = spawn(move || writer.write(b"blocked").unwrap());
        gate.wait_while(GateState::Closed);
        let mut got = [0; 4];
        reader.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"data");
        assert_eq!(read_error(&mut reader), ErrorKind::InvalidData);
        gate.set(GateState::Open);
        assert_eq!(writing.join().unwrap(), 7);
        let (plain, error) = heard(peer, &sent);
        assert_eq!(plain, b"blocked");
        assert_eq!(error, Some(TlsError::Peer(AlertDescription::BadRecordMac)));
    });
}

#[test]
fn the_peers_key_update_is_answered_with_a_write_and_once() {
    model(|| {
        let say = |peer: &mut Tls| {
            peer.key_update(true).unwrap();
            let _ = peer.write(b"new key").unwrap();
            vec![take_out(peer)]
        };
        let Scene { mut reader, mut writer, peer, sent } = scene(None, 0, say);
        let writing = spawn(move || {
            writer.write_all(b"one ").unwrap();
            writer
        });
        let mut got = [0; 7];
        reader.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"new key");
        let mut writer = writing.join().unwrap();
        writer.write_all(b"two").unwrap();
        assert_eq!(reader.with_tls(|tls| tls.key_update_due()).unwrap(), None, "it is still owed");
        // A lost KeyUpdate, or a second one, would not open.
        assert_eq!(heard(peer, &sent), (b"one two".to_vec(), None));
    });
}

#[test]
fn both_sides_close_at_once() {
    model(|| {
        let say = |peer: &mut Tls| {
            let _ = peer.write(b"bye").unwrap();
            let _ = peer.shutdown().unwrap();
            vec![take_out(peer)]
        };
        let Scene { mut reader, mut writer, peer, sent } = scene(None, 0, say);
        let writing = spawn(move || {
            writer.write_all(b"last").unwrap();
            writer.shutdown().unwrap();
        });
        let mut got = [0; 9];
        assert_eq!(reader.read(&mut got).unwrap(), 3);
        assert_eq!(reader.read(&mut got).unwrap(), 0);
        writing.join().unwrap();
        assert_eq!(heard(peer, &sent), (b"last<closed>".to_vec(), None));
    });
}

#[test]
fn a_writer_that_timed_out_leaves_its_bytes_to_whoever_sends_next() {
    model(|| {
        let Scene { mut reader, mut writer, peer, sent } = scene(None, 1, broken_record);
        let writing = spawn(move || {
            let taken = writer.write(b"taken").is_ok();
            // A timeout of the writer's or the reader's: again.
            while writer.flush().is_err() {}
            taken
        });
        assert_eq!(read_error(&mut reader), ErrorKind::InvalidData);
        let taken = writing.join().unwrap();
        // The reader's own send may have timed out behind the last flush.
        let left = reader.with_tls(|tls| tls.pending().tls_out).unwrap();
        let (plain, error) = heard(peer, &sent);
        assert_eq!(plain, if taken { &b"taken"[..] } else { b"" });
        assert!(left > 0 || error == Some(TlsError::Peer(AlertDescription::BadRecordMac)), "{error:?}");
    });
}
