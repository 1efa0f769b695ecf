//! Rule 6: the end of the transport is a fact that the adapter tells. Before close_notify it is `Truncated`, after
//! all plaintext was delivered.

use rustls::AlertDescription;
use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, EofPolicy, Error, Phase, Received, Role, Step, Want};
use wantls_testkit::raw::{content, deliver, record_len};
use wantls_testkit::{NAME, RawPeer, Suite, Tls, toy};

use crate::{BOTH, read_all};

/// A client, and all that its server sends after the handshake: two records of data and the close.
fn session(suite: Suite, policy: EofPolicy) -> (Tls, Vec<u8>) {
    let context = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap().eof_policy(policy);
    let mut tls = context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap()).unwrap();
    let mut raw = RawPeer::server(toy::server_config(suite), &mut tls);
    let session = [
        raw.seal(content::APPLICATION_DATA, b"one"),
        raw.seal(content::APPLICATION_DATA, b"two"),
        raw.seal(content::ALERT, &[1, 0]),
    ];
    (tls, session.concat())
}

/// Bytes of the whole records within the first `n` of `bytes`, and how many they are.
fn whole(bytes: &[u8], n: usize) -> (usize, usize) {
    let (mut at, mut count) = (0, 0);
    while let Some(len) = record_len(&bytes[at..n]) {
        at += len;
        count += 1;
    }
    (at, count)
}

#[test]
fn a_session_cut_at_any_byte_is_truncated_until_its_close_is_whole() {
    for suite in BOTH {
        let len = session(suite, EofPolicy::Refuse).1.len();
        for cut in 0..=len {
            let (mut tls, bytes) = session(suite, EofPolicy::Refuse);
            deliver(&mut tls, &bytes[..cut]);
            tls.tls_in_eof();
            let mut got = Vec::new();
            let end = read_all(&mut tls, &mut got);
            let (_, records) = whole(&bytes, cut);
            assert_eq!(got, b"onetwo"[..3 * records.min(2)], "cut at {cut}");
            if records == 3 {
                assert_eq!((end, tls.phase()), (Ok(true), Phase::PeerClosed));
            } else {
                assert_eq!((end, tls.phase()), (Err(Error::Truncated), Phase::Failed), "cut at {cut}");
                assert_eq!(tls.read(&mut [0; 9]), Err(Error::Truncated));
            }
        }
    }
}

#[test]
fn the_policy_allows_an_end_between_records_and_not_inside_one() {
    for suite in BOTH {
        let len = session(suite, EofPolicy::Close).1.len();
        for cut in 0..=len {
            let (mut tls, bytes) = session(suite, EofPolicy::Close);
            deliver(&mut tls, &bytes[..cut]);
            tls.tls_in_eof();
            let mut got = Vec::new();
            let end = read_all(&mut tls, &mut got);
            let (at, records) = whole(&bytes, cut);
            assert_eq!(got, b"onetwo"[..3 * records.min(2)]);
            let expected = if at == cut { Ok(true) } else { Err(Error::Truncated) };
            assert_eq!(end, expected, "cut at {cut}");
        }
    }
}

#[test]
fn the_end_takes_the_space_away_and_writing_goes_on() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Server);
        raw.send(&mut tls, content::APPLICATION_DATA, b"request");
        tls.tls_in_eof();
        assert!(!tls.interest().read && tls.tls_in().space().is_empty());
        assert!(tls.tls_in().commit(1).is_err());
        assert!(matches!(tls.read(&mut [0; 20]), Ok(Step::Done(Received::Data(_)))));
        // Nobody has read up to the end yet: it is not a fault so far.
        assert_eq!(tls.write(b"answer"), Ok(Step::Done(6)));
        assert!(tls.pending().progress_without_io);
        assert_eq!(tls.read(&mut [0; 20]), Err(Error::Truncated));
        let last = raw.receive(&mut tls);
        assert_eq!(last[0].payload, b"answer");
        assert_eq!(last[1].payload, [2, AlertDescription::DecodeError.into()]);
    }
}

#[test]
fn a_handshake_cut_at_any_byte_is_truncated() {
    for suite in BOTH {
        let context = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
        let flight = {
            let mut client = context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap()).unwrap();
            let mut server = wantls::ServerContext::new(toy::server_config(suite), AwsLcRs)
                .unwrap()
                .accept(Buffers::heap())
                .unwrap();
            toy::reseed(1);
            assert!(client.handshake().is_ok());
            crate::trickle(&mut client, &mut server, usize::MAX);
            assert!(server.handshake().is_ok());
            wantls_testkit::raw::take(&mut server)
        };
        for cut in 0..flight.len() {
            let mut client = context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap()).unwrap();
            // The same hello as before, so that the flight is the answer to it.
            toy::reseed(1);
            assert_eq!(client.handshake(), Ok(Step::Want(Want::Read)));
            deliver(&mut client, &flight[..cut]);
            assert_eq!(client.handshake(), Ok(Step::Want(Want::Read)), "{suite:?} cut at {cut}");
            client.tls_in_eof();
            assert!(client.pending().progress_without_io);
            assert_eq!(client.handshake(), Err(Error::Truncated), "{suite:?} cut at {cut}");
        }
    }
}
