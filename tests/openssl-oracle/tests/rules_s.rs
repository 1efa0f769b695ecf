//! The S rules: `SSL_shutdown`. The rule about quiet shutdown is here, the defect S5 in `defects.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::code;

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";
/// `SSL_shutdown` returned 0, after which `SSL_get_error` has no meaning (S6).
const CLOSING: &str = "0/SYSCALL";
const BOTH: i32 = code::SENT | code::RCVD;

fn s01_refused_in_a_handshake(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::client(version, 20000).fresh());
        assert_eq!(lab.shutdown(), "-1/SSL 407", "not started");
        lab.handshake();
        assert_eq!(lab.shutdown(), "-1/SSL 407", "under way");
        assert_eq!(lab.subject.get_shutdown(), 0);
        lab.connect();
        assert_eq!(lab.shutdown(), CLOSING, "not fatal");
    }
}

fn s01_refused_while_a_key_update_is_due(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.subject.key_update(0);
    assert_eq!(lab.shutdown(), "-1/SSL 407");
    assert_eq!((lab.subject.get_shutdown(), lab.out()), (0, 0));
    assert_eq!(lab.handshake(), "1");
    assert_eq!(lab.shutdown(), CLOSING);
}

fn s01_refused_when_dead(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.close_in();
        lab.read(1);
        for _ in 0..2 {
            assert_eq!(lab.shutdown(), "-1/SSL 407");
        }
        assert_eq!(lab.subject.get_shutdown(), 0);
    }
}

fn s01_refused_while_a_ticket_is_due(library: &dyn Library) {
    let mut lab = Lab::new(library, Setup::server(Version::Tls13, 512));
    assert_eq!(lab.subject.new_session_ticket().ret, 1);
    assert_eq!(lab.shutdown(), "-1/SSL 407");
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.shutdown(), CLOSING);
}

fn s02_quiet(library: &dyn Library) {
    for version in VERSIONS {
        let options = Options { quiet: true, ..Options::default() };
        let mut lab = Lab::new(library, Setup::client(version, 512).with(options));
        assert_eq!(lab.shutdown(), "1");
        assert_eq!((lab.subject.get_shutdown(), lab.out()), (BOTH, 0));
        assert_eq!(lab.write(1), "-1/SSL 207");
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
    }
}

fn s03_normal_sequence(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.shutdown(), CLOSING);
        assert_eq!((lab.subject.get_shutdown(), lab.out()), (code::SENT, lab.w(2)));
        assert_eq!(lab.shutdown(), STARVED);
        lab.drain();
        assert_eq!(lab.peer_reads().1.error, code::ZERO_RETURN);
        lab.peer_closes();
        for _ in 0..2 {
            assert_eq!(lab.shutdown(), "1");
            assert_eq!((lab.subject.get_shutdown(), lab.out()), (BOTH, 0), "no second alert");
        }
    }
}

fn s03_the_second_to_close_is_done_at_once(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.peer_closes();
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        assert_eq!(lab.shutdown(), "1");
        assert_eq!(lab.out(), lab.w(2));
    }
}

fn s03_both_first(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.shutdown(), CLOSING);
        assert_eq!(lab.peer.shutdown().ret, 0);
        lab.drain();
        lab.deliver();
        assert_eq!(lab.shutdown(), "1");
        assert_eq!(lab.peer.shutdown().ret, 1);
    }
}

/// A pair in which exactly `room` bytes are free.
fn with_room(library: &dyn Library, version: Version, room: usize) -> Lab {
    let mut lab = Lab::client(library, version, 200);
    let filler = 200 - room - version.overhead();
    assert_eq!(lab.write(i32::try_from(filler).unwrap()), filler.to_string());
    lab
}

fn s04_full_pair(library: &dyn Library) {
    for version in VERSIONS {
        let alert = version.wire(2);
        for room in [alert, alert - 1, 10, 0] {
            let mut lab = with_room(library, version, room);
            if room < alert {
                for _ in 0..2 {
                    assert_eq!(lab.shutdown(), BLOCKED);
                    assert_eq!((lab.subject.want(), lab.out()), (code::WRITING, 200));
                    assert_eq!(lab.subject.get_shutdown(), code::SENT, "set although it is not out");
                    assert_eq!(lab.write(1), "-1/SSL 207");
                }
                lab.drain();
            }
            assert_eq!(lab.shutdown(), CLOSING, "room {room}");
            assert_eq!(lab.shutdown(), STARVED, "only the call after that reads");
            lab.drain();
            assert_eq!(lab.peer_reads().1.error, code::ZERO_RETURN);
        }
    }
}

fn s04_full_pair_after_the_peers_close(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = with_room(library, version, 0);
        lab.peer_closes();
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        assert_eq!(lab.shutdown(), BLOCKED);
        lab.drain();
        assert_eq!(lab.shutdown(), "1");
    }
}

fn s04_reading_does_not_flush_the_alert(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = with_room(library, version, 10);
        assert_eq!(lab.shutdown(), BLOCKED);
        lab.peer_writes(50);
        lab.drain();
        assert_eq!(lab.read(100), "50");
        assert_eq!(lab.out(), 0);
        assert_eq!(lab.shutdown(), CLOSING);
    }
}

fn s06_the_error_after_zero_means_nothing(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.subject.shutdown().ret, 0);
        assert_eq!(lab.subject.get_error(0), code::SYSCALL);
    }
}

fn s07_data_instead_of_close_notify(library: &dyn Library) {
    for version in VERSIONS {
        for fetched in [false, true] {
            let mut lab = Lab::client(library, version, 512);
            lab.peer_writes(50);
            if fetched {
                assert_eq!(lab.read(10), "10");
            }
            assert_eq!(lab.shutdown(), CLOSING);
            let out = lab.out();
            assert_eq!(lab.shutdown(), "-1/SSL 291");
            assert_eq!(lab.out(), out, "no alert");
            assert_eq!(lab.read(100), "-1/SYSCALL", "the record is lost");
        }
    }
}

fn s08_messages_while_waiting(library: &dyn Library) {
    for (auto, starved) in [(true, 0), (false, 3)] {
        let mut lab = Lab::client(library, Version::Tls13, 512);
        if !auto {
            lab.subject.clear_mode(code::AUTO_RETRY);
        }
        assert_eq!(lab.shutdown(), CLOSING);
        lab.peer_tickets();
        lab.peer_updates(0);
        lab.peer_tickets();
        lab.peer_closes();
        for _ in 0..starved {
            assert_eq!(lab.shutdown(), STARVED);
        }
        assert_eq!(lab.shutdown(), "1");
    }
}

fn s09_never_a_second_alert(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.shutdown();
        lab.drain();
        for _ in 0..3 {
            assert_eq!(lab.shutdown(), STARVED);
            assert_eq!(lab.out(), 0);
        }
        lab.subject.set_shutdown(0);
        assert_eq!(lab.shutdown(), CLOSING, "unless the flag is cleared by hand");
        assert_eq!(lab.out(), lab.w(2));
    }
}

fn s10_eof_while_waiting(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.shutdown();
        lab.drain();
        lab.subject.close_in();
        assert_eq!(lab.shutdown(), "-1/SSL 294");
        assert_eq!(lab.out(), 0, "no alert behind close_notify");
        assert_eq!(lab.shutdown(), "-1/SSL 407");
    }
}

fn s10_broken_write_side(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.close_out();
        for _ in 0..2 {
            assert_eq!(lab.shutdown(), "-1/SSL 32:124");
        }
        assert!(!lab.subject.in_init(), "not dead");
    }
}

fn s11_it_does_not_send_an_owed_key_update(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.shutdown(), CLOSING);
    assert_eq!((lab.out(), lab.subject.key_update_type()), (24, 0), "it is still owed");
}

fn s11_it_replaces_a_queued_alert(library: &dyn Library) {
    let options = Options { no_renegotiation: true, ..Options::default() };
    let mut lab = Lab::new(library, Setup::client(Version::Tls12, 512).with(options));
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    while lab.write(1000) == BLOCKED {
        lab.drain();
    }
    lab.drain();
    assert_eq!(lab.shutdown(), CLOSING);
    assert_eq!(lab.out(), 31, "one alert");
    lab.drain();
    assert_eq!(lab.peer_reads().1.error, code::ZERO_RETURN, "which is close_notify");
}

fn s12_half_close(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.shutdown();
        lab.drain();
        lab.peer_writes(50);
        assert_eq!(lab.read(100), "50");

        let mut lab = Lab::client(library, version, 512);
        lab.peer_closes();
        lab.read(1);
        assert_eq!(lab.write(100), "100");
        assert_eq!(lab.peer_sizes(), [100]);
    }
}

wantls_openssl_oracle::on_every_library! {
    established:
    s01_refused_while_a_key_update_is_due,
    s01_refused_when_dead,
    s01_refused_while_a_ticket_is_due,
    s02_quiet,
    s03_normal_sequence,
    s03_the_second_to_close_is_done_at_once,
    s03_both_first,
    s04_full_pair,
    s04_full_pair_after_the_peers_close,
    s04_reading_does_not_flush_the_alert,
    s06_the_error_after_zero_means_nothing,
    s07_data_instead_of_close_notify,
    s08_messages_while_waiting,
    s09_never_a_second_alert,
    s10_eof_while_waiting,
    s11_it_does_not_send_an_owed_key_update,
    s11_it_replaces_a_queued_alert,
    s12_half_close,
}

wantls_openssl_oracle::on_every_library! { s01_refused_in_a_handshake, s10_broken_write_side }
