//! Rule 5: an error queues its alert once, is remembered and answered from then on, and `tls_out` goes on until it is
//! empty: the peer learns the reason, even through a link of one byte.

use rustls::AlertDescription;
use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error, Phase, ProtocolError, Role, ServerContext, Step, WriteOp};
use wantls_testkit::raw::{content, deliver, split_records, take};
use wantls_testkit::{
    Link, NAME, RawPeer, Suite, Tls, accept, certs, client_config, connect, established, server,
    server_config, toy,
};
use wantls_transport::{Stream, StreamError};

use crate::{BOTH, handshake_through, trickle, trust_only};

/// Every call answers the fault; nothing more is queued, and nothing can be received.
fn assert_over(tls: &mut Tls, fault: &Error) {
    let queued = tls.pending().tls_out;
    for _ in 0..3 {
        assert_eq!(tls.read(&mut [0; 9]).as_ref(), Err(fault));
        assert_eq!(tls.peek(&mut [0; 9]).as_ref(), Err(fault));
        assert_eq!(tls.fill_buf().as_ref(), Err(fault));
        assert_eq!(tls.write(b"data").as_ref(), Err(fault));
        assert_eq!(WriteOp::new(b"data").advance(tls).as_ref(), Err(fault));
        assert_eq!(tls.handshake().as_ref(), Err(fault));
        assert_eq!(tls.shutdown().as_ref(), Err(fault));
        assert_eq!(tls.key_update(true).as_ref(), Err(fault));
    }
    assert_eq!((tls.phase(), tls.fault()), (Phase::Failed, Some(fault)));
    assert_eq!(tls.pending().tls_out, queued);
    assert!(!tls.interest().read && !tls.pending().progress_without_io);
    assert!(tls.tls_in().space().is_empty());
}

#[test]
fn an_error_is_sticky_and_its_alert_reaches_the_peer_a_byte_at_a_time() {
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        assert_eq!(client.write(b"last data"), Ok(Step::Done(9)));
        assert_eq!(server.write(b"damaged"), Ok(Step::Done(7)));
        let mut bytes = take(&mut server);
        bytes[10] ^= 0x40;
        deliver(&mut client, &bytes);
        let fault = Error::Protocol(ProtocolError::BadRecordMac);
        assert_eq!(client.read(&mut [0; 9]), Err(fault.clone()));
        assert_over(&mut client, &fault);
        while client.interest().write {
            assert_eq!(trickle(&mut client, &mut server, 1), 1);
        }
        assert_over(&mut client, &fault);
        // What was accepted before the fault arrives before the alert.
        let mut buffer = [0; 20];
        assert!(matches!(server.read(&mut buffer), Ok(Step::Done(_))));
        assert_eq!(&buffer[..9], b"last data");
        let told = Error::Peer(AlertDescription::BadRecordMac);
        assert_eq!(server.read(&mut buffer), Err(told.clone()));
        assert_over(&mut server, &told);
        assert!(!server.interest().write, "an alert is not answered");
    }
}

#[test]
fn a_failed_handshake_tells_the_peer_through_a_link_of_one_byte() {
    for suite in BOTH {
        let mut config = client_config(suite);
        // Not the authority that signed.
        trust_only(&mut config, &certs().chain[0]);
        let client = connect(&ClientContext::new(config, AwsLcRs).unwrap());
        let server = accept(&server(suite));
        let (a, b) = Link::open_pair(1);
        let (mut client, mut server) = (Stream::new(client, a), Stream::new(server, b));
        let mut errors = [None, None];
        for _ in 0..100_000 {
            if let Err(StreamError::Tls(error)) = client.handshake() {
                errors[0] = Some(error);
            }
            client.pump().unwrap();
            if let Err(StreamError::Tls(error)) = server.handshake() {
                errors[1] = Some(error);
                break;
            }
        }
        let [Some(Error::Handshake(_)), Some(Error::Peer(alert))] = errors else {
            panic!("{suite:?}: {errors:?}")
        };
        assert_eq!(alert, AlertDescription::UnknownCA);
        assert_over(server.tls_mut(), &Error::Peer(alert));
    }
}

/// A failed engine is asked for its alert only: shown an empty input while it holds a part of a message, rustls
/// panics, and shown the old one it fails again.
#[test]
fn a_failure_between_the_parts_of_a_handshake_message_is_a_typed_error() {
    for suite in BOTH {
        let name = || ServerName::try_from(NAME).unwrap();
        let client_context = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let mut config = toy::server_config(suite);
        config.max_fragment_size = Some(64);
        let server_context = ServerContext::new(config, AwsLcRs).unwrap();
        for at in 0.. {
            let mut client = client_context.connect(name(), Buffers::heap()).unwrap();
            let mut server = server_context.accept(Buffers::heap()).unwrap();
            assert!(matches!(client.handshake(), Ok(Step::Want(_))));
            trickle(&mut client, &mut server, usize::MAX);
            assert!(matches!(server.handshake(), Ok(Step::Want(_))));
            let mut records = split_records(&take(&mut server));
            assert!(records.len() > 6, "a flight in pieces");
            let Some(record) = records.get_mut(at) else { break };
            match record[0] {
                content::HANDSHAKE => record[0] = content::ALERT,
                content::CHANGE_CIPHER_SPEC => continue,
                _ => *record.last_mut().unwrap() ^= 1,
            }
            for record in &records[..at] {
                deliver(&mut client, record);
                assert!(matches!(client.handshake(), Ok(Step::Want(_))));
            }
            deliver(&mut client, &records[at]);
            let error = client.handshake().unwrap_err();
            assert!(matches!(error, Error::Handshake(_)), "{error:?}");
            let _ = take(&mut client);
            assert_over(&mut client, &error);
        }
    }
}

/// The alert of a handshake may find no room: then it comes as soon as there is some, and `interest` says so.
#[test]
fn an_alert_that_had_no_room_follows_as_soon_as_there_is_some() {
    let fragment = Some(64);
    let suite = Suite::Tls13Aes128;
    let mut config = server_config(suite);
    config.max_fragment_size = fragment;
    let out = wantls::buffers::min_tls_out(fragment);
    let context = ServerContext::new(config, AwsLcRs).unwrap();
    let mut server = context.accept(Buffers::heap_of(40_000, out)).unwrap();
    let mut client = connect(&wantls_testkit::client(suite));
    assert!(client.handshake().is_ok());
    trickle(&mut client, &mut server, usize::MAX);
    // The server's flight is still queued, and more of it in the engine, when nonsense follows the hello.
    deliver(&mut server, &[22, 3, 3, 0, 4, 99, 0, 0, 0]);
    let mut sent = 0;
    for _ in 0..1000 {
        let failed = server.handshake().is_err();
        let n = server.tls_out().bytes().len();
        server.tls_out().consume(n.min(7)).unwrap();
        sent += n.min(7);
        if failed && !server.interest().write {
            break;
        }
    }
    assert!(sent > 100, "the flight, and the alert behind it");
    let fault = server.fault().cloned().unwrap();
    assert_over(&mut server, &fault);
    assert!(server.tls_out().bytes().is_empty(), "nothing was left behind");
}

/// Nor does a write that was under way hide the fault behind a bad retry.
#[test]
fn a_fault_in_the_middle_of_a_whole_write_is_what_every_call_answers() {
    for suite in BOTH {
        let (_, mut tls) = RawPeer::pair(suite, Role::Client);
        tls.set_write_mode(wantls::WriteMode::Whole { moving: false });
        assert_eq!(tls.write(b"unfinished"), Ok(Step::Want(wantls::Want::Write)));
        tls.tls_in_eof();
        assert_eq!(tls.read(&mut [0; 9]), Err(Error::Truncated));
        assert_eq!(tls.committed(), 10);
        assert_over(&mut tls, &Error::Truncated);
    }
}

#[test]
fn data_in_front_of_a_fault_is_read_first() {
    let (mut raw, mut tls) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    raw.send(&mut tls, content::APPLICATION_DATA, b"one");
    raw.send(&mut tls, content::APPLICATION_DATA, b"two");
    raw.send(&mut tls, content::ALERT, &[2, 80]);
    let mut buffer = [0; 2];
    let mut got = Vec::new();
    let error = loop {
        match tls.read(&mut buffer) {
            Ok(Step::Done(wantls::Received::Data(n))) => got.extend_from_slice(&buffer[..n.get()]),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!((got.as_slice(), error), (&b"onetwo"[..], Error::Peer(AlertDescription::InternalError)));
}

#[test]
fn a_handshake_with_any_byte_damaged_ends_for_both() {
    for suite in BOTH {
        let name = || ServerName::try_from(NAME).unwrap();
        let client_context = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let server_context = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
        for at in (0..).step_by(3) {
            let mut client = client_context.connect(name(), Buffers::heap()).unwrap();
            let mut server = server_context.accept(Buffers::heap()).unwrap();
            let (mut seen, mut damaged) = (0, None);
            let answers = handshake_through(&mut client, &mut server, |from_client, mut bytes| {
                if let Some(byte) = usize::checked_sub(at, seen).and_then(|i| bytes.get_mut(i)) {
                    *byte ^= 0x10;
                    damaged = Some(from_client);
                }
                seen += bytes.len();
                bytes
            });
            if damaged.is_none() {
                assert_eq!(answers, [Ok(Step::Done(())), Ok(Step::Done(()))]);
                break;
            }
            // A length may have become longer: then the receiver waits for bytes, until the transport ends.
            client.tls_in_eof();
            server.tls_in_eof();
            let ends = [client.handshake(), server.handshake()];
            let read = [client.read(&mut [0; 9]), server.read(&mut [0; 9])];
            let harmless = ends == [Ok(Step::Done(())), Ok(Step::Done(()))];
            // The record version in a header is not looked at before the keys are there (RFC 8446 section 5.1).
            assert!(harmless || read.iter().all(|r| r.is_err()), "{suite:?} byte {at}: {ends:?} {read:?}");
        }
    }
}
