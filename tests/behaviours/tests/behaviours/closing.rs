//! Closing in every order, and the calls of length zero.

use wantls::{Error, Phase, Received, Role, Shutdown, Step, Usage, Want};
use wantls_testkit::raw::{content, deliver};
use wantls_testkit::{RawPeer, established};

use crate::{BOTH, read_all, trickle};

const CLOSED: Result<Step<Received>, Error> = Ok(Step::Done(Received::Closed));

#[test]
fn we_close_first() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)), "nothing has left");
        assert_eq!(raw.receive(&mut tls)[0].payload, [1, 0]);
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Read)));
        raw.send(&mut tls, content::ALERT, &[1, 0]);
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        assert_eq!((tls.read(&mut [0; 1]), tls.phase()), (CLOSED, Phase::Closed));
    }
}

#[test]
fn the_peer_closes_first_and_we_may_go_on_writing() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        raw.send(&mut tls, content::ALERT, &[1, 0]);
        assert_eq!((tls.read(&mut [0; 1]), tls.read(&mut [])), (CLOSED, CLOSED));
        assert_eq!(tls.fill_buf(), Ok(Step::Done(&[][..])));
        assert_eq!(tls.write(b"half open"), Ok(Step::Done(9)));
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        let records = raw.receive(&mut tls);
        assert_eq!((&records[0].payload[..], &records[1].payload[..]), (&b"half open"[..], &[1, 0][..]));
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        assert_eq!((tls.read(&mut [0; 1]), tls.phase()), (CLOSED, Phase::Closed));
    }
}

#[test]
fn both_close_at_once_a_byte_at_a_time() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        let mut ends = [None, None];
        for _ in 0..200 {
            for (tls, end) in [&mut client, &mut server].into_iter().zip(&mut ends) {
                match tls.shutdown().unwrap() {
                    Step::Done(done) => *end = Some(done),
                    Step::Want(_) => {}
                }
            }
            trickle(&mut client, &mut server, 1);
            trickle(&mut server, &mut client, 1);
        }
        assert_eq!(ends, [Some(Shutdown::Complete); 2]);
        assert!(!client.interest().read && !client.interest().write);
    }
}

#[test]
fn what_follows_a_close_notify_is_ignored() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        let close = raw.seal(content::ALERT, &[1, 0]);
        let late = raw.seal(content::APPLICATION_DATA, b"too late");
        deliver(&mut tls, &[b"" as &[u8], &close, &late, b"and no record at all"].concat());
        let mut got = Vec::new();
        assert_eq!(read_all(&mut tls, &mut got), Ok(true));
        assert_eq!((got.len(), tls.phase()), (0, Phase::PeerClosed));
        assert!(!tls.interest().read && tls.tls_in().space().is_empty());
        tls.tls_in_eof();
        assert_eq!(tls.read(&mut [0; 9]), CLOSED);
        assert_eq!(tls.write(b"still open"), Ok(Step::Done(10)));
    }
}

#[test]
fn data_in_front_of_the_peers_close_has_to_be_read_before_ours_completes() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Server);
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        let _ = raw.receive(&mut tls);
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        raw.send(&mut tls, content::APPLICATION_DATA, b"wait");
        raw.send(&mut tls, content::ALERT, &[1, 0]);
        assert_eq!(tls.shutdown(), Err(Usage::UnreadData.into()));
        let mut got = Vec::new();
        assert_eq!(read_all(&mut tls, &mut got), Ok(true));
        assert_eq!((got.as_slice(), tls.shutdown()), (&b"wait"[..], Ok(Step::Done(Shutdown::Complete))));
    }
}

#[test]
fn a_transport_that_ends_instead_of_the_peers_close_is_truncated() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Server);
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        let _ = raw.receive(&mut tls);
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        tls.tls_in_eof();
        assert_eq!(tls.shutdown(), Err(Error::Truncated));
        assert!(tls.tls_out().bytes().is_empty(), "behind our close nothing is sent");
    }
}

/// What was due goes no more: nothing may stand behind a close_notify.
#[test]
fn nothing_is_sealed_behind_our_close() {
    let (mut raw, mut tls) = RawPeer::pair(BOTH[0], Role::Client);
    raw.send_key_update(&mut tls, 1);
    assert_eq!(tls.read(&mut [0; 1]), Ok(Step::Want(Want::Read)));
    assert_eq!(tls.key_update_due(), Some(false));
    assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
    assert_eq!(tls.key_update_due(), Some(false), "still unanswered");
    raw.send_key_update(&mut tls, 1);
    assert_eq!(tls.read(&mut [0; 1]), Ok(Step::Want(Want::Read)));
    assert_eq!(tls.handshake(), Ok(Step::Done(())));
    let records = raw.receive(&mut tls);
    assert_eq!(records.last().unwrap().payload, [1, 0]);
    assert_eq!(tls.key_update_due(), Some(false), "it stays due, as SSL_get_key_update_type tells it");
}

#[test]
fn calls_of_length_zero_do_nothing() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        assert_eq!(tls.write(&[]), Ok(Step::Done(0)));
        assert_eq!(tls.write_vectored(&[]), Ok(Step::Done(0)));
        assert_eq!(tls.write_vectored(&[&[], &[]]), Ok(Step::Done(0)));
        tls.set_write_mode(wantls::WriteMode::Whole { moving: false });
        assert_eq!(tls.write(&[]), Ok(Step::Done(0)));
        assert!(tls.tls_out().bytes().is_empty());
        assert_eq!(tls.read(&mut []), Ok(Step::Want(Want::Read)));
        assert!(tls.tls_in().commit(0).is_ok() && tls.tls_out().consume(0).is_ok() && tls.consume(0).is_ok());
        raw.send(&mut tls, content::APPLICATION_DATA, b"x");
        assert_eq!(tls.read(&mut []), Err(Usage::EmptyBuffer.into()));
    }
}
