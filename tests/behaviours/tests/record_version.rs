//! The version in a record header: loose until the version is agreed on, then 0x0303 (RFC 8446 section 5.1, RFC 5246
//! section 6.2.1).
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{AlertDescription, ServerConfig};
use wantls::crypto::AwsLcRs;
use wantls::{Error, Phase, ProtocolError, ServerContext, Step};
use wantls_testkit::raw::deliver;
use wantls_testkit::{Suite, Tls, accept, carry as carry_all, certs, client, connect, server};

/// Moves what `from` has queued to `to`, and writes `version` into each header but the first `right` ones. Returns the
/// number of records.
fn carry(from: &mut Tls, to: &mut Tls, version: u16, right: usize) -> usize {
    let out = from.tls_out();
    let mut bytes = out.bytes().to_vec();
    out.consume(bytes.len()).unwrap();
    let (mut rest, mut records) = (bytes.as_mut_slice(), 0);
    while rest.len() >= 5 {
        if records >= right {
            rest[1..3].copy_from_slice(&version.to_be_bytes());
        }
        let len = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        (rest, records) = (&mut rest[5 + len..], records + 1);
    }
    let mut grant = to.tls_in();
    grant.space()[..bytes.len()].copy_from_slice(&bytes);
    grant.commit(bytes.len()).unwrap();
    records
}

fn pair(suite: Suite) -> (Tls, Tls) {
    (connect(&client(suite)), accept(&server(suite)))
}

/// Runs a handshake in which one side's records behind its first one name `version`; a ClientHello names `first`.
/// Returns the other side, the judge, and what it said in the end.
fn judge(suite: Suite, judge_is_client: bool, first: u16, version: u16) -> (Result<Step<()>, Error>, Tls) {
    let (c, s) = pair(suite);
    let (mut judge, mut other) = if judge_is_client { (c, s) } else { (s, c) };
    let mut seen = 0;
    for _ in 0..4 {
        let answer = judge.handshake();
        if !matches!(answer, Ok(Step::Want(_))) {
            return (answer, judge);
        }
        carry(&mut judge, &mut other, 0x0303, 0);
        let _ = other.handshake().unwrap();
        seen += match seen {
            0 if judge_is_client => carry(&mut other, &mut judge, version, 1),
            0 => carry(&mut other, &mut judge, first, 0),
            _ => carry(&mut other, &mut judge, version, 0),
        };
    }
    (judge.handshake(), judge)
}

#[test]
fn the_first_flight_may_name_any_version_of_tls() {
    for suite in Suite::ALL {
        for first in [0x0301, 0x0303, 0x03ff] {
            let (answer, _) = judge(suite, false, first, 0x0303);
            assert_eq!(answer, Ok(Step::Done(())), "{suite:?} {first:#x}");
        }
    }
}

#[test]
fn what_is_not_a_version_of_tls_is_refused_at_once() {
    let (answer, _) = judge(Suite::Tls13Aes128, false, 0xffff, 0x0303);
    assert!(matches!(answer, Err(Error::Handshake(_))));
}

#[test]
fn once_the_version_is_known_no_other_is_taken() {
    for suite in Suite::ALL {
        for version in [0x0301, 0x0302, 0x0304, 0x03ff, 0xffff] {
            for judge_is_client in [true, false] {
                let (answer, mut judge) = judge(suite, judge_is_client, 0x0303, version);
                let error = Error::Protocol(ProtocolError::RecordVersion(version));
                assert_eq!(answer, Err(error.clone()), "{suite:?} {judge_is_client}");
                assert_eq!((judge.handshake(), judge.phase()), (Err(error), Phase::Failed));
            }
        }
    }
}

/// A server that does one group only. No client here offers a share of it at first, so that in TLS 1.3 the server asks for
/// another ClientHello, and has no keys yet, as in TLS 1.2.
fn server_of_one_group() -> ServerContext {
    let kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
    let provider = CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() };
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certs().chain.clone(), certs().key())
        .unwrap();
    ServerContext::new(config, AwsLcRs).unwrap()
}

#[test]
fn an_alert_in_the_clear_may_name_any_version_of_tls() {
    for suite in Suite::ALL {
        for version in [0x0301_u16, 0x0303, 0x03ff] {
            let (mut client, mut server) = (connect(&client(suite)), accept(&server_of_one_group()));
            let _ = client.handshake().unwrap();
            carry_all(&mut client, &mut server);
            let _ = server.handshake().unwrap();
            let [major, minor] = version.to_be_bytes();
            deliver(&mut server, &[21, major, minor, 0, 2, 2, AlertDescription::HandshakeFailure.into()]);
            let told = Err(Error::Peer(AlertDescription::HandshakeFailure));
            assert_eq!(server.handshake(), told, "{suite:?} {version:#x}");
        }
    }
}
