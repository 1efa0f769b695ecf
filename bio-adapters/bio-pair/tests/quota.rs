//! A transport that blocks at every byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test reports by panicking

use wantls_bio_pair::{Bio, BioError, Capacity, QuotaBio, ReadOutcome, Retry, WriteOutcome};

fn pair() -> (QuotaBio, Bio) {
    let (a, b) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
    (QuotaBio::new(a), b)
}

#[test]
fn nothing_passes_at_first() {
    let (mut a, mut b) = pair();
    assert_eq!(b.write(b"data"), Ok(WriteOutcome::Bytes(4)));
    assert_eq!(a.write(b"data"), Ok(WriteOutcome::WouldBlock));
    assert_eq!(a.retry(), Some(Retry::Write));
    assert_eq!(a.read(&mut [0; 4]), Ok(ReadOutcome::WouldBlock));
    assert_eq!(a.retry(), Some(Retry::Read));
    assert_eq!((b.pending(), a.get_ref().pending()), (0, 4));
}

#[test]
fn every_byte_is_a_blocking_point() {
    let message = b"in order and complete";
    let (mut a, mut b) = pair();
    for (done, byte) in message.iter().enumerate() {
        assert_eq!(a.write(&message[done..]), Ok(WriteOutcome::WouldBlock));
        a.allow_write(1);
        assert_eq!(a.write(&message[done..]), Ok(WriteOutcome::Bytes(1)));
        assert_eq!(a.retry(), None);
        let mut out = [0; 2];
        assert_eq!(b.read(&mut out), Ok(ReadOutcome::Bytes(1)));
        assert_eq!(out[0], *byte);
    }

    assert_eq!(b.write(message), Ok(WriteOutcome::Bytes(message.len())));
    for byte in message {
        let mut out = [0; 2];
        assert_eq!(a.read(&mut out), Ok(ReadOutcome::WouldBlock));
        a.allow_read(1);
        assert_eq!(a.read(&mut out), Ok(ReadOutcome::Bytes(1)));
        assert_eq!(out[0], *byte);
    }
}

#[test]
fn only_passed_bytes_cost_quota() {
    let (mut a, mut b) = pair();
    a.allow_read(10);
    a.allow_write(usize::MAX);
    a.allow_write(1);
    assert_eq!(a.write_quota(), usize::MAX);
    assert_eq!(a.read(&mut [0; 99]), Ok(ReadOutcome::WouldBlock));
    assert_eq!(a.retry(), Some(Retry::Read), "the half below blocked");
    assert_eq!(b.read_request(), 10);
    assert_eq!(b.write(b"abc"), Ok(WriteOutcome::Bytes(3)));
    assert_eq!(a.read(&mut [0; 99]), Ok(ReadOutcome::Bytes(3)));
    b.shutdown_wr();
    assert_eq!(a.read(&mut [0; 99]), Ok(ReadOutcome::Eof));
    assert_eq!(a.read_quota(), 7);
    a.get_mut().shutdown_wr();
    assert_eq!(a.write(b"x"), Err(BioError::BrokenPipe));
    assert_eq!(a.write_quota(), usize::MAX);
}

#[test]
fn the_end_waits_for_quota_and_empty_slices_do_not() {
    let (mut a, mut b) = pair();
    b.shutdown_wr();
    assert_eq!(a.read(&mut [0; 1]), Ok(ReadOutcome::WouldBlock));
    assert_eq!(a.read(&mut []), Ok(ReadOutcome::Bytes(0)));
    assert_eq!(a.retry(), None);
    assert_eq!(a.write(b""), Ok(WriteOutcome::Bytes(0)));
    a.allow_read(1);
    assert_eq!(a.read(&mut [0; 1]), Ok(ReadOutcome::Eof));
    assert!(a.into_inner().eof());
}
