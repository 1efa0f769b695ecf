//! The H rules about handshakes and KeyUpdate; those about renegotiation are in `rules_h_renegotiation.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::{OpenSsl, Ossl};
use wantls_openssl_oracle::setup::{Library, Options, Role, Setup, Version};
use wantls_openssl_oracle::subject::{Outcome, Reason, Subject, code};

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";

/// Moves what there is in both directions and lets the peer take a step.
fn exchange(lab: &mut Lab) {
    lab.drain();
    lab.peer.do_handshake();
    lab.deliver();
}

fn h03_any_call_drives_the_handshake(library: &dyn Library) {
    let calls: [fn(&mut Lab) -> String; 7] = [
        |lab| lab.write(100),
        |lab| lab.write_ex(100),
        |lab| lab.write(0),
        |lab| lab.read(100),
        |lab| lab.read_ex(100),
        |lab| lab.peek(0),
        Lab::handshake,
    ];
    for version in VERSIONS {
        for role in [Role::Client, Role::Server] {
            for call in calls {
                let setup = Setup { role, ..Setup::client(version, 20000).fresh() };
                let mut lab = Lab::new(library, setup);
                for _ in 0..4 {
                    if lab.subject.is_init_finished() {
                        break;
                    }
                    call(&mut lab);
                    exchange(&mut lab);
                }
                assert!(lab.subject.is_init_finished(), "{version:?} {role:?}");
            }
        }
    }
}

fn h03_the_call_that_finishes_goes_on_with_its_work(library: &dyn Library) {
    let mut lab = Lab::new(library, Setup::client(Version::Tls13, 20000).fresh());
    assert_eq!(lab.write(100), STARVED);
    exchange(&mut lab);
    assert_eq!(lab.write(100), "100");
    assert_eq!(lab.out(), 6 + 58 + 122, "change_cipher_spec, Finished, data");
}

fn h04_a_want_to_read_with_output(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::client(version, 20000).fresh());
        assert_eq!(lab.handshake(), STARVED);
        assert!(lab.out() > 0, "the ClientHello waits to be moved");
    }
}

fn h05_small_pairs(library: &dyn Library) {
    for version in VERSIONS {
        for capacity in [3, 100] {
            let setup = Setup { out_capacity: capacity, ..Setup::client(version, capacity).fresh() };
            let mut lab = Lab::new(library, setup);
            assert_eq!(lab.handshake(), BLOCKED);
            assert_eq!(lab.out(), capacity, "filled to the last byte");
            lab.connect();
            assert!(lab.subject.is_init_finished());
        }
    }
}

fn h06_finished_is_finished(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.peer_writes(10);
        let waiting = lab.subject.in_waiting();
        for _ in 0..2 {
            assert_eq!(lab.handshake(), "1");
            assert_eq!((lab.out(), lab.subject.in_waiting()), (0, waiting), "no I/O");
        }
    }
}

fn h07_a_servers_tickets_belong_to_its_handshake(library: &dyn Library) {
    let options = Options { tickets: 2, ..Options::default() };
    let setup = Setup::server(Version::Tls13, 300).fresh().with(options);
    let mut lab = Lab::new(library, setup);
    let mut answer = String::new();
    while !lab.peer.is_init_finished() {
        lab.peer.do_handshake();
        lab.deliver();
        if lab.peer.is_init_finished() {
            break;
        }
        answer = lab.handshake();
        lab.drain();
    }
    assert!(answer == STARVED || answer == BLOCKED);
    let mut blocked = 0;
    while lab.handshake() == BLOCKED {
        blocked += 1;
        assert!(lab.subject.in_init(), "although the client is connected");
        assert_eq!(lab.out(), 300);
        lab.drain();
    }
    assert!(blocked >= 1, "two tickets do not fit");
    assert!(!lab.subject.in_init());
}

fn h08_no_server_data_before_the_clients_finished(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::server(version, 20000).fresh());
        lab.peer.do_handshake();
        lab.deliver();
        assert_eq!(lab.write(10), STARVED);
        let flight = lab.out();
        assert!(flight > 0);
        assert_eq!(lab.write(10), STARVED);
        assert_eq!(lab.out(), flight, "no data");
    }
}

fn h09_failure(library: &dyn Library) {
    for version in VERSIONS {
        let options = Options { verify: true, ..Options::default() };
        let mut lab = Lab::new(library, Setup::client(version, 20000).fresh().with(options));
        assert_eq!(lab.write(10), STARVED);
        exchange(&mut lab);
        assert_eq!(lab.write(10), "-1/SSL 134");
        assert!(lab.out() > 0, "the alert");
        assert_eq!(lab.write(10), "-1/SYSCALL");
        lab.drain();
        let peer: Outcome = lab.peer.do_handshake();
        assert_eq!((peer.ret, peer.reason), (-1, Some(Reason::ssl(1048))), "unknown_ca");
        assert_eq!(lab.peer.do_handshake().error, code::ZERO_RETURN);
    }
}

fn h12_tickets_are_read_by_reads_only(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.peer_tickets();
    let waiting = lab.subject.in_waiting();
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.handshake(), "1");
    assert_eq!(lab.subject.in_waiting(), waiting);
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.subject.in_waiting(), 0);
}

fn h13_key_updates_without_request(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.write(1000);
    for _ in 0..10 {
        lab.peer_updates(0);
    }
    lab.peer_writes(5);
    assert_eq!(lab.read(10), "5");
    assert_eq!((lab.out(), lab.subject.key_update_type()), (512, -1), "nothing to answer");
}

fn h14_key_update(library: &dyn Library) {
    let refused = |outcome: Outcome| (outcome.ret, outcome.reason.unwrap().code);
    let mut lab = Lab::client(library, Version::Tls12, 512);
    assert_eq!(refused(lab.subject.key_update(0)), (0, 266));
    let mut lab = Lab::client(library, Version::Tls13, 512);
    for kind in [2, -1] {
        assert_eq!(refused(lab.subject.key_update(kind)), (0, 120));
    }
    assert_eq!(lab.subject.key_update(0).ret, 1);
    assert_eq!((lab.out(), lab.subject.in_init(), lab.subject.key_update_type()), (0, true, 0));
    assert_eq!(refused(lab.subject.key_update(1)), (0, 121));
    assert_eq!(lab.subject.key_update_type(), 0, "never upgraded");
    assert_eq!(lab.handshake(), "1");
    assert_eq!((lab.out(), lab.subject.in_init(), lab.subject.key_update_type()), (27, false, -1));
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.peer_sizes(), [10], "under the new key");
}

fn h14_behind_close_notify(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.shutdown();
    assert_eq!(lab.subject.key_update(0).ret, 1);
    assert_eq!(lab.handshake(), "1");
    assert_eq!(lab.out(), 24 + 27);
}

fn h15_a_request_is_answered_by_the_next_write(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), STARVED);
    assert_eq!((lab.subject.key_update_type(), lab.subject.in_init()), (0, false));
    assert_eq!(lab.handshake(), "1");
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.out(), 0);
    assert_eq!(lab.write_ex(0), "1 n=0");
    assert_eq!(lab.out(), 27);
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.peer_sizes(), [10]);
}

fn h15_several_requests(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    for _ in 0..3 {
        lab.peer_updates(1);
    }
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.out(), 2 * 27, "all but the last are answered by the read");
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.out(), 3 * 27 + 32);
}

fn h15_several_requests_without_auto_retry(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.subject.clear_mode(code::AUTO_RETRY);
    lab.peer_updates(1);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), STARVED);
    assert_eq!(lab.read(1), STARVED);
    assert_eq!((lab.out(), lab.subject.has_pending()), (27, 1), "the second message waits inside");
    assert_eq!(lab.read(1), STARVED);
    assert_eq!((lab.subject.has_pending(), lab.subject.key_update_type()), (0, 0));
}

fn h16_full_pair(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 100);
    assert_eq!(lab.write(78), "78");
    lab.peer_updates(1);
    lab.peer_writes(50);
    assert_eq!(lab.read(10), "10");
    assert_eq!(lab.write(60), BLOCKED);
    assert!(lab.subject.in_init());
    assert_eq!(lab.read(10), BLOCKED, "with data waiting");
    assert_eq!(lab.peek(10), BLOCKED);
    assert_eq!(lab.shutdown(), "-1/SSL 407");
    assert_eq!(lab.subject.key_update(0).reason, Some(Reason::ssl(121)));
    lab.drain();
    assert_eq!(lab.read(10), "10");
    assert_eq!(lab.out(), 27);
}

wantls_openssl_oracle::on_every_library! {
    established:
    h06_finished_is_finished,
    h12_tickets_are_read_by_reads_only,
    h13_key_updates_without_request,
    h14_key_update,
    h14_behind_close_notify,
    h15_a_request_is_answered_by_the_next_write,
    h15_several_requests,
    h15_several_requests_without_auto_retry,
    h16_full_pair,
}

wantls_openssl_oracle::on_every_library! {
    h03_any_call_drives_the_handshake,
    h03_the_call_that_finishes_goes_on_with_its_work,
    h04_a_want_to_read_with_output,
    h05_small_pairs,
    h07_a_servers_tickets_belong_to_its_handshake,
    h08_no_server_data_before_the_clients_finished,
    h09_failure,
}

#[test]
fn h01_no_role() {
    for version in VERSIONS {
        let mut end = Ossl::without_role(version, 512);
        for _ in 0..2 {
            assert_eq!(end.write(b"x", 1).to_string(), "-1/SSL 276");
            assert_eq!(end.write(b"", 0).to_string(), "-1/SSL 276");
            assert_eq!(end.write_ex(b"x").to_string(), "0/SSL 276");
            assert_eq!(end.write_ex2(b"x", 1).to_string(), "0/SSL 276", "before the flags");
            assert_eq!(end.read(1).to_string(), "-1/SSL 276");
            assert_eq!(end.read(0).to_string(), "-1/SSL 276");
            assert_eq!(end.peek(1).to_string(), "-1/SSL 276");
            assert_eq!(end.shutdown().to_string(), "-1/SSL 276");
            assert_eq!(end.sendfile(1).to_string(), "-1/SSL 276");
            assert_eq!(end.do_handshake().to_string(), "-1/SSL 144");
            assert_eq!(end.key_update(0).reason, Some(Reason::ssl(266)));
            assert_eq!(end.write(b"", -1).to_string(), "-1/SSL 271", "before the role");
        }
    }
}

#[test]
fn h02_connect_does_not_override_accept() {
    use openssl_sys as sys;
    for version in VERSIONS {
        let (mut server, _) = OpenSsl.ends(&Setup::server(version, 20000).fresh());
        // SAFETY: the object is valid.
        let outcome = server.call(|ssl| unsafe { sys::SSL_connect(ssl) });
        assert_eq!(
            (outcome.to_string().as_str(), server.out_waiting()),
            (STARVED, 0),
            "it waits as a server"
        );

        let (mut client, _peer) = OpenSsl.ends(&Setup::client(version, 20000));
        // SAFETY: the object is valid.
        unsafe { sys::SSL_set_connect_state(client.raw()) };
        assert_eq!(client.write(b"x", 1).to_string(), STARVED, "a new handshake");
        assert!(client.out_waiting() > 0);
    }
}

#[test]
fn h10_no_bio() {
    for version in VERSIONS {
        let (mut end, _peer) = OpenSsl.ends(&Setup::server(version, 512).fresh());
        end.without_bio();
        assert_eq!(end.read(1).to_string(), "-1/SSL 211");
        let (mut end, _peer) = OpenSsl.ends(&Setup::client(version, 512).fresh());
        end.without_bio();
        assert_eq!(end.write(b"x", 1).to_string(), "-1/SYSCALL");
    }
}
