//! Rule 9: errors say who acts. Only `Usage` is not fatal, and it has changed nothing.

use core::error::Error as _;

use rustls::AlertDescription;
use wantls::{
    Error, Phase, ProtocolError, Received, RetryFault, Role, Shutdown, Step, Usage, Want, WriteMode,
};
use wantls_testkit::raw::{content, deliver};
use wantls_testkit::{RawPeer, Suite, Tls, client, connect};

use crate::BOTH;

#[test]
fn only_usage_is_not_fatal_and_every_error_has_a_message() {
    let rustls = rustls::Error::HandshakeNotComplete;
    let (needed, capacity) = (10, 5);
    for (error, fatal) in [
        (Error::Usage(Usage::EmptyBuffer), false),
        (Error::Peer(AlertDescription::AccessDenied), true),
        (Error::Protocol(ProtocolError::BadAlert), true),
        (Error::Handshake(rustls.clone()), true),
        (Error::Truncated, true),
        (Error::HandshakeTooLarge { needed, capacity }, true),
        (Error::RecordTooLarge { needed, capacity }, true),
        (Error::KeyExhausted, true),
        (Error::Crypto(rustls), true),
    ] {
        assert_eq!(error.is_fatal(), fatal, "{error:?}");
        assert_eq!(error.clone(), error);
        assert!(!error.to_string().is_empty());
        // What is only wrapped is not told twice.
        assert!(error.source().is_none_or(|source| source.to_string() != error.to_string()));
    }
}

/// Calls that can't be done now: each answers its error, and the connection goes on as if nothing had been.
#[test]
fn a_usage_error_changes_nothing() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        assert_eq!(tls.write(b"x"), Ok(Step::Done(1)));
        raw.send(&mut tls, content::APPLICATION_DATA, b"waiting");
        assert!(matches!(tls.peek(&mut [0; 1]), Ok(Step::Done(Received::Data(_)))));
        let facts =
            |tls: &mut Tls| (tls.phase(), tls.pending(), tls.interest(), tls.tls_out().bytes().to_vec());
        let before = facts(&mut tls);

        assert_eq!(tls.read(&mut []), Err(Usage::EmptyBuffer.into()));
        assert_eq!(tls.peek(&mut []), Err(Usage::EmptyBuffer.into()));
        let exceeded = |given, offered| Err(Usage::GrantExceeded { given, offered }.into());
        assert_eq!(tls.consume(8), exceeded(8, 7));
        let out = before.3.len();
        assert_eq!(tls.tls_out().consume(out + 1), exceeded(out + 1, out));
        let space = tls.tls_in().space().len();
        assert_eq!(tls.tls_in().commit(space + 1), exceeded(space + 1, space));
        if suite == Suite::Tls12Aes128 {
            assert_eq!(tls.key_update(false), Err(Usage::NoKeyUpdate.into()));
        }
        assert_eq!(facts(&mut tls), before);
        assert_eq!(tls.fault(), None);
    }
}

#[test]
fn what_needs_the_handshake_says_so() {
    let mut tls = connect(&client(Suite::Tls13Aes128));
    assert_eq!(tls.shutdown(), Err(Usage::HandshakeNotFinished.into()));
    assert_eq!(tls.key_update(true), Err(Usage::HandshakeNotFinished.into()));
    assert_eq!((tls.phase(), tls.pending().tls_out), (Phase::Handshaking, 0));
    assert_eq!((tls.session().is_some(), tls.record_overhead()), (false, None));
}

#[test]
fn after_our_close_nothing_is_written_and_all_of_it_is_read() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Server);
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Write)));
        for mode in [WriteMode::Accept, WriteMode::Whole { moving: true }] {
            tls.set_write_mode(mode);
            assert_eq!(tls.write(b"late"), Err(Usage::WriteAfterShutdown.into()));
            assert_eq!(tls.write_vectored(&[b"late"]), Err(Usage::WriteAfterShutdown.into()));
            assert_eq!(tls.write(b""), Err(Usage::WriteAfterShutdown.into()));
        }
        let refused =
            if suite == Suite::Tls13Aes128 { Usage::WriteAfterShutdown } else { Usage::NoKeyUpdate };
        assert_eq!(tls.key_update(false), Err(refused.into()));
        assert_eq!(raw.receive(&mut tls).len(), 1, "the close_notify alone");
        assert_eq!(tls.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        raw.send(&mut tls, content::APPLICATION_DATA, b"more");
        assert_eq!(tls.shutdown(), Err(Usage::UnreadData.into()));
        assert!(matches!(tls.read(&mut [0; 9]), Ok(Step::Done(Received::Data(_)))));
        assert_eq!(tls.shutdown(), Ok(Step::Want(Want::Read)));
    }
}

#[test]
fn a_bad_retry_names_what_is_committed() {
    let (_, mut tls) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    tls.set_write_mode(WriteMode::Whole { moving: false });
    let data = [1; 100];
    assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
    let refused = |fault| Err(Usage::BadWriteRetry { committed: 100, fault }.into());
    assert_eq!(tls.write(&data[..99]), refused(RetryFault::Shorter));
    assert_eq!(tls.write(&[1; 100]), refused(RetryFault::Moved));
    assert_eq!(tls.write(&data), Ok(Step::Want(Want::Write)));
}

#[test]
fn commit_without_asking_for_the_space_is_checked_as_well() {
    let (mut raw, mut tls) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    let record = raw.seal(content::APPLICATION_DATA, &[0; 16000]);
    deliver(&mut tls, &record);
    assert!(matches!(tls.read(&mut [0; 16000]), Ok(Step::Done(Received::Data(_)))));
    // All is read, so all of the buffer is free, however it was before.
    let offered = tls.tls_in().space().len();
    let (_, mut fresh) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
    deliver(&mut fresh, &[23, 3, 3]);
    assert!(fresh.tls_in().commit(offered - 3).is_ok());
    assert!(tls.tls_in().commit(offered).is_ok());
    // Zeros are not a record.
    for tls in [&mut tls, &mut fresh] {
        assert!(tls.read(&mut [0; 9]).is_err());
    }
}
