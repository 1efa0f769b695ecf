//! KeyUpdate (RFC 8446 section 4.6.3): asked for by either side at any time, in the middle of anything.

use rustls::AlertDescription;
use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error, Phase, ProtocolError, Received, Role, Step, Want, WriteMode};
use wantls_testkit::raw::content;
use wantls_testkit::{NAME, RawPeer, Suite, Tls, toy};

use crate::{pattern, read_all};

const SUITE: Suite = Suite::Tls13Aes128;

#[test]
fn at_every_byte_of_a_blocked_transfer_it_is_read_and_answered_in_front_of_the_next_data() {
    let record = 1000 + SUITE.overhead();
    for mode in [WriteMode::Accept, WriteMode::Whole { moving: false }] {
        for at in 0..2 * record {
            let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Client);
            tls.set_write_mode(mode);
            tls.set_max_fragment(1000);
            let data = pattern(3000);
            let first = tls.write(&data).unwrap();
            let mut taken = first.done().unwrap_or(0);
            let mut left_out = Vec::new();
            let mut moved = 0;
            // Drains `at` bytes, repeating the write as its mode demands.
            while moved < at {
                let out = tls.tls_out();
                let n = out.bytes().len().min(at - moved);
                left_out.extend_from_slice(&out.bytes()[..n]);
                out.consume(n).unwrap();
                moved += n;
                if n == 0 {
                    break;
                }
                if taken == 0 {
                    taken = tls.write(&data).unwrap().done().unwrap_or(0);
                }
            }
            raw.send_key_update(&mut tls, 1);
            raw.send(&mut tls, content::APPLICATION_DATA, b"under the new key");
            let mut got = Vec::new();
            assert_eq!(read_all(&mut tls, &mut got), Ok(false), "byte {at}");
            assert_eq!(got, b"under the new key");
            assert_eq!(tls.key_update_due(), Some(false), "a read answers nothing");
            // The rest, and one write more that carries the answer.
            for _ in 0..10 {
                let out = tls.tls_out();
                left_out.extend_from_slice(out.bytes());
                let n = out.bytes().len();
                out.consume(n).unwrap();
                if taken == 0 {
                    taken = tls.write(&data).unwrap().done().unwrap_or(0);
                }
            }
            assert_eq!(taken, 3000);
            tls.set_write_mode(WriteMode::Accept);
            assert_eq!(tls.write(b"end"), Ok(Step::Done(3)));
            left_out.extend_from_slice(tls.tls_out().bytes());
            let records = raw.open(&left_out);
            let of = |typ| records.iter().filter(move |r| r.typ == typ);
            let sent: Vec<u8> = of(content::APPLICATION_DATA).flat_map(|r| r.payload.clone()).collect();
            assert_eq!(sent, [&data[..], b"end"].concat(), "byte {at}");
            let answers: Vec<_> = of(content::HANDSHAKE).map(|r| r.payload.clone()).collect();
            assert_eq!(answers, [[24, 0, 0, 1, 0]]);
        }
    }
}

#[test]
fn ours_goes_out_at_once_and_several_are_one() {
    let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Server);
    assert_eq!(tls.write(b"a"), Ok(Step::Done(1)));
    tls.key_update(true).unwrap();
    assert_eq!(tls.write(b"b"), Ok(Step::Done(1)));
    let payloads: Vec<_> = raw.receive(&mut tls).into_iter().map(|r| r.payload).collect();
    assert_eq!(payloads, [b"a".to_vec(), vec![24, 0, 0, 1, 1], b"b".to_vec()]);

    // In the middle of a whole write it waits, and what was asked for in the meantime is one message.
    tls.set_write_mode(WriteMode::Whole { moving: true });
    assert_eq!(tls.write(b"whole"), Ok(Step::Want(Want::Write)));
    tls.key_update(false).unwrap();
    tls.key_update(true).unwrap();
    tls.key_update(false).unwrap();
    assert_eq!(tls.key_update_due(), Some(true));
    let _ = raw.receive(&mut tls);
    assert_eq!(tls.write(b"whole"), Ok(Step::Done(5)));
    assert_eq!(tls.handshake(), Ok(Step::Done(())));
    let payloads: Vec<_> = raw.receive(&mut tls).into_iter().map(|r| r.payload).collect();
    assert_eq!(payloads, [[24, 0, 0, 1, 1]]);
}

#[test]
fn requests_of_the_peer_are_answered_once_until_we_write() {
    let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Server);
    for _ in 0..20 {
        raw.send_key_update(&mut tls, 1);
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    }
    assert!(!tls.interest().write, "a read answers nothing");
    assert_eq!(tls.write(b"x"), Ok(Step::Done(1)));
    let payloads: Vec<_> = raw.receive(&mut tls).into_iter().map(|r| r.payload).collect();
    assert_eq!(payloads, [vec![24, 0, 0, 1, 0], b"x".to_vec()]);
}

/// Sends handshake bytes, each a record, and expects an error with its alert.
fn refused(suite: Suite, records: &[&[u8]], error: ProtocolError) {
    for role in [Role::Client, Role::Server] {
        let (mut raw, mut tls) = RawPeer::pair(suite, role);
        for record in records {
            raw.send(&mut tls, content::HANDSHAKE, record);
        }
        assert_eq!(tls.read(&mut [0; 9]), Err(error.into()), "{records:?}");
        assert_eq!(raw.receive(&mut tls).pop().unwrap().payload, [2, error.alert().into()]);
    }
}

#[test]
fn a_key_update_that_is_not_one_is_refused() {
    refused(SUITE, &[&[24, 0, 0, 1, 2]], ProtocolError::BadKeyUpdateRequest(2));
    refused(SUITE, &[&[24, 0, 0, 0]], ProtocolError::BadKeyUpdate);
    refused(SUITE, &[&[24, 0, 0, 2, 0, 0]], ProtocolError::BadKeyUpdate);
    refused(SUITE, &[&[24, 1, 0, 1]], ProtocolError::BadKeyUpdate);
}

#[test]
fn a_key_update_has_to_end_its_record() {
    refused(SUITE, &[&[24, 0, 0, 1, 0, 24, 0, 0, 1, 0]], ProtocolError::KeyUpdateNotAligned);
    refused(SUITE, &[&[24, 0, 0, 1, 0, 4]], ProtocolError::KeyUpdateNotAligned);
    refused(SUITE, &[&[24, 0, 0], &[1, 0, 0]], ProtocolError::KeyUpdateNotAligned);
}

#[test]
fn a_key_update_split_over_records_is_one() {
    for split in 1..5 {
        let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Client);
        let message = [24, 0, 0, 1, 0];
        raw.send(&mut tls, content::HANDSHAKE, &message[..split]);
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        raw.send(&mut tls, content::HANDSHAKE, &message[split..]);
        raw.next_write_key();
        raw.send(&mut tls, content::APPLICATION_DATA, b"new key");
        assert!(matches!(tls.read(&mut [0; 9]), Ok(Step::Done(Received::Data(_)))));
    }
}

#[test]
fn tls_1_2_has_none() {
    refused(Suite::Tls12Aes128, &[&[24, 0, 0, 1, 0]], ProtocolError::UnexpectedHandshake(24));
}

/// A client whose keys last for `limit` records.
fn limited(suite: Suite, limit: u64, out: usize) -> (RawPeer, Tls) {
    let mut config = toy::client_config(suite);
    config.max_fragment_size = Some(64);
    let context = ClientContext::new(config, AwsLcRs).unwrap().rekey_after(limit);
    let mut tls =
        context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(40_000, out)).unwrap();
    (RawPeer::server(toy::server_config(suite), &mut tls), tls)
}

/// Writes all of `data`, draining as often as it takes; what the peer saw.
fn write_all(
    raw: &mut RawPeer,
    tls: &mut Tls,
    data: &[u8],
) -> (usize, Vec<wantls_testkit::raw::Record>, Result<(), Error>) {
    let (mut taken, mut records) = (0, Vec::new());
    for _ in 0..10_000 {
        match tls.write(&data[taken..]) {
            Ok(Step::Done(n)) => taken += n,
            Ok(Step::Want(_)) => {}
            Err(error) => {
                records.extend(raw.receive(tls));
                return (taken, records, Err(error));
            }
        }
        if tls.write_mode() != WriteMode::Accept && taken == data.len() || taken == data.len() {
            records.extend(raw.receive(tls));
            return (taken, records, Ok(()));
        }
        records.extend(raw.receive(tls));
    }
    panic!("the write does not end after {taken} bytes")
}

#[test]
fn a_key_is_changed_when_it_has_sealed_enough_in_both_modes_and_the_smallest_room() {
    let data = pattern(2000);
    for mode in [WriteMode::Accept, WriteMode::Whole { moving: false }] {
        for limit in [1, 2, 5] {
            for out in [64 + 17 + 96, 400, 5000] {
                let (mut raw, mut tls) = limited(SUITE, limit, out);
                tls.set_write_mode(mode);
                let (taken, records, end) = write_all(&mut raw, &mut tls, &data);
                assert_eq!((taken, end), (2000, Ok(())));
                let mut under_one_key = 0;
                let mut got = Vec::new();
                for record in records {
                    if record.typ == content::HANDSHAKE {
                        assert_eq!(record.payload, [24, 0, 0, 1, 0]);
                        under_one_key = 0;
                    } else {
                        assert!(!record.payload.is_empty(), "an empty record");
                        under_one_key += 1;
                        got.extend(record.payload);
                    }
                    assert!(under_one_key <= limit);
                }
                assert_eq!(got, data);
            }
        }
    }
}

#[test]
fn a_tls_1_2_key_that_is_used_up_ends_the_connection_with_a_close_and_loses_nothing() {
    let data = pattern(2000);
    for suite in [Suite::Tls12Aes128, Suite::Tls12Chacha] {
        for limit in [2, 3, 10] {
            for out in [64 + 17 + 96, 5000] {
                let (mut raw, mut tls) = limited(suite, limit, out);
                let (taken, records, end) = write_all(&mut raw, &mut tls, &data);
                assert_eq!(end, Err(Error::KeyExhausted));
                // The Finished is a record, too.
                let (close, sent) = records.split_last().unwrap();
                assert_eq!((close.typ, &close.payload[..]), (content::ALERT, &[1, 0][..]));
                assert_eq!(sent.len() as u64, limit - 1);
                let got: Vec<u8> = sent.iter().flat_map(|r| r.payload.clone()).collect();
                assert_eq!(got, data[..taken], "what was taken is told, all of it");
                assert_eq!((tls.phase(), tls.write(b"x")), (Phase::Failed, Err(Error::KeyExhausted)));
            }
        }
    }
}

#[test]
fn a_used_up_key_after_the_peers_close_fails_the_connection_as_well() {
    let (mut raw, mut tls) = limited(Suite::Tls12Aes128, 1, 5000);
    raw.send(&mut tls, content::ALERT, &[1, 0]);
    assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)));
    assert_eq!(tls.write(b"x"), Err(Error::KeyExhausted));
    assert_eq!((tls.phase(), tls.fault()), (Phase::Failed, Some(&Error::KeyExhausted)));
    assert_eq!(raw.receive(&mut tls)[0].payload, [1, AlertDescription::CloseNotify.into()]);
}
