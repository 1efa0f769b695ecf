//! Roles, questions, settings and the forms of the calls. What each answers is the oracle's matter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

mod common;

use common::{End, TLS12, TLS13, bytes, carry, connected, contexts, shake_hands};
use wantls_bio_pair::{Bio, BioError, Capacity};
use wantls_ssl::{
    ErrorCode, Failure, KeyUpdateType, Mode, Reason, ShutdownState, SslContext, WRITE_FLAG_CONCLUDE, Wanting,
};
use wantls_testkit::{NAME, Suite, client, server};

#[test]
fn every_suite_connects_over_pairs_of_any_size() {
    for suite in Suite::ALL {
        for capacity in [1, 3, 100, 5000] {
            let (mut client, mut server) = connected(suite, capacity);
            assert_eq!(client.ssl.current_cipher(), Some(suite.id()));
            assert_eq!(client.ssl.version(), Some(suite.version()));
            assert_eq!(client.ssl.get_version(), server.ssl.get_version());
            assert!(client.ssl.is_init_finished() && server.ssl.is_init_finished());
            assert!(!client.ssl.is_server() && server.ssl.is_server());
            let (data, mut got) = (bytes(300), Vec::new());
            while client.ssl.write(&data) != 300 {
                assert_eq!(client.ssl.get_error(-1), ErrorCode::WantWrite);
                assert_eq!(client.out(), capacity, "filled to the last byte");
                carry(&mut client, &mut server);
            }
            carry(&mut client, &mut server);
            got.extend(server.read());
            assert!(got == data);
        }
    }
}

#[test]
fn a_role_can_be_chosen_and_stays() {
    let both = SslContext::both(client(TLS13), server(TLS13));
    let (mut one, mut other) = (End::new(&both, 50_000), End::new(&both, 50_000));
    assert_eq!(one.ssl.set_tlsext_host_name(NAME), 1);
    one.ssl.set_connect_state();
    assert_eq!(one.ssl.accept(), -1, "a client already");
    assert_eq!(one.ssl.get_error(-1), ErrorCode::WantRead);
    assert!(one.out() > 0, "a ClientHello");
    other.ssl.set_accept_state();
    shake_hands(&mut one, &mut other);
    // Starting over throws the connection away.
    one.ssl.set_connect_state();
    assert!(one.ssl.in_init() && one.ssl.version().is_none());
    assert_eq!(one.ssl.get_shutdown(), ShutdownState::EMPTY);
    other.ssl.set_accept_state();
    shake_hands(&mut one, &mut other);
    assert_eq!(one.ssl.session_reused(), 1);
}

#[test]
fn a_role_without_its_context_is_refused() {
    let (client, server) = contexts(TLS13);
    let (mut client, mut server) = (End::new(&client, 100), End::new(&server, 100));
    assert_eq!(client.ssl.accept(), 0);
    assert_eq!(client.ssl.reason(), Some(Reason::SHOULD_NOT_HAVE_BEEN_CALLED));
    assert_eq!(server.ssl.set_tlsext_host_name(NAME), 1);
    assert_eq!(server.ssl.connect(), 0);
    assert_eq!(server.ssl.get_error(0), ErrorCode::Ssl);
}

#[test]
fn without_a_role_nothing_works_and_nothing_moves() {
    let mut end = End::new(&contexts(TLS13).0, 100);
    let (mut n, mut buffer) = (7, [0; 10]);
    let ssl = &mut end.ssl;
    assert_eq!(ssl.do_handshake(), -1);
    assert_eq!(ssl.reason(), Some(Reason::CONNECTION_TYPE_NOT_SET));
    let calls = [
        (ssl.write(b"x"), ssl.reason()),
        (ssl.write(b""), ssl.reason()),
        (ssl.read(&mut buffer), ssl.reason()),
        (ssl.peek(&mut buffer), ssl.reason()),
        (ssl.shutdown(), ssl.reason()),
    ];
    assert!(calls.iter().all(|call| *call == (-1, Some(Reason::UNINITIALIZED))), "{calls:?}");
    assert_eq!((ssl.write_ex(b"", &mut n), ssl.read_ex(&mut buffer, &mut n), n), (0, 0, 7));
    assert_eq!((ssl.key_update(0), ssl.reason()), (0, Some(Reason::WRONG_SSL_VERSION)));
    assert_eq!((ssl.pending(), ssl.has_pending(), ssl.in_init()), (0, 0, true));
    assert_eq!((ssl.want(), ssl.get_version(), end.out()), (Wanting::Nothing, "unknown", 0));
}

#[test]
fn lengths_of_c() {
    let (mut client, mut server) = connected(TLS13, 5000);
    for num in [-1, i32::MIN, 6] {
        assert_eq!(
            (client.ssl.write_num(b"hello", num), client.ssl.reason()),
            (-1, Some(Reason::BAD_LENGTH))
        );
        let ret = client.ssl.read_num(&mut [0; 5], num);
        assert_eq!((ret, client.ssl.reason()), (-1, Some(Reason::BAD_LENGTH)));
        let ret = client.ssl.peek_num(&mut [0; 5], num);
        assert_eq!((ret, client.ssl.reason()), (-1, Some(Reason::BAD_LENGTH)));
    }
    assert_eq!(client.ssl.write_num(b"hello", 4), 4);
    carry(&mut client, &mut server);
    let mut buffer = [0; 9];
    assert_eq!((server.ssl.peek_num(&mut buffer, 3), &buffer[..4]), (3, &b"hel\0"[..]));
    assert_eq!((server.ssl.read_num(&mut buffer, 9), &buffer[..5]), (4, &b"hell\0"[..]));
}

#[test]
fn flags_are_refused() {
    let (mut client, _) = connected(TLS13, 5000);
    let mut n = 7;
    assert_eq!(client.ssl.write_ex2(b"x", WRITE_FLAG_CONCLUDE, &mut n), 0);
    assert_eq!((client.ssl.reason(), n), (Some(Reason::UNSUPPORTED_WRITE_FLAG), 7));
    assert_eq!(client.ssl.write_ex2(b"x", 0, &mut n), 1);
    assert_eq!(n, 1);
}

#[test]
fn modes_come_from_the_context_and_are_masks() {
    let (mut context, _) = contexts(TLS13);
    assert_eq!(context.set_mode(Mode::ENABLE_PARTIAL_WRITE), Mode::from(5));
    let mut ssl = End::new(&context, 10).ssl;
    assert_eq!(context.clear_mode(Mode::AUTO_RETRY), Mode::ENABLE_PARTIAL_WRITE);
    assert_eq!(ssl.get_mode(), Mode::ENABLE_PARTIAL_WRITE | Mode::AUTO_RETRY);
    assert_eq!(u32::from(ssl.set_mode(Mode::RELEASE_BUFFERS | Mode::from(0x80))), 0x95);
    assert_eq!(u32::from(ssl.clear_mode(Mode::ENABLE_PARTIAL_WRITE)), 0x94);
}

#[test]
fn fragments_set_before_the_connection_count() {
    let (context, server) = contexts(TLS12);
    let (mut client, mut server) = (End::new(&context, 50_000), End::new(&server, 50_000));
    assert_eq!(client.ssl.set_tlsext_host_name(NAME), 1);
    for (bytes, accepted) in [(511, 0), (16385, 0), (-1, 0), (1000, 1), (16384, 1)] {
        assert_eq!(client.ssl.set_max_send_fragment(bytes), accepted, "{bytes}");
    }
    for (bytes, accepted) in [(0, 0), (16385, 0), (-1, 0), (900, 1)] {
        assert_eq!(client.ssl.set_split_send_fragment(bytes), accepted, "{bytes}");
    }
    client.ssl.set_connect_state();
    server.ssl.set_accept_state();
    shake_hands(&mut client, &mut server);
    assert_eq!(client.ssl.write(&bytes(2000)), 2000);
    carry(&mut client, &mut server);
    let records = [(); 3].map(|()| server.read().len());
    assert_eq!(records, [900, 900, 200]);
}

#[test]
fn quiet_shutdown_says_nothing() {
    let (mut client, _) = connected(TLS13, 5000);
    client.ssl.set_quiet_shutdown(true);
    assert!(client.ssl.get_quiet_shutdown());
    assert_eq!((client.ssl.shutdown(), client.out()), (1, 0));
    assert_eq!(client.ssl.get_shutdown(), ShutdownState::BOTH);
}

#[test]
fn check_makes_results() {
    let (mut client, mut server) = connected(TLS13, 100);
    let ret = client.ssl.write(&[0; 50]);
    assert_eq!(client.ssl.check(ret), Ok(50));
    let ret = client.ssl.write(&[0; 50]);
    assert_eq!(client.ssl.check(ret), Err(ErrorCode::WantWrite));
    let ret = client.ssl.read(&mut [0; 50]);
    assert_eq!(client.ssl.check(ret), Err(ErrorCode::WantRead));
    server.ssl.shutdown();
    carry(&mut server, &mut client);
    let ret = client.ssl.read(&mut [0; 50]);
    assert_eq!(client.ssl.check(ret), Err(ErrorCode::ZeroReturn));
}

#[test]
fn numbers_go_both_ways() {
    for (code, number) in [
        (ErrorCode::None, 0),
        (ErrorCode::Ssl, 1),
        (ErrorCode::WantRead, 2),
        (ErrorCode::WantWrite, 3),
        (ErrorCode::Syscall, 5),
        (ErrorCode::ZeroReturn, 6),
    ] {
        assert_eq!((i32::from(code), ErrorCode::try_from(number)), (number, Ok(code)));
    }
    assert!(ErrorCode::try_from(4).is_err());
    for (want, number) in [(Wanting::Nothing, 1), (Wanting::Writing, 2), (Wanting::Reading, 3)] {
        assert_eq!((i32::from(want), Wanting::try_from(number)), (number, Ok(want)));
    }
    assert_eq!(KeyUpdateType::try_from(1), Ok(KeyUpdateType::Requested));
    assert!(KeyUpdateType::try_from(2).is_err());
    assert_eq!(i32::from(ShutdownState::BOTH), 3);
    assert_eq!(Reason::BAD_WRITE_RETRY.to_string(), "BAD_WRITE_RETRY");
    assert_eq!(Reason::alert(20).to_string(), "1020");
}

const SSL: i32 = ErrorCode::Ssl as i32;
const WANT_READ: (i32, i32, Option<u32>) = (-1, ErrorCode::WantRead as i32, None);

fn write(end: &mut End, data: &[u8]) -> (i32, i32, Option<u32>) {
    let ret = end.ssl.write(data);
    end.answer(ret)
}

fn read(end: &mut End) -> (i32, i32, Option<u32>) {
    let ret = end.ssl.read(&mut [0; 100]);
    end.answer(ret)
}

#[test]
fn a_client_needs_the_servers_name_and_checks_it() {
    // A client needs the name; nothing is sent without.
    let mut client = End::new(&contexts(TLS13).0, 5000);
    let ret = client.ssl.connect();
    assert_eq!((client.answer(ret), client.out()), ((-1, SSL, Some(319)), 0));
    assert_eq!(client.ssl.set_tlsext_host_name("no host name"), 0);
    assert_eq!(client.ssl.set_tlsext_host_name("elsewhere.example"), 1);
    let ret = client.ssl.connect();
    assert_eq!(client.answer(ret), WANT_READ);
    // The certificate is for another name.
    let mut server = End::new(&contexts(TLS13).1, 50_000);
    carry(&mut client, &mut server);
    assert_eq!(server.ssl.accept(), -1);
    carry(&mut server, &mut client);
    for _ in 0..2 {
        let ret = client.ssl.do_handshake();
        assert_eq!(client.answer(ret), (-1, SSL, Some(134)));
    }
    assert!(matches!(client.ssl.failure(), Some(Failure::Tls(wantls::Error::Handshake(_)))));
    carry(&mut client, &mut server);
    let ret = server.ssl.do_handshake();
    assert_eq!((ret, server.ssl.get_error(ret)), (-1, ErrorCode::Ssl));
    assert!(u32::from(server.ssl.reason().unwrap()) > 1000, "the client's alert");
}

#[test]
fn a_transport_that_fails_can_be_replaced() {
    let (mut client, mut server) = connected(TLS13, 5000);
    client.ssl.transport_mut().shutdown_wr();
    let data = bytes(100);
    let broken = Some(&Failure::Transport(BioError::BrokenPipe));
    for _ in 0..2 {
        assert_eq!(write(&mut client, &data), (-1, ErrorCode::Syscall.into(), None));
        assert_eq!(client.ssl.failure(), broken);
    }
    assert_eq!(read(&mut client), WANT_READ, "reading is not affected");
    // Another transport takes the rest.
    let (half, net) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
    *client.ssl.transport_mut() = half;
    client.net = net;
    assert_eq!(client.ssl.write(&data), 100);
    carry(&mut client, &mut server);
    assert_eq!(server.read(), data);
}

#[test]
fn a_failure_is_this_connections_and_the_last_calls() {
    let (mut client, mut server) = connected(TLS13, 5000);
    assert_eq!(client.ssl.write_num(b"x", -1), -1);
    assert_eq!(client.ssl.reason(), Some(Reason::BAD_LENGTH));
    assert_eq!(read(&mut server), WANT_READ, "the other's error is not ours");
    assert_eq!(read(&mut client), WANT_READ, "nor the last call's");
    client.ssl.write_num(b"x", -1);
    client.ssl.clear_error();
    assert_eq!(client.ssl.get_error(-1), ErrorCode::WantRead, "as the read before it stopped");
}
