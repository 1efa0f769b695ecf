//! The rules of OpenSSL's BIO pair, one test each, and what a user of both types relies on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test reports by panicking

use wantls_bio_pair::{Bio, BioError, Capacity, Pair, ReadOutcome, Retry, WriteOutcome, compat};

fn capacity(bytes: usize) -> Capacity {
    Capacity::new(bytes).unwrap()
}

fn bios(a_to_b: usize, b_to_a: usize) -> (Bio, Bio) {
    Bio::pair(capacity(a_to_b), capacity(b_to_a))
}

fn written(n: usize) -> Result<WriteOutcome, BioError> {
    Ok(WriteOutcome::Bytes(n))
}

fn got(n: usize) -> Result<ReadOutcome, BioError> {
    Ok(ReadOutcome::Bytes(n))
}

const FULL: Result<WriteOutcome, BioError> = Ok(WriteOutcome::WouldBlock);
const EMPTY: Result<ReadOutcome, BioError> = Ok(ReadOutcome::WouldBlock);
const EOF: Result<ReadOutcome, BioError> = Ok(ReadOutcome::Eof);

/// Reads `n` bytes' worth, whatever comes.
fn read(bio: &mut Bio, n: usize) -> Result<ReadOutcome, BioError> {
    bio.read(&mut vec![0; n])
}

/// Writes until all is taken or the ring is full, as a record layer does. Returns how much was taken.
fn write_all(bio: &mut Bio, mut data: &[u8]) -> usize {
    let len = data.len();
    while !data.is_empty() {
        match bio.write(data).unwrap() {
            WriteOutcome::Bytes(n) => data = &data[n..],
            WriteOutcome::WouldBlock => break,
        }
    }
    len - data.len()
}

#[test]
fn b01_default_is_17_kib_and_directions_have_their_own_size() {
    assert_eq!(Capacity::DEFAULT.get(), 17408);
    assert_eq!(Capacity::default(), Capacity::DEFAULT);
    assert_eq!(Capacity::or_default(0), Capacity::DEFAULT);
    assert_eq!(Capacity::or_default(1), capacity(1));

    let (a, b) = bios(10, 20);
    assert_eq!((a.capacity(), b.capacity()), (10, 20));
    assert_eq!((a.write_guarantee(), b.write_guarantee()), (10, 20));
    assert_eq!(Pair::default().a().capacity(), 17408);
}

#[test]
fn b02_short_write_is_a_success() {
    let (mut a, mut b) = bios(10, 1);
    assert_eq!(a.write(b"0123"), written(4));
    assert_eq!(a.write(b"456789ABCD"), written(6));
    assert_eq!(a.retry(), None);
    assert_eq!(a.write(b"A"), FULL);
    assert_eq!(a.retry(), Some(Retry::Write));
    assert_eq!(compat::retry_flags(a.retry()), 0x0a);

    let mut out = [0; 10];
    assert_eq!(b.read(&mut out), got(10));
    assert_eq!(&out, b"0123456789");
}

#[test]
fn b03_read_takes_what_is_there_across_the_wrap() {
    let (mut a, mut b) = bios(5, 1);
    assert_eq!(read(&mut b, 3), EMPTY);
    assert_eq!(b.retry(), Some(Retry::Read));
    assert_eq!(compat::retry_flags(b.retry()), 0x09);

    assert_eq!(a.write(b"01234"), written(5));
    assert_eq!(read(&mut b, 3), got(3));
    assert_eq!(a.write(b"567"), written(3));
    let mut out = [0; 9];
    assert_eq!(b.read(&mut out), got(5));
    assert_eq!(&out, b"34567\0\0\0\0");

    a.shutdown_wr();
    assert_eq!(read(&mut b, 3), EOF);
    assert_eq!(b.retry(), None);
}

#[test]
fn b04_retry_flags_belong_to_the_half_that_blocked() {
    let (mut a, mut b) = bios(4, 4);
    assert_eq!(a.write(b"0123"), written(4));
    assert_eq!(a.write(b"4"), FULL);

    // Nothing but an operation of a's own clears it.
    assert_eq!(read(&mut b, 4), got(4));
    assert_eq!(read(&mut b, 4), EMPTY);
    assert_eq!(b.write(b"x"), written(1));
    a.reset();
    a.reset_read_request();
    a.shutdown_wr();
    assert!(!a.eof());
    assert_eq!((a.pending(), a.wpending(), a.write_guarantee(), a.read_request()), (1, 0, 0, 0));
    assert_eq!(a.retry(), Some(Retry::Write));

    assert_eq!(read(&mut a, 1), got(1));
    assert_eq!(a.retry(), None);
    assert_eq!(read(&mut a, 1), EMPTY);
    assert_eq!(a.retry(), Some(Retry::Read));
    assert_eq!(a.write(b"4"), Err(BioError::BrokenPipe));
    assert_eq!(a.retry(), None);
}

#[test]
fn b05_write_guarantee_is_the_room_and_may_take_two_rounds_in_place() {
    let mut pair = Pair::new(capacity(5), capacity(1));
    assert_eq!(pair.a().write(b"01234"), written(5));
    assert_eq!(pair.b().read(&mut [0; 3]), got(3));
    assert_eq!(pair.a().write(b"5"), written(1));
    assert_eq!(pair.b().read(&mut [0; 1]), got(1));
    // Stored are one byte at the end and one at the start; the room lies behind it in one piece.
    assert_eq!(pair.a().write_guarantee(), 3);
    assert_eq!(pair.a().write(b"678"), written(3));
    assert_eq!(pair.b().read(&mut [0; 3]), got(3));
    assert_eq!(pair.b().pending(), 2);

    // Now the room wraps: two in-place rounds, or one write.
    assert_eq!(pair.a().write_guarantee(), 3);
    assert_eq!(fill(&mut pair, b"9AB"), 1);
    assert_eq!(fill(&mut pair, b"AB"), 2);
    let mut out = [0; 5];
    assert_eq!(pair.b().read(&mut out), got(5));
    assert_eq!(&out, b"789AB");

    pair.a().shutdown_wr();
    assert_eq!(pair.a().write_guarantee(), 0);
    pair.b().destroy();
    assert_eq!(pair.b().write_guarantee(), 0);
}

/// Writes the front of `data` in place; returns how much was taken.
fn fill(pair: &mut Pair, data: &[u8]) -> usize {
    let mut a = pair.a();
    let WriteOutcome::Bytes(room) = a.writable().unwrap() else { panic!("no room") };
    let n = room.len().min(data.len());
    room[..n].copy_from_slice(&data[..n]);
    assert_eq!(a.commit(n), written(n));
    n
}

#[test]
fn b06_read_request_is_replaced_capped_and_reset() {
    let (mut a, mut b) = bios(10, 10);
    let ask = |b: &mut Bio, n| assert_eq!(read(b, n), EMPTY);
    for (asked, seen) in [(100, 10), (7, 7), (5, 5)] {
        ask(&mut b, asked);
        assert_eq!(a.read_request(), seen);
        assert!(a.read_request() <= a.write_guarantee());
    }
    assert_eq!(b.read_request(), 0, "the request is the other half's");

    // Any write attempt resets it, though it does not satisfy it.
    assert_eq!(a.write(b"x"), written(1));
    assert_eq!(a.read_request(), 0);
    assert_eq!(read(&mut b, 1), got(1));

    // A write of nothing is no attempt; a read of nothing resets.
    ask(&mut b, 5);
    assert_eq!(a.write(b""), written(0));
    assert_eq!(a.read_request(), 5);
    assert_eq!(read(&mut b, 0), got(0));
    assert_eq!(a.read_request(), 0);

    ask(&mut b, 5);
    a.reset_read_request();
    assert_eq!(a.read_request(), 0);

    // Even a write that fails.
    ask(&mut b, 5);
    a.shutdown_wr();
    assert_eq!(a.read_request(), 5);
    assert_eq!(a.write(b"x"), Err(BioError::BrokenPipe));
    assert_eq!(a.read_request(), 0);

    // Reading in place asks for one byte.
    let mut pair = Pair::new(capacity(10), capacity(10));
    assert_eq!(pair.b().readable(), Ok(ReadOutcome::WouldBlock));
    assert_eq!(pair.a().read_request(), 1);
    assert_eq!(pair.a().write(b"x"), written(1));
    assert_eq!(pair.b().consume(9), got(1));
    assert_eq!(pair.a().read_request(), 0);
    assert_eq!(pair.b().consume(9), EMPTY);
    assert_eq!(pair.a().read_request(), 1);
}

#[test]
fn b07_pending_of_one_is_wpending_of_the_other() {
    let (mut a, mut b) = bios(10, 10);
    assert_eq!(a.write(b"012"), written(3));
    assert_eq!(b.write(b"01234"), written(5));
    assert_eq!((b.pending(), a.wpending()), (3, 3));
    assert_eq!((a.pending(), b.wpending()), (5, 5));
}

#[test]
fn b08_shutdown_wr_ends_one_direction() {
    let (mut a, mut b) = bios(10, 10);
    assert_eq!(a.write(b"012"), written(3));
    a.shutdown_wr();
    a.shutdown_wr();
    assert_eq!(a.write_guarantee(), 0);
    assert_eq!(a.write(b"3"), Err(BioError::BrokenPipe));
    assert_eq!(a.retry(), None);
    assert_eq!(a.write(b""), written(0));

    assert_eq!(read(&mut b, 2), got(2));
    assert_eq!(read(&mut b, 2), got(1));
    assert_eq!(read(&mut b, 2), EOF);

    assert_eq!(b.write(b"back"), written(4));
    assert_eq!(read(&mut a, 9), got(4));
    assert_eq!(read(&mut a, 9), EMPTY);
}

#[test]
fn b09_eof_is_closed_and_drained_or_unpaired() {
    let (mut a, mut b) = bios(10, 10);
    assert!(!b.eof());
    assert_eq!(a.write(b"0"), written(1));
    a.shutdown_wr();
    assert!(!b.eof());
    assert_eq!(read(&mut b, 1), got(1));
    assert!(b.eof());
    assert!(!a.eof());
    a.destroy();
    assert!(a.eof() && b.eof());
}

#[test]
fn b10_nothing_asked_is_nothing_done() {
    let (mut a, mut b) = bios(2, 2);
    assert_eq!(a.write(b""), written(0));
    assert_eq!(read(&mut b, 0), got(0), "neither a block nor the end");
    assert_eq!(b.retry(), None);

    assert_eq!(a.write(b"01"), written(2));
    assert_eq!(a.write(b"2"), FULL);
    assert_eq!(a.write(b""), written(0));
    assert_eq!(a.retry(), None, "own operations clear the flag, even this one");

    a.shutdown_wr();
    assert_eq!(read(&mut b, 2), got(2));
    assert_eq!(read(&mut b, 0), got(0));
}

#[test]
fn b11_reset_discards_what_the_half_has_written() {
    let (mut a, mut b) = bios(4, 4);
    assert_eq!(a.write(b"0123"), written(4));
    assert_eq!(b.write(b"xy"), written(2));
    a.reset();
    assert_eq!((a.wpending(), b.pending(), a.write_guarantee()), (0, 0, 4));
    assert_eq!(a.pending(), 2, "the other direction is not touched");

    assert_eq!(read(&mut b, 3), EMPTY);
    a.shutdown_wr();
    a.reset();
    assert_eq!(a.read_request(), 3);
    assert_eq!(read(&mut b, 3), EOF);
}

#[test]
fn b12_paired_halves_are_in_use() {
    let (mut a, mut b) = bios(4, 4);
    assert_eq!(a.set_write_buf_size(capacity(5)), Err(BioError::InUse));
    assert_eq!(a.make_pair(&mut b), Err(BioError::InUse));
    let mut free = Bio::new(capacity(1));
    assert_eq!(free.make_pair(&mut b), Err(BioError::InUse));
    assert_eq!(a.make_pair(&mut free), Err(BioError::InUse));
    assert_eq!(Pair::default().make_pair(), Err(BioError::InUse));
    assert_eq!(Capacity::new(0), Err(BioError::InvalidArgument));

    assert_eq!(a.write(b"0123456"), written(4), "nothing of this changed the pair");
    assert_eq!(b.pending(), 4);

    let reasons = [BioError::Uninitialized, BioError::InUse, BioError::BrokenPipe, BioError::InvalidArgument];
    assert_eq!(reasons.map(compat::reason), [120, 123, 124, 125]);
}

#[test]
fn b13_unpairing_discards_both_directions() {
    let destroy = |mut bio: Bio| {
        bio.destroy();
        Some(bio)
    };
    let free = |bio: Bio| {
        drop(bio);
        None
    };
    for end in [destroy as fn(Bio) -> Option<Bio>, free] {
        let (mut a, mut b) = bios(4, 4);
        assert_eq!(a.write(b"012"), written(3));
        assert_eq!(b.write(b"012"), written(3));
        let mut rest: Vec<Bio> = end(a).into_iter().collect();
        rest.push(b);
        for half in &mut rest {
            assert!(!half.is_paired());
            assert!(half.eof());
            assert_eq!((half.pending(), half.wpending(), half.write_guarantee()), (0, 0, 0));
            assert_eq!(read(half, 1), Err(BioError::Uninitialized));
            assert_eq!(half.write(b"x"), Err(BioError::Uninitialized));
            assert_eq!(half.retry(), None);
        }
    }

    // As in OpenSSL, the failing operation does not get as far as clearing an old flag.
    let (mut a, mut b) = bios(1, 1);
    assert_eq!(read(&mut a, 1), EMPTY);
    b.destroy();
    assert_eq!(read(&mut a, 1), Err(BioError::Uninitialized));
    assert_eq!(a.retry(), Some(Retry::Read));
}

#[test]
fn b14_pairing_again_opens_both_directions_at_the_new_size() {
    let (mut a, mut b) = bios(4, 4);
    assert_eq!(a.write(b"0123"), written(4));
    assert_eq!(read(&mut a, 3), EMPTY);
    b.shutdown_wr();
    a.shutdown_wr();
    b.destroy();
    assert_eq!(a.set_write_buf_size(capacity(7)), Ok(()));
    assert_eq!(a.make_pair(&mut b), Ok(()));

    assert_eq!((a.capacity(), b.capacity()), (7, 4));
    assert_eq!(b.read_request(), 0);
    assert_eq!(read(&mut b, 1), EMPTY);
    assert_eq!(a.write(b"0123456789"), written(7));
    assert_eq!(b.write(b"0123456789"), written(4));
}

#[test]
fn b14_halves_of_two_pairs_can_be_joined() {
    let (mut a, mut b) = bios(4, 4);
    let (mut c, mut d) = bios(4, 4);
    a.destroy();
    c.destroy();
    assert_eq!(b.make_pair(&mut c), Ok(()));
    assert_eq!(b.write(b"to c"), written(4));
    // The former partners have no hold on the new pair.
    a.destroy();
    assert_eq!(d.make_pair(&mut a), Ok(()));
    assert_eq!(d.write(b"x"), written(1));
    drop(a);
    assert_eq!(d.write(b"x"), Err(BioError::Uninitialized));
    let mut out = [0; 4];
    assert_eq!(c.read(&mut out), got(4));
    assert_eq!(&out, b"to c");
}

#[test]
fn b15_only_a_leftover_byte_leaves_the_retry_flag() {
    let (mut a, _b) = bios(10, 10);
    assert_eq!(write_all(&mut a, &[0; 10]), 10);
    assert_eq!(a.retry(), None);

    let (mut a, _b) = bios(10, 10);
    assert_eq!(write_all(&mut a, &[0; 11]), 10);
    assert_eq!(a.retry(), Some(Retry::Write));
}

#[test]
fn b16_a_ring_smaller_than_a_record_header_works() {
    for size in 1..5 {
        let (mut a, mut b) = bios(size, size);
        assert_eq!(read(&mut b, 5), EMPTY);
        assert_eq!(a.read_request(), size);

        let mut seen = Vec::new();
        let mut rest: &[u8] = b"every byte arrives";
        while !rest.is_empty() {
            rest = &rest[write_all(&mut a, rest)..];
            let mut out = [0; 5];
            let Ok(ReadOutcome::Bytes(n)) = b.read(&mut out) else { panic!("nothing arrived") };
            seen.extend_from_slice(&out[..n]);
        }
        assert_eq!(seen, b"every byte arrives");
    }
}

#[test]
fn vector_27_short_write_full_ring_and_flags() {
    let (mut a, mut b) = bios(10, 20);
    assert_eq!(compat::write_return(a.write(b"0123")), 4);
    assert_eq!(compat::write_return(a.write(b"0123456789")), 6);
    assert_eq!(compat::retry_flags(a.retry()), 0);
    assert_eq!(compat::write_return(a.write(b"0")), -1);
    assert_eq!(compat::retry_flags(a.retry()), 0x0a);
    assert_eq!(compat::read_return(read(&mut b, 3)), 3);
    assert_eq!(compat::retry_flags(a.retry()), 0x0a);
}

#[test]
fn vector_28_read_requests() {
    let (mut a, mut b) = bios(10, 10);
    let requests = [100, 7, 5].map(|n| {
        assert_eq!(compat::read_return(read(&mut b, n)), -1);
        a.read_request()
    });
    assert_eq!(requests, [10, 7, 5]);
    assert_eq!(compat::write_return(a.write(b"0")), 1);
    assert_eq!(a.read_request(), 0);
}

#[test]
fn compat_tells_the_end_from_a_block() {
    let (mut a, mut b) = bios(1, 1);
    a.shutdown_wr();
    assert_eq!(compat::read_return(read(&mut b, 1)), 0);
    assert_eq!(compat::write_return(a.write(b"x")), -1);
    drop(a);
    assert_eq!(compat::read_return(read(&mut b, 1)), -1);
}

#[test]
fn a_pair_can_cross_threads() {
    fn crosses<T: Send + Sync>(_: &T) {}
    crosses(&Pair::default());
}

#[test]
fn debug_output_shows_no_bytes() {
    let mut pair = Pair::new(capacity(16), capacity(1));
    assert_eq!(pair.a().write(&[0xab; 16]), written(16));
    let shown = format!("{pair:?}");
    assert!(shown.contains("16") && !shown.contains("171"), "{shown}");
}
