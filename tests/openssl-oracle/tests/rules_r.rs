//! The R rules: reading.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::arena::peer_bytes;
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::{Reason, code};

const STARVED: &str = "-1/WANT_READ";

fn ample(library: &dyn Library, version: Version) -> Lab {
    Lab::client(library, version, 2000)
}

fn r01_at_most_one_record(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(40000);
        let mut at = 0;
        for n in [16384, 16384, 7232] {
            let outcome = lab.subject.read(300_000);
            assert_eq!(outcome.ret, n);
            assert_eq!(outcome.data, peer_bytes(at, outcome.data.len()));
            at += outcome.data.len();
        }
        assert_eq!(lab.read(1), STARVED);
        lab.peer_writes(10);
        lab.peer_writes(10);
        assert_eq!(lab.read(4), "4");
        assert_eq!(lab.read(100), "6", "the rest of the record, not of the next");
    }
}

fn r02_negative_length(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(10);
        let waiting = lab.subject.in_waiting();
        for n in [-1, i32::MIN] {
            assert_eq!(lab.read(n), "-1/SSL 271");
            assert_eq!(lab.peek(n), "-1/SSL 271");
        }
        assert_eq!(lab.subject.in_waiting(), waiting);
        assert_eq!(lab.read(10), "10");
    }
}

fn r03_zero_length(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        assert_eq!(lab.read(0), STARVED);
        assert_eq!(lab.read_ex(0), "0/WANT_READ");
        lab.peer_writes(10);
        assert_eq!(lab.read(0), "0/SYSCALL");
        assert_eq!(lab.subject.pending(), 10, "the record was fetched");
        assert_eq!(lab.peek(0), "0/SYSCALL");
        assert_eq!(lab.read_ex(0), "0/SYSCALL");
        assert_eq!(lab.read(10), "10");
        lab.peer_closes();
        assert_eq!(lab.read(0), "0/ZERO_RETURN");
        assert_eq!(lab.read_ex(0), "0/ZERO_RETURN");
    }
}

fn r04_incomplete_record(library: &dyn Library) {
    for version in VERSIONS {
        let body = version.wire(95) - 5;
        // Bytes of the record that are there, and what is asked for next.
        for (there, request) in [(0, 5), (3, 2), (5, body), (55, body - 50)] {
            let mut lab = ample(library, version);
            lab.peer.write_ex(peer_bytes(0, 95));
            lab.deliver_cut(there);
            assert_eq!(lab.read(200), STARVED);
            assert_eq!(lab.subject.want(), code::READING);
            assert_eq!(lab.subject.in_waiting(), 0, "what is there is taken");
            assert_eq!(lab.subject.read_request(), request, "{version:?}, {there} bytes");
            assert_eq!(lab.read_ex(200), "0/WANT_READ");
        }
    }
}

fn r05_arguments_may_change(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        assert_eq!(lab.read(100), STARVED);
        lab.peer_writes(50);
        assert_eq!(lab.peek(5), "5");
        assert_eq!(lab.read_ex(7), "1 n=7");
        assert_eq!(lab.read(100), "43");
    }
}

fn r06_peek(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(50);
        lab.peer_writes(60);
        let first = lab.subject.peek(100);
        assert_eq!(first.data, peer_bytes(0, 50));
        assert_eq!(lab.subject.peek(100), first, "the same record again");
        assert_eq!(lab.subject.read(100), first);
        assert_eq!(lab.peek(100), "60");
        lab.read(100);
        lab.peer_closes();
        assert_eq!(lab.peek(1), "0/ZERO_RETURN");
        assert_eq!(lab.subject.get_shutdown(), code::RCVD);
    }
}

fn r07_pending(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(50);
        lab.peer_writes(60);
        assert_eq!((lab.subject.pending(), lab.subject.has_pending()), (0, 0));
        lab.read(20);
        assert_eq!((lab.subject.pending(), lab.subject.has_pending()), (30, 1));
        lab.read(30);
        assert_eq!((lab.subject.pending(), lab.subject.has_pending()), (0, 0), "the pair holds more");
    }
}

fn r07_has_pending_after_a_lone_header(library: &dyn Library) {
    for version in VERSIONS {
        for (there, has) in [(1, 1), (4, 1), (5, 0), (6, 1), (40, 1)] {
            let mut lab = ample(library, version);
            lab.peer.write_ex(peer_bytes(0, 50));
            lab.deliver_cut(there);
            assert_eq!(lab.read(1), STARVED);
            assert_eq!((lab.subject.pending(), lab.subject.has_pending()), (0, has), "{there} bytes");
        }
    }
}

fn r07_read_ahead(library: &dyn Library) {
    for version in VERSIONS {
        let options = Options { read_ahead: true, ..Options::default() };
        let mut lab = Lab::new(library, Setup::client(version, 2000).with(options));
        lab.peer_writes(50);
        lab.peer_writes(60);
        assert_eq!(lab.read(50), "50");
        assert_eq!(lab.subject.in_waiting(), 0, "all was taken");
        assert_eq!((lab.subject.pending(), lab.subject.has_pending()), (0, 1));
    }
}

fn r08_close_notify(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(50);
        lab.peer_closes();
        lab.subject.fill(b"anything");
        assert_eq!(lab.read(100), "50", "data in front of it first");
        for n in [1, 100, 0] {
            assert_eq!(lab.read(n), "0/ZERO_RETURN");
            assert_eq!(lab.peek(n), "0/ZERO_RETURN");
        }
        assert_eq!(lab.subject.get_shutdown(), code::RCVD);
        assert_eq!(lab.subject.want(), code::NOTHING);
        assert_eq!(lab.subject.in_waiting(), 8, "what is behind it stays");
    }
}

fn r08_flag_set_by_hand(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_writes(50);
        lab.subject.set_shutdown(code::RCVD);
        assert_eq!(lab.read(100), "0/ZERO_RETURN");
        lab.subject.set_shutdown(0);
        assert_eq!(lab.read(100), "50");
    }
}

fn r09_eof(library: &dyn Library) {
    for version in VERSIONS {
        for there in [0, 3, 5, 20] {
            let mut lab = ample(library, version);
            lab.peer_writes(7);
            lab.peer.write_ex(peer_bytes(0, 50));
            lab.deliver_cut(there);
            lab.subject.close_in();
            assert_eq!(lab.read(100), "7", "complete records first");
            assert_eq!(lab.read(100), "0/SSL 294");
            assert_eq!(lab.subject.want(), code::NOTHING);
            assert_eq!(lab.out(), lab.w(2), "a fatal alert");
            for _ in 0..2 {
                assert_eq!(lab.read(100), "-1/SYSCALL");
                assert_eq!(lab.write(5), "-1/SYSCALL");
                assert_eq!(lab.shutdown(), "-1/SSL 407");
            }
            lab.drain();
            let (_, last) = lab.peer_reads();
            assert_eq!(last.reason, Some(Reason::ssl(1050)), "decode_error");
        }
    }
}

fn r09_eof_ignored(library: &dyn Library) {
    for version in VERSIONS {
        for there in [0, 20] {
            let options = Options { ignore_eof: true, ..Options::default() };
            let mut lab = Lab::new(library, Setup::client(version, 2000).with(options));
            lab.peer.write_ex(peer_bytes(0, 50));
            lab.deliver_cut(there);
            lab.subject.close_in();
            assert_eq!(lab.read(100), "0/ZERO_RETURN");
            assert_eq!((lab.subject.get_shutdown(), lab.out()), (code::RCVD, 0));
            assert_eq!(lab.write(5), "5");
            assert_eq!(lab.shutdown(), "1");
        }
    }
}

fn r09_eof_in_a_handshake(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::client(version, 20000).fresh());
        assert_eq!(lab.handshake(), STARVED);
        lab.drain();
        lab.subject.close_in();
        assert_eq!(lab.handshake(), "-1/SSL 294");
        assert_eq!(lab.subject.want(), code::READING);
        assert_eq!(lab.out(), 7, "an unprotected alert");
        let again = lab.subject.do_handshake();
        assert_eq!((again.ret, again.reason), (-1, None), "dead");
    }
}

fn r10_fatal_alert(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer_dies();
        assert_eq!(lab.read(1), "0/SSL 1020");
        assert_eq!(lab.subject.get_shutdown(), code::RCVD);
        assert!(lab.subject.in_init(), "dead");
        assert_eq!(lab.out(), 0, "nothing is written");
        assert_eq!(lab.shutdown(), "-1/SSL 407");
    }
}

fn r11_damaged_record(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.peer.write_ex(peer_bytes(0, 50));
        let mut record = lab.peer.drain(usize::MAX);
        *record.last_mut().unwrap() ^= 1;
        lab.subject.fill(&record);
        let answer = lab.read(100);
        match version {
            Version::Tls13 => assert_eq!(answer, "-1/SSL 281"),
            Version::Tls12 => assert_eq!(answer, "-1/SSL 57:102", "the provider's entry comes first"),
        }
        assert_eq!(lab.out(), lab.w(2));
        assert_eq!(lab.read(100), "-1/SYSCALL");
        lab.drain();
        assert_eq!(lab.peer_reads().1.reason, Some(Reason::ssl(1020)), "bad_record_mac");
    }
}

fn r11_the_alert_waits_behind_a_pending_record(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(1000), "-1/WANT_WRITE");
        lab.subject.fill(&[23, 3, 3, 0, 40]);
        lab.subject.fill(&[0; 40]);
        assert_eq!(lab.subject.read(1).error, code::SSL);
        lab.drain();
        assert_eq!(lab.write(1000), "-1/SYSCALL");
        assert_eq!(lab.out(), 0, "for ever");
    }
}

fn r13_after_own_close_notify(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = ample(library, version);
        lab.shutdown();
        lab.peer_writes(50);
        lab.peer_closes();
        assert_eq!(lab.read(100), "50");
        assert_eq!(lab.read(100), "0/ZERO_RETURN");
        assert_eq!(lab.shutdown(), "1");
    }
}

fn r13_hello_request_after_own_close_notify(library: &dyn Library) {
    for (auto, answers) in [(true, &["50"][..]), (false, &[STARVED, "50"][..])] {
        let mut lab = ample(library, Version::Tls12);
        if !auto {
            lab.subject.clear_mode(code::AUTO_RETRY);
        }
        lab.shutdown();
        lab.peer_asks();
        lab.peer_writes(50);
        let out = lab.out();
        for answer in answers {
            assert_eq!(lab.read(100), *answer);
        }
        assert_eq!(lab.out(), out, "dropped without an answer");
    }
}

fn r16_auto_retry(library: &dyn Library) {
    for auto in [true, false] {
        let mut lab = ample(library, Version::Tls13);
        if !auto {
            lab.subject.clear_mode(code::AUTO_RETRY);
        }
        lab.peer_tickets();
        lab.peer_updates(0);
        lab.peer_writes(50);
        if !auto {
            for _ in 0..2 {
                assert_eq!(lab.peek(100), STARVED);
                assert_eq!(lab.subject.want(), code::READING);
                assert_eq!(lab.subject.read_request(), 0, "no attempt to read more");
            }
        }
        assert_eq!(lab.read(100), "50");
    }
}

fn r17_reads_drive_pending_output(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 100);
    lab.write(78);
    lab.subject.key_update(0);
    lab.peer_writes(50);
    assert_eq!(lab.read(100), "-1/WANT_WRITE", "although data is waiting");
    lab.drain();
    assert_eq!(lab.read(100), "50");
    assert_eq!(lab.out(), 27);
}

wantls_openssl_oracle::on_every_library! {
    established:
    r01_at_most_one_record,
    r02_negative_length,
    r03_zero_length,
    r04_incomplete_record,
    r05_arguments_may_change,
    r06_peek,
    r07_pending,
    r07_has_pending_after_a_lone_header,
    r08_close_notify,
    r08_flag_set_by_hand,
    r09_eof,
    r09_eof_ignored,
    r10_fatal_alert,
    r11_damaged_record,
    r11_the_alert_waits_behind_a_pending_record,
    r13_after_own_close_notify,
    r13_hello_request_after_own_close_notify,
    r16_auto_retry,
    r17_reads_drive_pending_output,
}

wantls_openssl_oracle::on_every_library! { r07_read_ahead, r09_eof_in_a_handshake }
