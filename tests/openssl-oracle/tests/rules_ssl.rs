//! Rules whose tests on OpenSSL need its raw calls, here on `Ssl`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs::File;

use wantls::ServerContext;
use wantls::crypto::AwsLcRs;
use wantls::rustls::ServerConfig;
use wantls::rustls::crypto::aws_lc_rs;
use wantls_bio_pair::{Bio, Capacity};
use wantls_openssl_oracle::ossl;
use wantls_openssl_oracle::setup::{Role, Version};
use wantls_openssl_oracle::subject::{Subject as _, code};
use wantls_ssl::{ErrorCode, KeyUpdateType, Mode, Reason, ShutdownState, Ssl, SslContext, Wanting};
use wantls_testkit::{NAME, Suite};

/// A connection for either role, and the other half of its pair.
fn fresh(suite: Suite) -> (Ssl<Bio>, Bio) {
    let (half, wire) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
    let context = SslContext::both(wantls_testkit::client(suite), wantls_testkit::server(suite));
    let mut ssl = Ssl::new(&context, half);
    assert_eq!(ssl.set_tlsext_host_name(NAME), 1);
    (ssl, wire)
}

const SUITES: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

#[test]
fn h01_no_role_on_wantls() {
    for suite in SUITES {
        let (mut ssl, wire) = fresh(suite);
        let mut count = 7;
        let file = File::open("/dev/zero").unwrap();
        for _ in 0..2 {
            let calls: [fn(&mut Ssl<Bio>) -> i32; 6] = [
                |ssl| ssl.write(b"x"),
                |ssl| ssl.write(b""),
                |ssl| ssl.read(&mut [0]),
                |ssl| ssl.read(&mut []),
                |ssl| ssl.peek(&mut [0]),
                |ssl| ssl.shutdown(),
            ];
            for call in calls {
                assert_eq!((call(&mut ssl), ssl.reason()), (-1, Some(Reason::UNINITIALIZED)));
                assert_eq!(ssl.get_error(-1), ErrorCode::Ssl);
            }
            assert_eq!((ssl.write_ex2(b"x", 1, &mut count), count), (0, 7), "before the flags");
            assert_eq!(ssl.reason(), Some(Reason::UNINITIALIZED));
            assert_eq!((ssl.read_ex(&mut [0], &mut count), count), (0, 7));
            assert_eq!((ssl.sendfile(&file, 0, 1, 0), ssl.reason()), (-1, Some(Reason::UNINITIALIZED)));
            assert_eq!((ssl.do_handshake(), ssl.reason()), (-1, Some(Reason::CONNECTION_TYPE_NOT_SET)));
            assert_eq!(
                (ssl.key_update(KeyUpdateType::Requested), ssl.reason()),
                (0, Some(Reason::WRONG_SSL_VERSION))
            );
            assert_eq!((ssl.write_num(b"", -1), ssl.reason()), (-1, Some(Reason::BAD_LENGTH)));
        }
        assert!(ssl.is_server(), "as OpenSSL says of a fresh object");
        assert_eq!(wire.pending(), 0);
    }
}

#[test]
fn h02_connect_does_not_override_accept_on_wantls() {
    for suite in SUITES {
        let (mut ssl, wire) = fresh(suite);
        ssl.set_accept_state();
        assert_eq!((ssl.connect(), ssl.get_error(-1)), (-1, ErrorCode::WantRead));
        assert_eq!((ssl.is_server(), wire.pending()), (true, 0), "it waits as a server");
        ssl.set_connect_state();
        assert_eq!((ssl.write(b"x"), ssl.get_error(-1)), (-1, ErrorCode::WantRead));
        assert!(wire.pending() > 0, "a new handshake");
    }
}

#[test]
fn h02_a_role_without_its_context() {
    let (half, _wire) = Bio::pair(Capacity::DEFAULT, Capacity::DEFAULT);
    let mut ssl = Ssl::new(&SslContext::client(wantls_testkit::client(SUITES[0])), half);
    ssl.set_accept_state();
    assert_eq!((ssl.do_handshake(), ssl.get_error(0)), (0, ErrorCode::Ssl));
    assert_eq!(ssl.reason(), Some(Reason::SHOULD_NOT_HAVE_BEEN_CALLED));
}

/// A server whose chain is so many certificates longer, driven by writes of `len` bytes over a pair of 1000: the peer,
/// OpenSSL, reads all of them.
fn long_chain(certificates: usize, len: usize) {
    let certs = wantls_testkit::certs();
    let chain = certs.chain.iter().chain(std::iter::repeat_n(&certs.ca, certificates)).cloned().collect();
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, certs.key())
        .unwrap();
    config.send_tls13_tickets = 0;
    let server = ServerContext::new(config, AwsLcRs).unwrap();
    let (half, mut wire) = Bio::pair(Capacity::new(1000).unwrap(), Capacity::DEFAULT);
    let mut ssl = Ssl::new(&SslContext::server(server), half);
    ssl.set_accept_state();
    let mut client = ossl::peer(Version::Tls13, Role::Client);
    let data = vec![7; len];
    let mut read = Vec::new();
    for _ in 0..200 {
        let moved = client.read(16384);
        read.extend_from_slice(&moved.data);
        if read.len() == len {
            assert!(read == data);
            return;
        }
        let _ = wire.write(&client.drain(usize::MAX)).unwrap();
        let ret = ssl.write(&data);
        assert!(ret > 0 || matches!(ssl.get_error(ret), ErrorCode::WantRead | ErrorCode::WantWrite));
        let mut bytes = vec![0; wire.pending()];
        let _ = wire.read(&mut bytes).unwrap();
        client.fill(&bytes);
    }
    panic!("it does not end");
}

#[test]
fn d03_a_short_write_drives_a_long_message_on_wantls() {
    long_chain(15, 10);
}

#[test]
fn d04_a_long_write_drives_a_message_of_several_records_on_wantls() {
    long_chain(60, 40000);
}

#[test]
fn e02_numbers_on_wantls() {
    for (ours, theirs) in [
        (ErrorCode::None, 0),
        (ErrorCode::Ssl, code::SSL),
        (ErrorCode::WantRead, code::WANT_READ),
        (ErrorCode::WantWrite, code::WANT_WRITE),
        (ErrorCode::Syscall, code::SYSCALL),
        (ErrorCode::ZeroReturn, code::ZERO_RETURN),
    ] {
        assert_eq!(i32::from(ours), theirs);
        assert_eq!(ErrorCode::try_from(theirs), Ok(ours));
    }
    for (ours, theirs) in [
        (Wanting::Nothing, code::NOTHING),
        (Wanting::Writing, code::WRITING),
        (Wanting::Reading, code::READING),
    ] {
        assert_eq!(i32::from(ours), theirs);
    }
    for (ours, theirs) in [
        (Mode::ENABLE_PARTIAL_WRITE, code::PARTIAL),
        (Mode::ACCEPT_MOVING_WRITE_BUFFER, code::MOVING),
        (Mode::AUTO_RETRY, code::AUTO_RETRY),
    ] {
        assert_eq!(u32::from(ours), theirs);
    }
    for (ours, theirs) in [(ShutdownState::SENT, code::SENT), (ShutdownState::RECEIVED, code::RCVD)] {
        assert_eq!(i32::from(ours), theirs);
    }
}
