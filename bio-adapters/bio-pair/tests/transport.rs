//! Halves as transports: what a connection above relies on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test reports by panicking

use core::num::NonZeroUsize;

use proptest::prelude::*;
use wantls_bio_pair::{Bio, BioError, Capacity, Pair, QuotaBio};
use wantls_transport::{Recv, Sent, Transport};

/// Moves all of `data` across, in turns, with slices of the given size; returns what arrived before the end.
fn across(data: &[u8], slice: usize, near: &mut Bio, far: &mut Bio) -> Vec<u8> {
    let (mut rest, mut arrived, mut buffer) = (data, Vec::new(), vec![0; slice]);
    loop {
        if rest.is_empty() {
            near.shutdown_wr();
        } else if let Sent::Bytes(n) = near.send(&rest[..slice.min(rest.len())]).unwrap() {
            rest = &rest[n.get()..];
        }
        match far.recv(&mut buffer).unwrap() {
            Recv::Bytes(n) => arrived.extend_from_slice(&buffer[..n.get()]),
            Recv::WouldBlock => {}
            Recv::Eof => return arrived,
        }
    }
}

proptest! {
    /// Whatever the ring and the slices: every byte arrives once, in order, and then the end.
    #[test]
    fn a_bio_carries_everything_and_then_the_end(
        data in proptest::collection::vec(any::<u8>(), 0..300),
        capacity in 1..50_usize,
        slice in 1..70_usize,
    ) {
        let capacity = Capacity::new(capacity).unwrap();
        let (mut near, mut far) = Bio::pair(capacity, capacity);
        let arrived = across(&data, slice, &mut near, &mut far);
        prop_assert_eq!(arrived, data);
    }
}

/// A full ring and an empty one are no errors, and no end.
fn blocks<T: Transport<Error = BioError>>(half: &mut T) {
    let two = NonZeroUsize::new(2).unwrap();
    assert_eq!(half.recv(&mut [0; 4]), Ok(Recv::WouldBlock));
    assert_eq!(half.send(b"abc"), Ok(Sent::Bytes(two)));
    assert_eq!(half.send(b"c"), Ok(Sent::WouldBlock));
    assert_eq!(half.send(b""), Ok(Sent::WouldBlock));
    assert_eq!(half.recv(&mut []), Ok(Recv::WouldBlock));
}

#[test]
fn nothing_and_full_are_would_block() {
    let two = Capacity::new(2).unwrap();
    let (mut bio, _other) = Bio::pair(two, two);
    blocks(&mut bio);
    let mut pair = Pair::new(two, two);
    blocks(&mut pair.a());
    let (bio, _other) = Bio::pair(two, two);
    let mut quota = QuotaBio::new(bio);
    assert_eq!(quota.send(b"a"), Ok(Sent::WouldBlock), "no quota yet");
    quota.allow_read(9);
    quota.allow_write(9);
    blocks(&mut quota);
}

#[test]
fn a_partner_that_is_gone_is_an_error_and_not_the_end() {
    let (mut bio, other) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
    drop(other);
    assert_eq!(bio.recv(&mut [0]), Err(BioError::Uninitialized));
    assert_eq!(bio.send(b"a"), Err(BioError::Uninitialized));
}
