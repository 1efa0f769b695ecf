//! `WriteMode::Whole`: the contract of `SSL_write(3)`.

use wantls::{Error, RetryFault, Role, Shutdown, Step, Usage, Want, WriteMode};
use wantls_testkit::raw::{Record, content};
use wantls_testkit::{RawPeer, Suite, Tls};

use crate::{BOTH, pattern};

const FIXED: WriteMode = WriteMode::Whole { moving: false };
const MOVING: WriteMode = WriteMode::Whole { moving: true };

fn whole(suite: Suite, mode: WriteMode) -> (RawPeer, Tls) {
    let (raw, mut tls) = RawPeer::pair(suite, Role::Client);
    tls.set_write_mode(mode);
    tls.set_max_fragment(100);
    (raw, tls)
}

fn data_of(records: &[Record]) -> Vec<u8> {
    records.iter().filter(|r| r.typ == content::APPLICATION_DATA).flat_map(|r| r.payload.clone()).collect()
}

#[test]
fn a_write_is_done_when_all_of_it_has_left_and_not_before() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, FIXED);
        let data = pattern(250);
        let (mut bytes, mut wants) = (Vec::new(), 0);
        let taken = loop {
            match tls.write(&data).unwrap() {
                Step::Done(n) => break n,
                Step::Want(want) => assert_eq!(want, Want::Write),
            }
            wants += 1;
            let out = tls.tls_out();
            bytes.push(out.bytes()[0]);
            out.consume(1).unwrap();
        };
        assert_eq!((taken, wants), (250, 250 + 3 * suite.overhead()));
        assert!(tls.tls_out().bytes().is_empty() && tls.committed() == 0);
        assert_eq!(data_of(&raw.open(&bytes)), data);
    }
}

#[test]
fn a_retry_may_be_longer_and_the_rest_of_it_may_be_other_bytes() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, MOVING);
        assert_eq!(tls.write(&[1; 150]), Ok(Step::Want(Want::Write)));
        assert_eq!(tls.committed(), 100);
        let longer = [&[1; 100][..], &[2; 300]].concat();
        let mut records = raw.receive(&mut tls);
        while tls.write(&longer).unwrap().done().is_none() {
            records.extend(raw.receive(&mut tls));
        }
        assert_eq!(data_of(&records), longer);
    }
}

#[test]
fn a_bad_retry_is_named_and_the_right_one_still_works() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, FIXED);
        let data = pattern(250);
        assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
        let mut records = raw.receive(&mut tls);
        assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
        assert_eq!(tls.committed(), 200);
        let refused = |fault| Err(Error::from(Usage::BadWriteRetry { committed: 200, fault }));
        assert_eq!(tls.write(&data[..199]), refused(RetryFault::Shorter));
        assert_eq!(tls.write(&[]), refused(RetryFault::Shorter));
        assert_eq!(tls.write(&data.clone()), refused(RetryFault::Moved));
        // From there on with leave to move.
        tls.set_write_mode(MOVING);
        while tls.write(&data.clone()).unwrap().done().is_none() {
            records.extend(raw.receive(&mut tls));
        }
        records.extend(raw.receive(&mut tls));
        assert_eq!(data_of(&records), data);
    }
}

#[test]
fn a_want_before_anything_is_sealed_pins_nothing() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, WriteMode::Accept);
        assert_eq!(tls.write(b"in front"), Ok(Step::Done(8)));
        tls.set_write_mode(FIXED);
        // Something is queued already, and a whole write begins only behind it.
        assert_eq!(tls.write(b"one thing"), Ok(Step::Want(Want::Write)));
        assert_eq!(tls.committed(), 0);
        let mut records = raw.receive(&mut tls);
        assert_eq!(tls.write(b"another"), Ok(Step::Want(Want::Write)));
        records.extend(raw.receive(&mut tls));
        assert_eq!(data_of(&records), b"in frontanother");
    }
}

#[test]
fn a_close_gives_an_unfinished_write_up_behind_what_is_sealed() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, FIXED);
        assert_eq!(tls.write(&pattern(250)), Ok(Step::Want(Want::Write)));
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        let records = raw.receive(&mut tls);
        assert_eq!(data_of(&records), pattern(250)[..100]);
        assert_eq!(records.last().unwrap().payload, [1, 0]);
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        assert_eq!(tls.committed(), 0);
    }
}

/// The mode may change between two calls of one write, as OpenSSL's may: what is sealed already counts as taken, and a
/// call that is too short for it is refused.
#[test]
fn an_unfinished_write_goes_on_in_accept_mode() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, MOVING);
        let data = pattern(250);
        assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
        tls.set_write_mode(WriteMode::Accept);
        let error = tls.write(&data[..99]).unwrap_err();
        assert_eq!(error, Usage::BadWriteRetry { committed: 100, fault: RetryFault::Shorter }.into());
        assert_eq!(tls.write(&data), Ok(Step::Done(250)));
        assert_eq!(tls.write(&[2; 9]), Ok(Step::Done(9)));
        assert_eq!(data_of(&raw.receive(&mut tls)), [&data[..], &[2; 9]].concat());
    }
}

#[test]
fn a_vectored_whole_write_takes_the_first_slice_with_data() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, FIXED);
        let slices: [&[u8]; 3] = [b"", b"first", b"second"];
        assert_eq!(tls.write_vectored(&slices), Ok(Step::Want(Want::Write)));
        let records = raw.receive(&mut tls);
        assert_eq!(tls.write_vectored(&slices), Ok(Step::Done(5)));
        assert_eq!(data_of(&records), b"first");
    }
}

#[test]
fn partial_len_lets_a_call_seal_one_record_more_than_is_committed() {
    for suite in BOTH {
        let (mut raw, mut tls) = whole(suite, FIXED);
        let data = pattern(250);
        assert_eq!((tls.partial_len(250), tls.partial_len(99)), (100, 99));
        let mut records = Vec::new();
        for (committed, len) in [(0, 100), (100, 200), (200, 250)] {
            assert_eq!((tls.committed(), tls.partial_len(250)), (committed, len));
            assert_eq!(tls.write(&data[..len]), Ok(Step::Want(Want::Write)));
            records.extend(raw.receive(&mut tls));
        }
        assert_eq!(tls.write(&data), Ok(Step::Done(250)));
        assert_eq!(data_of(&records), data);
    }
}
