//! What OpenSSL does where we do not want to follow: the tests named `d..` show the behaviour on OpenSSL only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use ::openssl::x509::X509;
use foreign_types::ForeignType as _;
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::{OpenSsl, Ossl};
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::{Reason, Subject as _, code};

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";

fn refusing(capacity: usize) -> Lab {
    let options = Options { no_renegotiation: true, ..Options::default() };
    Lab::new(&OpenSsl, Setup::client(Version::Tls12, capacity).with(options))
}

#[test]
fn d01_two_requests_behind_a_pending_record_are_fatal() {
    for (n, capacity, answer) in [(1000, 512, "-1/SSL 271"), (5, 20, "-1/SSL 127")] {
        let mut lab = Lab::client(&OpenSsl, Version::Tls13, capacity);
        assert_eq!(lab.write(n), BLOCKED);
        lab.peer_updates(1);
        lab.peer_updates(1);
        assert_eq!(lab.read(1), answer, "a pending record of {n} bytes");
        assert!(lab.subject.in_init(), "dead");
    }
}

/// H22 is this defect: the engine must not have to write while an application record is pending.
fn h22_one_request_behind_a_pending_record_is_not(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), STARVED);
    assert!(!lab.subject.in_init());
}

wantls_openssl_oracle::on_every_library! { established: h22_one_request_behind_a_pending_record_is_not }

#[test]
fn d02_a_refusal_lost_in_the_filter_breaks_the_next_record() {
    let mut lab = refusing(100);
    assert_eq!(lab.write(71), "71");
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED, "success, it seems");
    lab.drain();
    assert_eq!(lab.write(10), "10", "success, it seems");
    lab.drain();
    let (records, last) = lab.peer_reads();
    assert_eq!(records.len(), 1);
    assert_eq!((last.ret, last.error), (-1, code::SSL), "the peer cannot open the record");
}

/// A server before its flight, whose chain is so many certificates longer, and a client whose ClientHello has come.
fn long_chain(certificates: usize, capacity: usize) -> (Ossl, Ossl) {
    const ADD_CHAIN_CERTIFICATE: i32 = 89;
    let (mut server, mut client) = OpenSsl.ends(&Setup::server(Version::Tls13, capacity).fresh());
    let certificate = X509::from_der(&wantls_testkit::certs().ca).unwrap();
    for _ in 0..certificates {
        // SAFETY: both objects are valid; 1 asks for a reference of its own.
        let added = unsafe {
            openssl_sys::SSL_ctrl(server.raw(), ADD_CHAIN_CERTIFICATE, 1, certificate.as_ptr().cast())
        };
        assert_eq!(added, 1);
    }
    client.do_handshake();
    server.fill(&client.drain(usize::MAX));
    (server, client)
}

#[test]
fn d03_a_short_write_drives_a_long_message() {
    let (mut server, _client) = long_chain(15, 1000);
    assert_eq!(server.write(&[1; 10], 10).to_string(), BLOCKED);
    server.drain(usize::MAX);
    assert_eq!(server.write(&[1; 10], 10).to_string(), "-1/SSL 271");

    let (mut server, _client) = long_chain(15, 1000);
    for _ in 0..20 {
        server.do_handshake();
        server.drain(usize::MAX);
    }
    assert_eq!(server.do_handshake().to_string(), STARVED, "without a write it goes well");
}

#[test]
fn d04_a_long_write_drives_a_message_of_several_records() {
    let (mut server, mut client) = long_chain(60, 1000);
    let data = [1; 40000];
    let answers = (0..100).map(|_| {
        server.write(&data, 40000);
        client.fill(&server.drain(usize::MAX));
        client.do_handshake()
    });
    let failed = answers.into_iter().find(|answer| answer.error != code::WANT_READ).unwrap();
    assert_eq!(failed.to_string(), "-1/SSL 244");
}

/// W18 is this defect.
#[test]
fn d05_w18_a_partly_written_alert_poisons_the_next_write() {
    // The alert goes between the two records of one write, where 10 bytes are free.
    let mut lab = refusing(16413 + 10);
    assert_eq!(lab.write(20), "20");
    assert_eq!(lab.write(16384 + 100), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.drain_some(49);
    let filled = lab.write(16384 + 100);
    assert_eq!((filled.as_str(), lab.out()), (BLOCKED, 16413 + 10));
    lab.drain();
    assert_eq!(lab.write(16384 + 100), "-1/SSL 127", "the correct retry");
}

/// S5 is this defect.
#[test]
fn d06_s05_shutdown_behind_a_pending_record_loses_close_notify() {
    for version in VERSIONS {
        let mut lab = Lab::client(&OpenSsl, version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.shutdown(), BLOCKED, "a stale answer");
        assert_eq!((lab.subject.get_shutdown(), lab.out()), (code::SENT, 512));
        lab.drain();
        assert_eq!(lab.shutdown(), BLOCKED, "stale even with an empty pair");
        assert_eq!(lab.out(), 0, "the alert was thrown away");
        assert_eq!(lab.shutdown(), STARVED);
        assert_eq!(lab.write(1000), "-1/SSL 207", "and the record stays cut");
        lab.peer_closes();
        assert_eq!(lab.shutdown(), "1", "as if all were well");
        assert_eq!(lab.out(), 0);
    }
}

#[test]
fn d08_a_fatal_alert_becomes_a_clean_close() {
    for version in VERSIONS {
        let mut lab = Lab::client(&OpenSsl, version, 512);
        lab.peer_dies();
        assert_eq!(lab.read(1), "0/SSL 1020");
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        assert_eq!(lab.write(1), "-1/ZERO_RETURN");
        assert_eq!(lab.handshake(), "-1/ZERO_RETURN");
    }
}

#[test]
fn d09_a_fatal_error_with_a_full_pair_wants_for_ever() {
    for version in VERSIONS {
        let mut lab = Lab::client(&OpenSsl, version, 100);
        let filler = 100 - lab.w(0);
        lab.write(i32::try_from(filler).unwrap());
        lab.subject.close_in();
        assert_eq!(lab.read(1), "0/SSL 294");
        for _ in 0..3 {
            assert_eq!(lab.read(1), BLOCKED);
            assert_eq!(lab.handshake(), BLOCKED);
            lab.drain();
            assert_eq!(lab.out(), 0, "the alert never leaves");
        }
        assert_eq!(lab.write(10), "-1/SYSCALL");
    }
}

#[test]
fn d10_a_renegotiating_writer_is_killed_by_legal_data() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 5000);
    lab.subject.renegotiate();
    assert_eq!(lab.write(10), STARVED);
    lab.peer_writes(10);
    assert_eq!(lab.write(10), "-1/SSL 245");
}

#[test]
fn d12_renegotiate_before_a_role_says_yes() {
    let mut end = Ossl::without_role(Version::Tls12, 512);
    assert_eq!(end.renegotiate().ret, 1);
}

#[test]
fn d13_ignored_eof_forgets_the_own_close_notify() {
    for version in VERSIONS {
        let options = Options { ignore_eof: true, ..Options::default() };
        let mut lab = Lab::new(&OpenSsl, Setup::client(version, 512).with(options));
        lab.shutdown();
        lab.drain();
        lab.subject.close_in();
        assert_eq!(lab.shutdown(), "0/ZERO_RETURN");
        assert_eq!(lab.subject.get_shutdown(), code::RCVD, "RCVD replaces SENT");
        assert_eq!(lab.write(10), "10", "data behind close_notify");
        let out = lab.out();
        assert_eq!(lab.shutdown(), "1");
        assert_eq!(lab.out(), out + lab.w(2), "and a second close_notify");
    }
}

/// The reason codes that the tests above take for granted.
#[test]
fn reasons_have_their_texts() {
    assert_eq!(Reason::ssl(1020).to_string(), "1020");
    assert_eq!(Reason { library: 57, code: 102 }.to_string(), "57:102");
}
