//! What a user of wantls relies on, one file a behaviour. Rule n of the architecture is in `rule_n_*.rs`; rule 11 is
//! a test program of its own, `allocation.rs`, as it replaces the allocator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects, and all the rest is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]

mod anywhere;
mod certificates;
mod closing;
mod corpus;
mod hostile_records;
mod key_update;
mod plain_out;
mod renegotiation;
mod rule_01_room_first;
mod rule_02_seal_what_fits;
mod rule_03_reserve;
mod rule_04_nonces;
mod rule_05_fatal_means_drained;
mod rule_06_eof;
mod rule_07_full_is_typed;
mod rule_08_bounded_work;
mod rule_09_errors;
mod rule_10_no_hidden_inputs;
mod rule_12_exact_questions;
mod rule_13_full_pipes;
mod rule_14_cancel_safe;
mod schedules;
mod tickets;
mod whole_mode;

use std::sync::Arc;

use rcgen::KeyPair;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use wantls::{Error, Received, Step};
use wantls_testkit::raw::{offer, take};
use wantls_testkit::{Suite, Tls};

/// One suite of each version.
const BOTH: [Suite; 2] = [Suite::Tls13Aes128, Suite::Tls12Aes128];

/// Has a client trust `ca` alone.
fn trust_only(config: &mut ClientConfig, ca: &CertificateDer<'static>) {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let provider = config.crypto_provider().clone();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    config.dangerous().set_certificate_verifier(verifier);
}

/// Has a server show `leaf`, whose key is `key`.
fn certify(config: &mut ServerConfig, leaf: &CertificateDer<'static>, key: &KeyPair) {
    let der = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let certified = CertifiedKey::from_der(vec![leaf.clone()], der, config.crypto_provider()).unwrap();
    config.cert_resolver = Arc::new(SingleCertAndKey::from(certified));
}

/// The two ends as sender and receiver: from the client for side 0.
fn turn<'a, T>(client: &'a mut T, server: &'a mut T, side: usize) -> (&'a mut T, &'a mut T) {
    if side == 0 { (client, server) } else { (server, client) }
}

/// Bytes that are easy to tell apart.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) >> 3) as u8).collect()
}

/// Reads all that is there, and how it ended: `Ok(true)` with the peer's close, `Ok(false)` with a want.
fn read_all(tls: &mut Tls, into: &mut Vec<u8>) -> Result<bool, Error> {
    let mut buffer = vec![0; 20_000];
    loop {
        match tls.read(&mut buffer)? {
            Step::Done(Received::Data(n)) => into.extend_from_slice(&buffer[..n.get()]),
            Step::Done(Received::Closed) => return Ok(true),
            Step::Want(_) => return Ok(false),
        }
    }
}

/// Moves at most `n` bytes; returns how many.
fn trickle(from: &mut Tls, to: &mut Tls, n: usize) -> usize {
    let out = from.tls_out();
    let n = n.min(out.bytes().len());
    let taken = offer(to, &out.bytes()[..n]);
    out.consume(taken).unwrap();
    taken
}

/// Runs a handshake whose records go through `on_the_way`: from the client (`true`) or not, and the bytes.
fn handshake_through(
    client: &mut Tls,
    server: &mut Tls,
    mut on_the_way: impl FnMut(bool, Vec<u8>) -> Vec<u8>,
) -> [Result<Step<()>, Error>; 2] {
    for _ in 0..50 {
        let answers = [client.handshake(), server.handshake()];
        let from_client = on_the_way(true, take(client));
        let from_server = on_the_way(false, take(server));
        let moved = from_client.len() + from_server.len();
        offer_all(server, &from_client);
        offer_all(client, &from_server);
        if moved == 0 {
            return answers;
        }
    }
    panic!("the handshake does not end")
}

/// Gives `bytes` as far as they are taken, running the handshake where there is no space.
fn offer_all(tls: &mut Tls, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let n = offer(tls, bytes);
        bytes = &bytes[n..];
        if n == 0 && (tls.handshake().is_err() || !tls.interest().read) {
            return;
        }
    }
}
