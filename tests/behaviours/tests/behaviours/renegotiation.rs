//! TLS 1.2 peers that ask for another handshake get a no_renegotiation warning, and the call in hand goes on.

use wantls::{ProtocolError, Received, Role, Step, Want, WriteMode};
use wantls_testkit::raw::content;
use wantls_testkit::{RawPeer, Suite};

const HELLO_REQUEST: &[u8] = &[0, 0, 0, 0];
const WARNING: [u8; 2] = [1, 100];

/// What a peer asks with, and whom.
fn requests() -> [(Role, Vec<u8>); 2] {
    let hello = [&[1, 0, 1, 0][..], &[7; 256]].concat();
    [(Role::Client, HELLO_REQUEST.to_vec()), (Role::Server, hello)]
}

#[test]
fn a_read_goes_on_to_the_data_behind_the_request() {
    for (role, request) in requests() {
        let (mut raw, mut tls) = RawPeer::pair(Suite::Tls12Aes128, role);
        raw.send(&mut tls, content::HANDSHAKE, &request);
        raw.send(&mut tls, content::APPLICATION_DATA, b"data");
        let mut buffer = [0; 9];
        assert!(matches!(tls.read(&mut buffer), Ok(Step::Done(Received::Data(_)))));
        assert_eq!(&buffer[..4], b"data");
        let answer = raw.receive(&mut tls);
        assert_eq!((answer.len(), answer[0].typ, &answer[0].payload[..]), (1, content::ALERT, &WARNING[..]));
        assert_eq!(tls.write(b"goes on"), Ok(Step::Done(7)));
    }
}

#[test]
fn a_request_split_over_records_is_one() {
    for (role, request) in requests() {
        for split in 1..request.len() {
            let (mut raw, mut tls) = RawPeer::pair(Suite::Tls12Chacha, role);
            raw.send(&mut tls, content::HANDSHAKE, &request[..split]);
            assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
            assert!(tls.tls_out().bytes().is_empty());
            raw.send(&mut tls, content::HANDSHAKE, &request[split..]);
            assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
            assert_eq!(raw.receive(&mut tls)[0].payload, WARNING);
        }
    }
}

#[test]
fn in_the_middle_of_a_whole_write_the_warning_waits_for_the_record_in_front() {
    let (mut raw, mut tls) = RawPeer::pair(Suite::Tls12Aes128, Role::Client);
    tls.set_write_mode(WriteMode::Whole { moving: false });
    tls.set_max_fragment(4);
    let data = *b"12345678";
    assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
    raw.send(&mut tls, content::HANDSHAKE, HELLO_REQUEST);
    assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    let mut records = Vec::new();
    for _ in 0..5 {
        records.extend(raw.receive(&mut tls));
        if tls.write(&data) == Ok(Step::Done(8)) {
            break;
        }
    }
    let payloads: Vec<&[u8]> = records.iter().map(|r| &r.payload[..]).collect();
    assert_eq!(payloads, [&b"1234"[..], &WARNING, b"5678"]);
}

#[test]
fn after_our_close_a_request_is_not_answered() {
    let (mut raw, mut tls) = RawPeer::pair(Suite::Tls12Aes128, Role::Client);
    assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
    raw.send(&mut tls, content::HANDSHAKE, HELLO_REQUEST);
    assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    assert_eq!(raw.receive(&mut tls).len(), 1, "the close_notify");
}

#[test]
fn tls_1_3_has_no_renegotiation() {
    for (role, request) in requests() {
        let (mut raw, mut tls) = RawPeer::pair(Suite::Tls13Aes128, role);
        raw.send(&mut tls, content::HANDSHAKE, &request);
        let error = ProtocolError::UnexpectedHandshake(request[0]);
        assert_eq!(tls.read(&mut [0; 9]), Err(error.into()));
        assert_eq!(raw.receive(&mut tls)[0].payload, [2, 10]);
    }
}

#[test]
fn messages_of_the_wrong_side_are_refused() {
    for (role, typ, len) in
        [(Role::Client, 1, 0), (Role::Server, 0, 0), (Role::Client, 0, 1), (Role::Client, 4, 9)]
    {
        let (mut raw, mut tls) = RawPeer::pair(Suite::Tls12Aes128, role);
        raw.send(&mut tls, content::HANDSHAKE, &[&[typ, 0, 0, len][..], &vec![0; len.into()]].concat());
        assert_eq!(tls.read(&mut [0; 9]), Err(ProtocolError::UnexpectedHandshake(typ).into()));
        assert_eq!(raw.receive(&mut tls)[0].payload, [2, 10]);
    }
}
