//! Rule 3: application data never takes the last bytes of `tls_out`, so that an alert, a close_notify and the answer
//! to a KeyUpdate always have room, and a read is never stuck behind our own unsent data.

use rustls::AlertDescription;
use wantls::buffers::RESERVE;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, Error, ProtocolError, Received, ServerContext, Step, Want};
use wantls_testkit::raw::{content, deliver};
use wantls_testkit::{RawPeer, Suite, Tls, client_config, server_config};

use crate::BOTH;

const OUT: usize = 17_000;

/// A server whose `tls_out` is as full as writing can make it.
fn full(suite: Suite) -> (RawPeer, Tls) {
    let context = ServerContext::new(server_config(suite), AwsLcRs).unwrap();
    let mut tls = context.accept(Buffers::heap_of(40_000, OUT)).unwrap();
    let raw = RawPeer::client(client_config(suite), &mut tls);
    for len in [16_000, 1000, 100, 10, 1] {
        tls.set_max_fragment(len);
        while let Step::Done(_) = tls.write(&vec![0; len]).unwrap() {}
    }
    let room = OUT - tls.pending().tls_out;
    assert!((RESERVE..RESERVE + 40).contains(&room), "{room} bytes are free");
    (raw, tls)
}

#[test]
fn a_fatal_alert_and_a_close_notify_fit_behind_a_full_queue() {
    for suite in BOTH {
        let (mut raw, mut tls) = full(suite);
        let mut bad = raw.seal(content::APPLICATION_DATA, b"data");
        *bad.last_mut().unwrap() ^= 1;
        deliver(&mut tls, &bad);
        assert_eq!(tls.read(&mut [0; 9]), Err(ProtocolError::BadRecordMac.into()));
        let last = raw.receive(&mut tls).pop().unwrap();
        assert_eq!(
            (last.typ, last.payload),
            (content::ALERT, vec![2, AlertDescription::BadRecordMac.into()])
        );

        let (mut raw, mut tls) = full(suite);
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        // And behind the close, a fault stays mute: it may not speak any more.
        deliver(&mut tls, &[9; 5]);
        assert_eq!(tls.read(&mut [0; 9]), Err(ProtocolError::RecordVersion(0x0909).into()));
        let last = raw.receive(&mut tls).pop().unwrap();
        assert_eq!((last.typ, last.payload), (content::ALERT, vec![1, 0]));
    }
}

#[test]
fn a_read_with_full_output_reads_and_never_wants_write() {
    for suite in BOTH {
        let (mut raw, mut tls) = full(suite);
        for round in 0..40 {
            raw.send(&mut tls, content::APPLICATION_DATA, b"data");
            if suite == Suite::Tls13Aes128 {
                raw.send_key_update(&mut tls, 1);
            }
            assert_eq!(tls.read(&mut [0; 9]).unwrap().done(), Received::data(4), "round {round}");
            assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        }
    }
}

#[test]
fn all_that_may_need_the_reserve_fits_at_once() {
    let (mut raw, mut tls) = full(Suite::Tls13Aes128);
    tls.key_update(true).unwrap();
    assert_eq!(tls.key_update_due(), None, "there is room for it");
    tls.key_update(false).unwrap();
    assert_eq!(tls.key_update_due(), Some(false), "for a second one there is not");
    deliver(&mut tls, &[23, 3, 3, 0xff, 0xff]);
    assert_eq!(tls.handshake(), Ok(Step::Done(())));
    let fault = Error::Protocol(ProtocolError::RecordOverflow(0xffff));
    assert_eq!(tls.read(&mut [0; 9]), Err(fault));
    let records = raw.receive(&mut tls);
    let ends: Vec<&[u8]> = records.iter().rev().take(2).map(|r| r.payload.as_slice()).collect();
    assert_eq!(ends, [&[2, AlertDescription::RecordOverflow.into()][..], &[24, 0, 0, 1, 1]]);
}

trait DataOf {
    fn data(n: usize) -> Option<Received>;
}

impl DataOf for Received {
    fn data(n: usize) -> Option<Received> {
        core::num::NonZeroUsize::new(n).map(Received::Data)
    }
}
