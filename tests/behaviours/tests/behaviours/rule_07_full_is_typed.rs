//! Rule 7: full is a want or a typed error, never a spin. What `tls_in` can't hold is named with its size.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use wantls::buffers::MIN_TLS_IN;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, BuildError, ClientContext, Error, Role, ServerContext, Step, Want};
use wantls_testkit::raw::{content, offer, split_records};
use wantls_testkit::{NAME, RawPeer, Suite, Tls, accept, client, client_config, connect, server_config};

use crate::{BOTH, certify, handshake_through, pattern, read_all, trust_only};

/// Configs with a server chain of at least `len` bytes.
fn long_chain(suite: Suite, len: usize) -> (ClientConfig, ServerConfig) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![NAME.to_string()]).unwrap();
    let filler = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 5555, 1], vec![4; len]);
    params.custom_extensions.push(filler);
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let (mut client, mut server) = (client_config(suite), server_config(suite));
    trust_only(&mut client, ca.der());
    certify(&mut server, leaf.der(), &key);
    (client, server)
}

fn with_tls_in(config: ClientConfig, tls_in: usize) -> Tls {
    let context = ClientContext::new(config, AwsLcRs).unwrap();
    context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(tls_in, 40_000)).unwrap()
}

#[test]
fn a_chain_of_38_kb_needs_a_tls_in_that_holds_it() {
    for suite in BOTH {
        let (client, server) = long_chain(suite, 38_000);
        let server = ServerContext::new(server, AwsLcRs).unwrap();
        let mut small = with_tls_in(client.clone(), 20_000);
        let [answer, _] = handshake_through(&mut small, &mut accept(&server), |_, bytes| bytes);
        let Err(Error::HandshakeTooLarge { needed, capacity: 20_000 }) = answer else {
            panic!("{suite:?}: {answer:?}")
        };
        assert!((20_001..45_000).contains(&needed), "{needed}");

        let mut large = with_tls_in(client, 42_000);
        let answers = handshake_through(&mut large, &mut accept(&server), |_, bytes| bytes);
        assert_eq!(answers, [Ok(Step::Done(())), Ok(Step::Done(()))], "{suite:?}");
        assert!(large.session().unwrap().peer_certificates[0].len() > 38_000);
    }
}

#[test]
fn the_smallest_tls_in_is_a_typed_error_or_works_and_less_is_refused() {
    let refused = ClientContext::new(client_config(Suite::Tls13Aes128), AwsLcRs)
        .unwrap()
        .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(MIN_TLS_IN - 1, 40_000));
    let (needed, given) = (MIN_TLS_IN, MIN_TLS_IN - 1);
    assert_eq!(refused.unwrap_err(), BuildError::BufferTooSmall { which: "tls_in", needed, given });
    for suite in BOTH {
        let mut worked = 0;
        for tls_in in (MIN_TLS_IN..1500).step_by(41) {
            let mut tls = with_tls_in(client_config(suite), tls_in);
            let mut server = accept(&wantls_testkit::server(suite));
            match handshake_through(&mut tls, &mut server, |_, bytes| bytes) {
                [Ok(Step::Done(())), Ok(Step::Done(()))] => worked += 1,
                [Err(Error::HandshakeTooLarge { needed, capacity }), _] => {
                    assert!(needed > capacity && capacity == tls_in);
                    assert_eq!(worked, 0, "a larger buffer fails where a smaller one worked");
                }
                other => panic!("{suite:?} {tls_in}: {other:?}"),
            }
        }
        assert!(worked > 0);
    }
}

#[test]
fn a_record_that_does_not_fit_is_named_by_its_header_alone() {
    for suite in BOTH {
        let context = ServerContext::new(server_config(suite), AwsLcRs).unwrap();
        let mut tls = context.accept(Buffers::heap_of(4000, 40_000)).unwrap();
        let mut raw = RawPeer::client(client_config(suite), &mut tls);
        let fits = 4000 - suite.overhead();
        let record = raw.seal(content::APPLICATION_DATA, &pattern(fits));
        assert_eq!(offer(&mut tls, &record), 4000);
        let mut got = Vec::new();
        assert_eq!(read_all(&mut tls, &mut got), Ok(false));
        assert_eq!(got, pattern(fits));

        let record = raw.seal(content::APPLICATION_DATA, &pattern(fits + 1));
        assert_eq!(offer(&mut tls, &record[..4]), 4);
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        assert_eq!(offer(&mut tls, &record[4..5]), 1);
        assert_eq!(tls.read(&mut [0; 9]), Err(Error::RecordTooLarge { needed: 4001, capacity: 4000 }));
        assert_eq!(raw.receive(&mut tls).pop().unwrap().payload, [2, 80]);
    }
}

/// Unread plaintext takes the space away: that is the back-pressure, and it ends with the reading.
#[test]
fn unread_data_closes_the_door_and_reading_opens_it() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        let stream: Vec<u8> =
            (0..20).flat_map(|i| raw.seal(content::APPLICATION_DATA, &pattern(4000 + i))).collect();
        let (mut at, mut got) = (0, Vec::new());
        while at < stream.len() {
            at += offer(&mut tls, &stream[at..]);
            assert!(at == stream.len() || (!tls.interest().read && tls.pending().progress_without_io));
            let before = got.len();
            let mut buffer = [0; 1000];
            if let Step::Done(wantls::Received::Data(n)) = tls.read(&mut buffer).unwrap() {
                got.extend_from_slice(&buffer[..n.get()]);
            }
            assert!(got.len() > before, "no progress");
        }
        assert_eq!(read_all(&mut tls, &mut got), Ok(false));
        let expected: Vec<u8> = (0..20).flat_map(|i| pattern(4000 + i)).collect();
        assert_eq!(got, expected);
    }
}

/// Cuts the plaintext of a handshake record into records of one byte (RFC 8446 section 5.1 allows it).
fn crumble(record: &[u8]) -> Vec<u8> {
    record[5..].iter().flat_map(|byte| [record[0], record[1], record[2], 0, 1, *byte]).collect()
}

#[test]
fn a_handshake_in_plaintext_records_of_one_byte_works() {
    for suite in BOTH {
        let (mut tls, mut server) = (connect(&client(suite)), accept(&wantls_testkit::server(suite)));
        let answers = handshake_through(&mut tls, &mut server, |from_client, bytes| {
            let mut sealed = false;
            let cut = split_records(&bytes).into_iter().map(|record| {
                // Behind the hellos TLS 1.3 is encrypted, TLS 1.2 behind change_cipher_spec.
                sealed |= record[0] != content::HANDSHAKE;
                let plain = !sealed && (from_client || suite == Suite::Tls12Aes128 || record[5] == 2);
                if plain { crumble(&record) } else { record }
            });
            cut.collect::<Vec<_>>().concat()
        });
        assert_eq!(answers, [Ok(Step::Done(())), Ok(Step::Done(()))], "{suite:?}");
    }
}
