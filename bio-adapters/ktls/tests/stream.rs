//! Connections that go on in a kernel, here one in miniature, with a peer in user space.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

mod common;

use std::io::{ErrorKind, Read, Write};

use common::{Kernel, Refuses, settle};
use wantls::crypto::AwsLcRs;
use wantls::{Error, Phase, ProtocolError, Received, Role, ServerContext, Shutdown, Step, Version};
use wantls_ktls::{Direction, HandOverError, Stream, hand_over};
use wantls_testkit::{Suite, Tls, accept, client, connect, established, handshake, noise, server_config};

type Kept = Stream<Kernel>;

/// Some records, so that no sequence number is 0.
fn exchanged(suite: Suite, role: Role) -> (Tls, Tls) {
    let (mut client, mut server) = established(suite);
    settle(&mut client, &mut server);
    for len in [1, 500, 16_384] {
        let data = noise(len);
        assert_eq!(client.write(&data), Ok(Step::Done(len)));
        wantls_testkit::carry(&mut client, &mut server);
        assert!(read_all(&mut server) == data);
        assert_eq!(server.write(&data[..1]), Ok(Step::Done(1)));
        wantls_testkit::carry(&mut server, &mut client);
        assert_eq!(read_all(&mut client), data[..1]);
    }
    if role == Role::Client { (client, server) } else { (server, client) }
}

/// A connection in the kernel, and its peer.
fn pair(suite: Suite, role: Role, refuses: Refuses) -> (Kept, Tls) {
    let (tls, peer) = exchanged(suite, role);
    let (stream, _) = hand_over(tls, Kernel::new(refuses)).unwrap();
    (stream, peer)
}

fn read_all(tls: &mut Tls) -> Vec<u8> {
    let (mut got, mut buffer) = (Vec::new(), vec![0; 20_000]);
    while let Step::Done(Received::Data(n)) = tls.read(&mut buffer).unwrap() {
        got.extend_from_slice(&buffer[..n.get()]);
    }
    got
}

/// What the peer reads of what the stream has sent.
fn delivered(stream: &mut Kept, peer: &mut Tls) -> Vec<u8> {
    let mut got = Vec::new();
    loop {
        stream.get_mut().exchange(peer);
        got.extend(read_all(peer));
        if stream.get_ref().sent.is_empty() {
            return got;
        }
    }
}

fn send(peer: &mut Tls, stream: &mut Kept, data: &[u8]) {
    let mut sent = 0;
    while sent < data.len() {
        sent += peer.write(&data[sent..]).unwrap().done().unwrap_or(0);
        stream.get_mut().exchange(peer);
    }
}

/// What the stream reads by pieces of `piece` bytes until it would block.
fn receive(stream: &mut Kept, piece: usize) -> Vec<u8> {
    let (mut got, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        match stream.read(&mut buffer) {
            Ok(n) => {
                assert!(n > 0, "no close here");
                got.extend_from_slice(&buffer[..n]);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error:?}");
                return got;
            }
        }
    }
}

#[test]
fn data_goes_both_ways_in_every_suite_and_role_behind_what_user_space_has_sent() {
    let data = noise(40_000);
    for suite in Suite::ALL {
        for role in [Role::Client, Role::Server] {
            let (mut stream, mut peer) = pair(suite, role, Refuses::Nothing);
            for piece in [1, 2, 7, 1000, 20_000] {
                let data = &data[..piece * 2];
                assert_eq!(stream.write(data).unwrap(), data.len());
                assert!(delivered(&mut stream, &mut peer) == data, "{suite:?} {role:?}");
                send(&mut peer, &mut stream, data);
                assert!(receive(&mut stream, piece) == data, "{suite:?} {role:?} {piece}");
            }
            assert_eq!(stream.session().unwrap().suite, suite.id());
        }
    }
}

#[test]
fn files_arrive_from_any_offset() {
    let data = noise(100_000);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data).unwrap();
    for suite in Suite::ALL {
        let (mut stream, mut peer) = pair(suite, Role::Server, Refuses::Nothing);
        let (mut sent, mut got) = (1, Vec::new());
        loop {
            match stream.sendfile(&file, sent as u64, 1_000_000).unwrap() {
                0 => break,
                n => sent += n,
            }
            got.extend(delivered(&mut stream, &mut peer));
        }
        assert!(got == data[1..], "{suite:?}");
    }
}

#[test]
fn no_explicit_nonce_of_tls12_comes_twice() {
    for suite in [Suite::Tls12Aes128, Suite::Tls12Aes256] {
        let (mut tls, mut peer) = established(suite);
        settle(&mut tls, &mut peer);
        let mut seen = Vec::new();
        for _ in 0..20 {
            assert_eq!(tls.write(b"x"), Ok(Step::Done(1)));
            seen.push(tls.tls_out().bytes()[5..13].to_vec());
            wantls_testkit::carry(&mut tls, &mut peer);
            read_all(&mut peer);
        }
        let finished = u64::from_be_bytes(seen[0].clone().try_into().unwrap()) ^ 1;
        seen.push(finished.to_be_bytes().to_vec());
        let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
        for _ in 0..50 {
            stream.write_all(b"x").unwrap();
            seen.push(stream.get_ref().sent[5..13].to_vec());
            stream.get_mut().exchange(&mut peer);
            read_all(&mut peer);
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all, "{suite:?}");
    }
}

#[test]
fn close_notify_goes_both_ways() {
    for suite in Suite::ALL {
        for piece in [1, 100] {
            let (mut stream, mut peer) = pair(suite, Role::Client, Refuses::Nothing);
            stream.get_mut().full = true;
            assert_eq!(stream.shutdown().unwrap_err().kind(), ErrorKind::WouldBlock);
            assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            stream.get_mut().full = false;
            stream.shutdown().unwrap();
            stream.shutdown().unwrap();
            assert_eq!(stream.phase(), Phase::LocalClosed);
            assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            stream.get_mut().exchange(&mut peer);
            assert_eq!(peer.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)));
            assert_eq!(peer.phase(), Phase::PeerClosed, "once, and whole");

            let _ = peer.shutdown().unwrap();
            stream.get_mut().exchange(&mut peer);
            for _ in 0..2 {
                assert_eq!(stream.read(&mut vec![0; piece]).unwrap(), 0);
            }
            assert_eq!(stream.phase(), Phase::Closed);
            assert_eq!(peer.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        }
    }
}

#[test]
fn the_peer_may_close_first_and_is_still_written_to() {
    for suite in Suite::ALL {
        let (mut stream, mut peer) = pair(suite, Role::Server, Refuses::Nothing);
        let _ = peer.shutdown().unwrap();
        stream.get_mut().exchange(&mut peer);
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
        assert_eq!(stream.write(b"last words").unwrap(), 10);
        stream.shutdown().unwrap();
        assert_eq!(delivered(&mut stream, &mut peer), b"last words");
        assert_eq!(peer.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)));
    }
}

#[test]
fn an_end_without_close_notify_is_an_error_and_the_peer_is_told() {
    for suite in Suite::ALL {
        let (mut stream, mut peer) = pair(suite, Role::Client, Refuses::Nothing);
        stream.get_mut().eof = true;
        for _ in 0..2 {
            assert_eq!(stream.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        stream.get_mut().exchange(&mut peer);
        assert!(matches!(peer.read(&mut [0; 9]), Err(Error::Peer(_))));
    }
}

#[test]
fn a_damaged_record_ends_it_and_the_peer_is_told() {
    for suite in Suite::ALL {
        let (mut stream, mut peer) = pair(suite, Role::Server, Refuses::Nothing);
        send(&mut peer, &mut stream, b"data");
        *stream.get_mut().incoming.back_mut().unwrap() ^= 1;
        for _ in 0..2 {
            let error = stream.read(&mut [0; 9]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            let inner = error.get_ref().unwrap().downcast_ref::<Error>();
            assert_eq!(inner, Some(&Error::Protocol(ProtocolError::BadRecordMac)));
        }
        assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::InvalidData);
        stream.get_mut().exchange(&mut peer);
        let told = peer.read(&mut [0; 9]);
        assert_eq!(told, Err(Error::Peer(wantls::rustls::AlertDescription::BadRecordMac)), "{suite:?}");
    }
}

#[test]
fn what_has_no_place_is_refused_as_in_user_space() {
    use wantls_testkit::RawPeer;
    for suite in [Suite::Tls13Aes128, Suite::Tls12Chacha] {
        for (typ, content, expected) in [
            (22, &[99, 0, 0, 0][..], ProtocolError::UnexpectedHandshake(99)),
            (21, &[1, 2, 3], ProtocolError::BadAlert),
            (21, &[7, 0], ProtocolError::BadAlertLevel(7)),
        ] {
            let (mut raw, tls) = RawPeer::pair(suite, Role::Server);
            let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
            let record = raw.seal(typ, content);
            stream.get_mut().incoming.extend(record);
            let mut out = [9; 50];
            let error = stream.read(&mut out).unwrap_err();
            let inner = error.get_ref().unwrap().downcast_ref::<Error>();
            assert_eq!(inner, Some(&Error::Protocol(expected)));
            assert_eq!(out[..content.len()], vec![0; content.len()], "not the application's");
            let sent = std::mem::take(&mut stream.get_mut().sent);
            let records = raw.open(&sent);
            let alert: Vec<_> = records.iter().map(|r| (r.typ, r.payload.clone())).collect();
            assert_eq!(alert, [(21, vec![2, expected.alert().into()])]);
        }
    }
}

#[test]
fn requests_to_renegotiate_are_refused_with_a_warning_until_they_are_too_many() {
    let (mut raw, tls) = wantls_testkit::RawPeer::pair(Suite::Tls12Aes256, Role::Client);
    let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
    for i in 0..5 {
        let request = raw.seal(22, &[0, 0, 0, 0]);
        stream.get_mut().incoming.extend(request);
        let expected = if i < 4 { ErrorKind::WouldBlock } else { ErrorKind::InvalidData };
        assert_eq!(stream.read(&mut [0; 9]).unwrap_err().kind(), expected);
        let sent = std::mem::take(&mut stream.get_mut().sent);
        let answers: Vec<_> = raw.open(&sent).into_iter().map(|r| (r.typ, r.payload)).collect();
        let level = if i < 4 { 1 } else { 2 };
        assert_eq!(answers, [(21, vec![level, if i < 4 { 100 } else { 10 }])]);
    }
}

#[test]
fn keys_change_both_ways_as_often_as_wanted() {
    for suite in Suite::ALL.into_iter().filter(|suite| suite.version() == Version::Tls13) {
        for role in [Role::Client, Role::Server] {
            let (mut stream, mut peer) = pair(suite, role, Refuses::Nothing);
            for request in [false, true, false, true] {
                stream.key_update(request).unwrap();
                stream.write_all(b"one").unwrap();
                assert_eq!(delivered(&mut stream, &mut peer), b"one");
                peer.key_update(request).unwrap();
                send(&mut peer, &mut stream, b"two");
                // A small buffer gets the messages in parts.
                assert_eq!(receive(&mut stream, 2), b"two");
                // The answer, if one was asked for, and data behind it.
                stream.write_all(b"three").unwrap();
                assert_eq!(delivered(&mut stream, &mut peer), b"three");
                send(&mut peer, &mut stream, b"four");
                assert_eq!(receive(&mut stream, 100), b"four");
            }
        }
    }
}

#[test]
fn an_answer_that_does_not_fit_keeps_no_reader_waiting_and_goes_before_data() {
    let (mut stream, mut peer) = pair(Suite::Tls13Aes128, Role::Client, Refuses::Nothing);
    stream.get_mut().full = true;
    peer.key_update(true).unwrap();
    send(&mut peer, &mut stream, b"data");
    assert_eq!(receive(&mut stream, 100), b"data");
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.get_mut().full = false;
    assert_eq!(stream.write(b"x").unwrap(), 1);
    assert_eq!(delivered(&mut stream, &mut peer), b"x");
    assert_eq!(peer.post_handshake_messages(), 1, "the answer");
}

#[test]
fn a_kernel_that_can_not_change_keys_ends_the_connection() {
    // The peer changes its own: everything behind it is lost, and the peer is told.
    let (mut stream, mut peer) = pair(Suite::Tls13Aes256, Role::Client, Refuses::NewKeys);
    peer.key_update(false).unwrap();
    send(&mut peer, &mut stream, b"data");
    assert_eq!(stream.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(stream.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::Other, "and it stays so");
    stream.get_mut().exchange(&mut peer);
    let told = peer.read(&mut [0; 9]);
    assert_eq!(told, Err(Error::Peer(wantls::rustls::AlertDescription::InternalError)));
    // We change ours: the peer has been told, so nothing under the old key may follow.
    let (mut stream, mut peer) = pair(Suite::Tls13Aes256, Role::Client, Refuses::NewKeys);
    assert_eq!(stream.key_update(false).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(stream.write(b"x").is_err() && stream.shutdown().is_err());
    stream.get_mut().exchange(&mut peer);
    assert_eq!(peer.read(&mut [0; 9]), Ok(Step::Want(wantls::Want::Read)), "a KeyUpdate and no more");
}

#[test]
fn a_used_up_write_key_is_changed_or_ends_the_connection() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let context = ServerContext::new(server_config(suite), AwsLcRs).unwrap().rekey_after(10);
        let (mut peer, mut tls) = (connect(&client(suite)), accept(&context));
        handshake(&mut peer, &mut tls);
        settle(&mut tls, &mut peer);
        let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
        let tickets = peer.post_handshake_messages();
        let (mut sent, mut ended) = (0, None);
        for _ in 0..30 {
            match stream.write(b"x") {
                Ok(n) => sent += n,
                Err(error) => ended = Some(error.kind()),
            }
        }
        assert_eq!(delivered(&mut stream, &mut peer).len(), sent);
        match suite.version() {
            Version::Tls13 => {
                assert_eq!((sent, ended), (30, None));
                let updates = peer.post_handshake_messages() - tickets;
                assert_eq!(updates, 3, "a KeyUpdate for each ten records");
            }
            Version::Tls12 | _ => {
                assert!(sent < 10 && ended == Some(ErrorKind::Other));
                assert_eq!(peer.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)), "a clean end");
            }
        }
    }
}

#[test]
fn a_message_whose_first_part_came_before_goes_on() {
    let (mut raw, mut tls) = wantls_testkit::RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    raw.send(&mut tls, 22, &[24, 0]);
    assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(wantls::Want::Read)));
    let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
    let mut records = raw.seal(22, &[0, 1, 0]);
    raw.next_write_key();
    records.extend(raw.seal(23, b"under the new key"));
    stream.get_mut().incoming.extend(records);
    assert_eq!(receive(&mut stream, 100), b"under the new key");
}

#[test]
fn tickets_that_come_later_are_kept() {
    let context = client(Suite::Tls13Aes128);
    let server = wantls_testkit::server(Suite::Tls13Aes128);
    let (mut tls, mut peer) = (connect(&context), accept(&server));
    // The server finishes, and the client does not see the tickets before its keys are handed over.
    while tls.handshake().unwrap().want().is_some() || peer.handshake().unwrap().want().is_some() {
        wantls_testkit::carry(&mut tls, &mut peer);
        if peer.session().is_none() {
            let _ = peer.handshake().unwrap();
        }
        if tls.session().is_none() {
            wantls_testkit::carry(&mut peer, &mut tls);
        }
    }
    let (mut stream, _) = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap();
    send(&mut peer, &mut stream, b"behind the tickets");
    assert_eq!(receive(&mut stream, 5), b"behind the tickets");
    let (mut again, mut peer) = (connect(&context), accept(&server));
    handshake(&mut again, &mut peer);
    assert_eq!(again.session().unwrap().kind, Some(wantls::rustls::HandshakeKind::Resumed));
}

#[test]
fn a_connection_with_something_under_way_stays_in_user_space() {
    for suite in Suite::ALL {
        let states: [fn(&mut Tls, &mut Tls); 4] = [
            // Bytes to send; bytes received in part; plaintext; a KeyUpdate, or an alert.
            |tls, _| assert_eq!(tls.write(b"x"), Ok(Step::Done(1))),
            |tls, peer| {
                assert_eq!(peer.write(b"x"), Ok(Step::Done(1)));
                let mut grant = tls.tls_in();
                grant.space()[..3].copy_from_slice(&peer.tls_out().bytes()[..3]);
                grant.commit(3).unwrap();
                peer.tls_out().consume(3).unwrap();
            },
            |tls, peer| {
                assert_eq!(peer.write(b"xy"), Ok(Step::Done(2)));
                wantls_testkit::carry(peer, tls);
                assert!(tls.read(&mut [0; 1]).is_ok());
            },
            |tls, peer| {
                if peer.key_update(true).is_ok() {
                    wantls_testkit::carry(peer, tls);
                    assert_eq!(tls.read(&mut [0; 1]), Ok(Step::Want(wantls::Want::Read)));
                    assert_eq!(tls.check_idle(), Ok(()), "idle, but it owes an answer");
                } else {
                    let _ = tls.shutdown().unwrap();
                }
            },
        ];
        for state in states {
            let (mut tls, mut peer) = exchanged(suite, Role::Client);
            state(&mut tls, &mut peer);
            let refused = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap_err();
            assert!(matches!(refused.error, HandOverError::NotIdle));
            let mut tls = refused.tls.unwrap();
            wantls_testkit::carry(&mut tls, &mut peer);
            wantls_testkit::carry(&mut peer, &mut tls);
            assert!(tls.read(&mut [0; 9]).is_ok() && peer.read(&mut [0; 9]).is_ok(), "nothing is lost");
        }
        let (tls, _) = (connect(&client(suite)), ());
        let refused = hand_over(tls, Kernel::new(Refuses::Nothing)).unwrap_err();
        assert!(matches!(refused.error, HandOverError::NotIdle), "no keys yet");
    }
}

#[test]
fn a_kernel_that_refuses_leaves_the_connection_unharmed() {
    for suite in Suite::ALL {
        for refuses in [Refuses::Everything, Refuses::Keys(Direction::Read)] {
            let (tls, mut peer) = exchanged(suite, Role::Client);
            let refused = hand_over(tls, Kernel::new(refuses)).unwrap_err();
            assert!(matches!(refused.error, HandOverError::Unsupported(_)), "{refuses:?}");
            let mut tls = refused.tls.unwrap();
            for _ in 0..3 {
                assert_eq!(tls.write(b"on"), Ok(Step::Done(2)));
                wantls_testkit::carry(&mut tls, &mut peer);
                assert_eq!(read_all(&mut peer), b"on");
                assert_eq!(peer.write(b"and on"), Ok(Step::Done(6)));
                wantls_testkit::carry(&mut peer, &mut tls);
                assert_eq!(read_all(&mut tls), b"and on");
            }
        }
        let (tls, _peer) = exchanged(suite, Role::Client);
        let refused = hand_over(tls, Kernel::new(Refuses::Keys(Direction::Write))).unwrap_err();
        assert!(matches!(refused.error, HandOverError::Half(_)) && refused.tls.is_none());
    }
}
