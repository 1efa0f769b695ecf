//! Rule 8: a peer can't keep us busy. What gets nowhere has an end, and data starts the count anew.

use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{
    Buffers, ClientContext, Error, ProtocolError, Received, Role, ServerContext, Step, Version, Want,
};
use wantls_testkit::raw::{content, offer, split_records};
use wantls_testkit::{NAME, RawPeer, Suite, Tls, toy};

use crate::{BOTH, handshake_through, read_all};

/// The most that any of them is allowed in a row.
const MOST: usize = 32;

/// Sends with `send` until an error; how many were accepted, and the error.
fn flood(
    suite: Suite,
    role: Role,
    mut send: impl FnMut(&mut RawPeer, &mut Tls),
) -> (usize, Result<Step<Received>, Error>) {
    let (mut raw, mut tls) = RawPeer::pair(suite, role);
    // With data between them, there may be any number.
    for _ in 0..3 * MOST {
        send(&mut raw, &mut tls);
        raw.send(&mut tls, content::APPLICATION_DATA, b"x");
        assert_eq!(read_all(&mut tls, &mut Vec::new()), Ok(false));
        let _ = raw.receive(&mut tls);
    }
    for accepted in 0..=MOST {
        send(&mut raw, &mut tls);
        let answer = tls.read(&mut [0; 9]);
        if answer != Ok(Step::Want(Want::Read)) {
            let last = raw.receive(&mut tls).pop().unwrap();
            assert_eq!((last.typ, last.payload), (content::ALERT, vec![2, 10]), "unexpected_message");
            return (accepted, answer);
        }
    }
    panic!("there is no end")
}

#[test]
fn empty_records_have_an_end() {
    for suite in BOTH {
        for role in [Role::Client, Role::Server] {
            let (n, end) = flood(suite, role, |raw, tls| raw.send(tls, content::APPLICATION_DATA, &[]));
            assert_eq!((n, end), (32, Err(ProtocolError::TooManyEmptyRecords.into())));
        }
    }
}

#[test]
fn warnings_have_an_end() {
    // user_canceled, and in TLS 1.2 anything unknown.
    for (suite, alert) in [(Suite::Tls13Aes128, [1, 90]), (Suite::Tls12Aes128, [1, 200])] {
        let (n, end) = flood(suite, Role::Client, |raw, tls| raw.send(tls, content::ALERT, &alert));
        assert_eq!((n, end), (4, Err(ProtocolError::TooManyWarnings.into())));
    }
}

#[test]
fn key_updates_have_an_end() {
    for request in [0, 1] {
        let (n, end) = flood(Suite::Tls13Aes128, Role::Server, |raw, tls| raw.send_key_update(tls, request));
        assert_eq!((n, end), (32, Err(ProtocolError::TooManyKeyUpdates.into())));
    }
}

#[test]
fn tickets_have_an_end() {
    let ticket = crate::tickets::ticket(40);
    let (n, end) =
        flood(Suite::Tls13Aes128, Role::Client, |raw, tls| raw.send(tls, content::HANDSHAKE, &ticket));
    assert_eq!((n, end), (32, Err(ProtocolError::TooManyTickets.into())));
}

#[test]
fn requests_to_renegotiate_have_an_end() {
    for (role, message) in [(Role::Client, [0, 0, 0, 0]), (Role::Server, [1, 0, 0, 0])] {
        let (n, end) =
            flood(Suite::Tls12Aes128, role, |raw, tls| raw.send(tls, content::HANDSHAKE, &message));
        assert_eq!((n, end), (4, Err(ProtocolError::TooManyRenegotiations.into())));
    }
}

/// Answers to our own requests are not the peer's idea: an upload may change keys as often as it likes.
#[test]
fn key_updates_that_we_asked_for_are_not_counted() {
    let (mut raw, mut tls) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    for round in 0..3 * MOST {
        assert_eq!(tls.write(b"upload"), Ok(Step::Done(6)));
        tls.key_update(true).unwrap();
        assert_eq!(raw.receive(&mut tls).len(), 2);
        raw.send_key_update(&mut tls, 0);
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)), "round {round}");
    }
}

/// All that a peer may send at once behind its Finished: the engine is shown no record of it.
#[test]
fn data_tickets_and_a_close_behind_the_finished_in_the_same_bytes_arrive() {
    for suite in Suite::ALL {
        let name = ServerName::try_from(NAME).unwrap();
        let mut client = ClientContext::new(toy::client_config(suite), AwsLcRs)
            .unwrap()
            .connect(name, Buffers::heap())
            .unwrap();
        let mut server =
            ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap().accept(Buffers::heap()).unwrap();
        // The side that finishes last is sent everything in one piece.
        let early = suite.version() == Version::Tls13;
        let mut held = Vec::new();
        let mut last = Vec::new();
        for _ in 0..10 {
            let (finished, waits) =
                if early { (&mut client, &mut server) } else { (&mut server, &mut client) };
            let _ = waits.handshake().unwrap();
            crate::trickle(waits, finished, usize::MAX);
            if finished.handshake() == Ok(Step::Done(())) {
                assert_eq!(finished.write(b"early bird"), Ok(Step::Done(10)));
                assert_eq!(finished.shutdown(), Ok(Step::Want(Want::Write)));
                held = wantls_testkit::raw::take(finished);
                last = split_records(&held);
                break;
            }
            crate::trickle(finished, waits, usize::MAX);
        }
        assert!(last.len() >= 3, "{suite:?}: Finished, data and close: {}", last.len());
        let waits = if early { &mut server } else { &mut client };
        assert_eq!(offer(waits, &held), held.len());
        let mut got = Vec::new();
        assert_eq!(read_all(waits, &mut got), Ok(true), "{suite:?}");
        assert_eq!(got, b"early bird");
    }
}

/// Change_cipher_spec is legal in the handshake of TLS 1.3, and rustls bounds it.
#[test]
fn change_cipher_spec_in_the_handshake_has_an_end() {
    let name = ServerName::try_from(NAME).unwrap();
    let suite = Suite::Tls13Aes128;
    let mut client = ClientContext::new(toy::client_config(suite), AwsLcRs)
        .unwrap()
        .connect(name, Buffers::heap())
        .unwrap();
    let mut server =
        ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap().accept(Buffers::heap()).unwrap();
    let answers = handshake_through(&mut client, &mut server, |from_client, bytes| {
        let flood = if from_client || bytes.is_empty() { vec![] } else { [20, 3, 3, 0, 1, 1].repeat(1000) };
        [flood, bytes].concat()
    });
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
}
