//! What wantls does where it differs by choice: each test is named after its entry in `wantls_ssl::DIFFERENCES`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls::Step;
use wantls_bio_pair::{Bio, Capacity};
use wantls_openssl_oracle::arena::{Buf, peer_bytes};
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::{Outcome, Reason, code};
use wantls_openssl_oracle::wantls::WantlsLibrary;
use wantls_ssl::{Ssl, SslContext};
use wantls_testkit::{NAME, Suite, Tls, accept};

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";
const CLOSING: &str = "0/SYSCALL";

fn client(version: Version, capacity: usize) -> Lab {
    Lab::client(&WantlsLibrary, version, capacity)
}

fn client_with(version: Version, capacity: usize, options: Options) -> Lab {
    Lab::new(&WantlsLibrary, Setup::client(version, capacity).with(options))
}

fn finish_write(lab: &mut Lab, n: i32) {
    while lab.write(n) == BLOCKED {
        assert!(lab.drain() > 0, "the write is stuck");
    }
}

fn damaged(lab: &mut Lab) {
    lab.peer.write_ex(peer_bytes(0, 50));
    let mut record = lab.peer.drain(usize::MAX);
    *record.last_mut().unwrap() ^= 1;
    lab.subject.fill(&record);
}

#[test]
fn bad_retry() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.write(999), "-1/SSL 271");
        assert_eq!(lab.write_from(Buf::B, 1000), "-1/SSL 127");
        assert!(!lab.subject.in_init(), "not fatal");
        finish_write(&mut lab, 1000);
        assert_eq!(lab.peer_sizes(), [1000]);
    }
}

#[test]
fn sticky_errors() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        lab.peer_dies();
        assert_eq!(lab.read(1), "0/SSL 1020");
        for _ in 0..2 {
            assert_eq!(lab.read(1), "-1/SSL 1020");
            assert_eq!(lab.read_ex(1), "0/SSL 1020");
            assert_eq!(lab.peek(1), "-1/SSL 1020");
            assert_eq!(lab.write(1), "-1/SSL 1020");
            assert_eq!(lab.handshake(), "-1/SSL 1020");
            assert_eq!(lab.shutdown(), "-1/SSL 1020");
        }
    }
}

#[test]
fn alerts_leave() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        damaged(&mut lab);
        assert_eq!(lab.subject.read(1).error, code::SSL);
        while lab.drain() > 0 {
            assert_eq!(lab.subject.read(1).error, code::SSL);
        }
        let (records, last) = lab.peer_reads();
        assert_eq!(records.concat().len(), 1000, "the record is whole");
        assert_eq!(last.reason, Some(Reason::ssl(1020)), "and bad_record_mac follows");
    }
}

#[test]
fn reads_go_on() {
    let mut lab = client(Version::Tls13, 100);
    lab.write(78);
    assert_eq!(lab.subject.key_update(0).ret, 1);
    lab.peer_writes(50);
    assert_eq!(lab.write(1), BLOCKED, "the KeyUpdate does not fit");
    assert_eq!(lab.read(20), "20");
    lab.drain();
    assert_eq!(lab.read(100), "30");
    assert_eq!(lab.out(), 27, "a read sends it, as far as it can");
}

#[test]
fn one_key_update() {
    let mut lab = client(Version::Tls13, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    for _ in 0..3 {
        lab.peer_updates(1);
    }
    assert_eq!(lab.read(1), STARVED, "not fatal");
    finish_write(&mut lab, 1000);
    lab.drain();
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.out(), 27 + 32, "one answer");
    assert_eq!(lab.peer_sizes(), [1000, 10]);
}

#[test]
fn key_update_is_whole() {
    for (library, wire) in [(&OpenSsl as &dyn Library, 24 + 24 + 23 + 32), (&WantlsLibrary, 27 + 32)] {
        let mut lab = Lab::client(library, Version::Tls13, 512);
        assert_eq!(lab.subject.set_split_send_fragment(2), 1);
        assert_eq!(lab.subject.key_update(0).ret, 1);
        assert_eq!(lab.handshake(), "1");
        assert_eq!(lab.subject.set_split_send_fragment(16384), 1);
        assert_eq!(lab.write(10), "10");
        assert_eq!(lab.out(), wire);
        assert_eq!(lab.peer_sizes(), [10], "the peer takes either");
    }
}

#[test]
fn shutdown_finishes_record() {
    for version in VERSIONS {
        let mut lab = client(version, 20000);
        assert_eq!(lab.write(40000), BLOCKED, "the second of three records is pending");
        assert_eq!(lab.shutdown(), BLOCKED);
        assert_eq!(lab.write(40000), "-1/SSL 207", "the rest is given up");
        while lab.shutdown() == BLOCKED {
            assert!(lab.drain() > 0, "the shutdown is stuck");
        }
        lab.drain();
        let (records, last) = lab.peer_reads();
        assert_eq!(records.iter().map(Vec::len).collect::<Vec<_>>(), [16384, 16384]);
        assert_eq!(last.error, code::ZERO_RETURN, "a whole close_notify");
    }
}

#[test]
fn unread_data_stays() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        assert_eq!(lab.shutdown(), CLOSING);
        lab.peer_writes(50);
        for _ in 0..2 {
            assert_eq!(lab.shutdown(), "-1/SSL 291");
        }
        assert_eq!(lab.read(100), "50");
        assert_eq!(lab.shutdown(), STARVED);
        lab.peer_closes();
        assert_eq!(lab.shutdown(), "1");
    }
}

#[test]
fn closed_is_closed() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        assert_eq!(lab.shutdown(), CLOSING);
        let out = lab.out();
        lab.subject.set_shutdown(0);
        assert_eq!(lab.write(10), "-1/SSL 207");
        if version == Version::Tls13 {
            assert_eq!(lab.subject.key_update(0).reason, Some(Reason::ssl(207)));
        }
        lab.shutdown();
        assert_eq!(lab.out(), out, "nothing follows close_notify");
    }
}

#[test]
fn truncation_is_told() {
    let options = Options { ignore_eof: true, ..Options::default() };
    for version in VERSIONS {
        let mut lab = client_with(version, 512, options);
        lab.peer.write_ex(peer_bytes(0, 50));
        lab.deliver_cut(20);
        lab.subject.close_in();
        assert_eq!(lab.read(100), "0/SSL 294", "inside a record");

        let mut lab = client_with(version, 512, options);
        assert_eq!(lab.shutdown(), CLOSING);
        lab.subject.close_in();
        assert_eq!(lab.shutdown(), "1", "between two records");
        assert_eq!(lab.subject.get_shutdown(), code::SENT | code::RCVD);
        assert_eq!(lab.write(1), "-1/SSL 207");
    }
}

#[test]
fn an_alert_is_no_close() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        assert_eq!(lab.shutdown(), CLOSING);
        lab.peer_dies();
        for _ in 0..2 {
            assert_eq!(lab.shutdown(), "-1/SSL 1020");
        }
    }
}

#[test]
fn warnings_are_kept() {
    // With too little room for the warning, behind a record and between two.
    let mut lab = client(Version::Tls12, 100);
    assert_eq!(lab.write(71), "71");
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.drain();
    assert_eq!(lab.write(10), "10");
    lab.drain();
    assert_eq!(lab.wire_records(), [100, 31, 39]);

    let mut lab = client(Version::Tls12, 16413 + 10);
    assert_eq!(lab.write(20), "20");
    assert_eq!(lab.write(16384 + 100), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.drain_some(49);
    finish_write(&mut lab, 16384 + 100);
    lab.drain();
    assert_eq!(lab.wire_records(), [49, 16413, 31, 129]);

    // With room for a part of it.
    let mut lab = client(Version::Tls12, 512);
    assert_eq!(lab.write(985), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.drain();
    assert_eq!(lab.write(985), "985");
    assert_eq!((lab.write(50), lab.out()), (BLOCKED.to_owned(), 512), "10 bytes of the warning");
    lab.drain();
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.out(), 21, "a read sends the rest");
    finish_write(&mut lab, 50);
    lab.drain();
    assert_eq!(lab.wire_records(), [1014, 31, 79]);

    // A close_notify that the caller only says was sent.
    let mut lab = client(Version::Tls12, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.subject.set_shutdown(code::SENT | code::RCVD);
    assert_eq!(lab.shutdown(), "1", "OpenSSL takes the warning for it, and drops it");
    lab.subject.set_shutdown(0);
    finish_write(&mut lab, 1000);
    assert_eq!(lab.write(10), "10");
    lab.drain();
    assert_eq!(lab.wire_records(), [1029, 31, 39]);
}

#[test]
fn no_renegotiation() {
    let mut lab = client(Version::Tls12, 512);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.out(), 31, "refused with a warning");
    assert_eq!(lab.write(10), "10", "and it goes on");
    let refused = |outcome: Outcome| (outcome.ret, outcome.reason);
    assert_eq!(refused(lab.subject.renegotiate()), (0, Some(Reason::ssl(339))));
    let mut lab = client(Version::Tls13, 512);
    assert_eq!(refused(lab.subject.renegotiate()), (0, Some(Reason::ssl(266))));
}

#[test]
fn sendfile_any_kernel() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        // A pair has nothing to do with a kernel, and 512 bytes are full at once: the rest of the record stays behind.
        assert_eq!(lab.subject.sendfile(1000).to_string(), "1000");
        assert_eq!((lab.out(), lab.subject.sendfile(1000).to_string().as_str()), (512, BLOCKED));
        let mut written = 0;
        while written == 0 {
            assert!(lab.drain() > 0);
            written = lab.subject.write(b"other arguments", 15).ret.max(0);
        }
        lab.drain();
        assert_eq!(lab.peer_reads().0.concat(), [&[0; 1000][..], b"other arguments"].concat());
    }
}

#[test]
fn error_belongs_to_ssl() {
    for version in VERSIONS {
        let (mut other, mut lab) = (client(version, 512), client(version, 512));
        assert_eq!(other.write(-1), "-1/SSL 271");
        assert_eq!(lab.read(1), STARVED, "whatever failed elsewhere");
        assert_eq!(other.read(1), STARVED, "or before");
    }
}

#[test]
fn transport_errors() {
    for version in VERSIONS {
        let mut lab = client(version, 512);
        lab.subject.close_out();
        for _ in 0..2 {
            assert_eq!(lab.write(100), "-1/SYSCALL");
        }
        lab.peer_writes(7);
        assert_eq!(lab.read(10), "7", "not fatal");
    }
}

/// Without the harness, which puts the provider's reason back so that runs can be compared.
#[test]
fn bad_record_reason() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (half, mut wire) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
        let mut ssl = Ssl::new(&SslContext::client(wantls_testkit::client(suite)), half);
        assert_eq!(ssl.set_tlsext_host_name(NAME), 1);
        ssl.set_connect_state();
        let mut server = accept(&wantls_testkit::server(suite));
        while ssl.do_handshake() != 1 || server.handshake().unwrap() != Step::Done(()) {
            let mut bytes = vec![0; wire.pending()];
            let _ = wire.read(&mut bytes).unwrap();
            let mut grant = server.tls_in();
            grant.space()[..bytes.len()].copy_from_slice(&bytes);
            grant.commit(bytes.len()).unwrap();
            let _ = server.handshake().unwrap();
            let _ = wire.write(&sent(&mut server)).unwrap();
        }
        let _ = server.write(b"damaged").unwrap();
        let mut record = sent(&mut server);
        *record.last_mut().unwrap() ^= 1;
        let _ = wire.write(&record).unwrap();
        assert_eq!(ssl.read(&mut [0; 10]), -1);
        assert_eq!(ssl.reason(), Some(wantls_ssl::Reason::DECRYPTION_FAILED_OR_BAD_RECORD_MAC));
    }
}

fn sent(tls: &mut Tls) -> Vec<u8> {
    let out = tls.tls_out();
    let bytes = out.bytes().to_vec();
    out.consume(bytes.len()).unwrap();
    bytes
}

#[test]
fn handshake_is_rustls() {
    for version in VERSIONS {
        let mut lab = Lab::new(&WantlsLibrary, Setup::client(version, 20000).fresh());
        assert_eq!(lab.handshake(), STARVED);
        lab.drain();
        lab.subject.close_in();
        assert_eq!(lab.handshake(), "-1/SSL 294");
        assert_eq!(lab.out(), 0, "no alert to a transport that has ended");
    }
}

#[test]
fn limits() {
    let mut lab = client(Version::Tls13, 512);
    for _ in 0..32 {
        lab.peer_updates(0);
        assert_eq!(lab.read(1), STARVED);
    }
    lab.peer_updates(0);
    assert_eq!(lab.read(1), "-1/SSL 132");

    let mut lab = client(Version::Tls13, 512);
    for _ in 0..4 {
        for _ in 0..32 {
            lab.peer_updates(0);
        }
        lab.peer_writes(5);
        assert_eq!(lab.read(5), "5", "data sets the count back");
    }
}

#[test]
fn not_offered() {
    let options = Options { read_ahead: true, ..Options::default() };
    for version in VERSIONS {
        let mut lab = client_with(version, 512, options);
        lab.peer_writes(50);
        let first = lab.subject.in_waiting();
        lab.peer_writes(60);
        let both = lab.subject.in_waiting();
        assert_eq!(lab.read(50), "50");
        assert_eq!(lab.subject.in_waiting(), both - first, "the second record stays in the transport");
    }
}
