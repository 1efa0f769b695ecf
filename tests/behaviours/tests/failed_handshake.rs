//! A handshake that fails ends with an error and an alert, whatever is packed behind the message that was wrong.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use wantls::rustls::AlertDescription;
use wantls::{Error, Phase, Step, Want};
use wantls_testkit::{Suite, Tls, accept, carry, client, connect, server};

/// A plaintext handshake record (RFC 8446 section 5.1).
fn record(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[22, 3, 3, len[0], len[1]], payload].concat()
}

fn receive(tls: &mut Tls, bytes: &[u8]) {
    let mut grant = tls.tls_in();
    grant.space()[..bytes.len()].copy_from_slice(bytes);
    grant.commit(bytes.len()).unwrap();
}

/// Two whole messages of which the first has no place: rustls keeps the second, and must not be asked for it.
#[test]
fn messages_behind_the_faulty_one_do_no_harm() {
    let server_hello_done = [14, 0, 0, 0];
    for suite in Suite::ALL {
        for mut tls in [connect(&client(suite)), accept(&server(suite))] {
            let _ = tls.handshake().unwrap();
            let out = tls.tls_out();
            let hello = out.bytes().len();
            out.consume(hello).unwrap();

            receive(&mut tls, &record(&server_hello_done.repeat(2)));
            let error = tls.handshake().unwrap_err();
            assert!(matches!(error, Error::Handshake(_)), "{error:?}");
            assert_eq!(tls.handshake(), Err(error));
            assert_eq!(tls.phase(), Phase::Failed);
            // One fatal alert, once: unexpected_message.
            assert_eq!(tls.tls_out().bytes(), [21, 3, 3, 0, 2, 2, 10]);
            tls.tls_out().consume(7).unwrap();
            assert!(tls.tls_out().bytes().is_empty());
        }
    }
}

/// The same in the peer's eyes: the alert arrives.
#[test]
fn the_peer_learns_why() {
    let (mut c, mut s) = (connect(&client(Suite::Tls13Aes128)), accept(&server(Suite::Tls13Aes128)));
    assert_eq!(c.handshake(), Ok(Step::Want(Want::Read)));
    receive(&mut s, &record(&[14, 0, 0, 0, 14, 0, 0, 0]));
    assert!(s.handshake().is_err());
    carry(&mut s, &mut c);
    assert_eq!(c.handshake(), Err(Error::Peer(AlertDescription::UnexpectedMessage)));
}

/// What can't begin a handshake is refused at once, by its header alone where that is enough, and never waited for.
#[test]
fn a_first_record_that_is_none_has_its_alert() {
    use AlertDescription as A;
    let oversized = [22, 3, 3, 0x48, 0x01];
    for suite in Suite::ALL {
        for (first, alert) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], A::DecodeError),
            (b"\x80\x2e\x01\x03\x01", A::DecodeError),
            (&oversized, A::DecodeError),
            (&[22, 2, 0, 0, 5], A::DecodeError),
            (&record(&[1, 0, 0, 2, 3, 3]), A::DecodeError),
            (&[23, 3, 3, 0, 1, 0], A::UnexpectedMessage),
            (&record(&[99, 0, 0, 0]), A::UnexpectedMessage),
        ] {
            for mut tls in [connect(&client(suite)), accept(&server(suite))] {
                let _ = tls.handshake().unwrap();
                let out = tls.tls_out();
                let hello = out.bytes().len();
                out.consume(hello).unwrap();
                receive(&mut tls, first);
                let error = tls.handshake().unwrap_err();
                assert!(matches!(error, Error::Handshake(_)), "{first:?}: {error:?}");
                assert_eq!(tls.tls_out().bytes(), [21, 3, 3, 0, 2, 2, alert.into()], "{first:?}");
                assert!(!tls.interest().read);
            }
        }
    }
}
