//! NewSessionTicket (RFC 8446 section 4.6.1), however it is laid out in records.

use std::sync::Arc;

use rustls::HandshakeKind;
use rustls::client::{ClientSessionMemoryCache, Resumption};
use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, ProtocolError, Received, Role, Step, Want};
use wantls_testkit::raw::{content, deliver};
use wantls_testkit::{NAME, RawPeer, Suite, accept, client_config, handshake, server};

/// A ticket message with a ticket of `len` bytes.
pub(crate) fn ticket(len: u16) -> Vec<u8> {
    let body = [&[0, 0, 1, 0][..], &[1, 2, 3, 4], &[1, 9], &len.to_be_bytes(), &vec![5; len.into()], &[0, 0]]
        .concat();
    let n = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[4, n[1], n[2], n[3]][..], &body].concat()
}

const SUITE: Suite = Suite::Tls13Aes128;

#[test]
fn the_tickets_of_a_session_resume_the_next() {
    let mut config = client_config(SUITE);
    config.resumption = Resumption::store(Arc::new(ClientSessionMemoryCache::new(8)));
    let (client, server) = (ClientContext::new(config, AwsLcRs).unwrap(), server(SUITE));
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
        let mut tls = wantls_testkit::connect(&client);
        let mut peer = accept(&server);
        handshake(&mut tls, &mut peer);
        assert_eq!(tls.session().unwrap().kind, Some(expected));
        assert_eq!(peer.session().unwrap().kind, Some(expected));
        // The tickets are in tls_in; reading takes them in.
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        assert_eq!(tls.pending().tls_in, 0);
    }
}

#[test]
fn tickets_split_anywhere_and_packed_together_are_taken() {
    let stream = [ticket(100), ticket(0x20), ticket(300)].concat();
    for piece in [1, 2, 3, 5, 50, 200, stream.len()] {
        let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Client);
        for part in stream.chunks(piece) {
            let record = raw.seal(content::HANDSHAKE, part);
            deliver(&mut tls, &record);
            assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)), "pieces of {piece}");
        }
        raw.send(&mut tls, content::APPLICATION_DATA, b"data");
        assert!(matches!(tls.read(&mut [0; 9]), Ok(Step::Done(Received::Data(_)))));
    }
}

#[test]
fn a_ticket_longer_than_is_kept_is_skipped_and_not_stored_in_memory() {
    let mut config = client_config(SUITE);
    config.resumption = Resumption::in_memory_sessions(4);
    let context = ClientContext::new(config, AwsLcRs).unwrap().max_ticket(200);
    let mut tls = context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap()).unwrap();
    let mut raw = RawPeer::server(wantls_testkit::server_config(SUITE), &mut tls);
    for len in [200, 1000, 60_000] {
        for part in ticket(len).chunks(16_000) {
            raw.send(&mut tls, content::HANDSHAKE, part);
            assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        }
        raw.send(&mut tls, content::APPLICATION_DATA, b"data");
        assert!(matches!(tls.read(&mut [0; 9]), Ok(Step::Done(Received::Data(_)))));
    }
    // What is skipped is not looked into either.
    let skipped = [&[4, 0, 1, 0][..], &[0xff; 256]].concat();
    raw.send(&mut tls, content::HANDSHAKE, &skipped);
    assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
}

#[test]
fn a_ticket_that_does_not_parse_or_has_no_place_is_refused() {
    let (short, long) = ([4, 0, 0, 3, 1, 2, 3], [4, 1, 0, 0]);
    for (role, message, error) in [
        (Role::Client, &short[..], ProtocolError::BadTicket),
        (Role::Client, &long[..], ProtocolError::HandshakeTooLong(0x10000)),
        (Role::Server, &short[..], ProtocolError::UnexpectedHandshake(4)),
    ] {
        let (mut raw, mut tls) = RawPeer::pair(SUITE, role);
        raw.send(&mut tls, content::HANDSHAKE, message);
        assert_eq!(tls.read(&mut [0; 9]), Err(error.into()));
        assert_eq!(raw.receive(&mut tls)[0].payload, [2, error.alert().into()]);
    }
}

#[test]
fn nothing_may_stand_between_the_parts_of_a_message() {
    let message = ticket(50);
    for (typ, payload) in [(content::APPLICATION_DATA, &b"x"[..]), (content::ALERT, &[1, 90])] {
        let (mut raw, mut tls) = RawPeer::pair(SUITE, Role::Client);
        raw.send(&mut tls, content::HANDSHAKE, &message[..20]);
        raw.send(&mut tls, typ, payload);
        assert_eq!(tls.read(&mut [0; 9]), Err(ProtocolError::Interleaved.into()));
        assert_eq!(raw.receive(&mut tls)[0].payload, [2, 10]);
    }
}
