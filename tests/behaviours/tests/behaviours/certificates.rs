//! A certificate that is not to be trusted ends the handshake for both sides, and the server learns why.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError};
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error, Phase, ServerContext};
use wantls_testkit::{NAME, accept, client_config, server_config};

use crate::{BOTH, certify, handshake_through, trust_only};

/// What to make wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Expired,
    NotYet,
    OtherName,
    OtherAuthority,
    OtherSignature,
}

/// Authority and server certificate with one flaw; then the server's key.
fn flawed(flaw: Flaw) -> (rcgen::Certificate, rcgen::Certificate, KeyPair) {
    let authority = || {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params.self_signed(&key).unwrap(), Issuer::new(params, key))
    };
    let (mut ca, issuer) = authority();
    let key = KeyPair::generate().unwrap();
    let name = if flaw == Flaw::OtherName { "elsewhere" } else { NAME };
    let mut params = CertificateParams::new(vec![name.to_string()]).unwrap();
    match flaw {
        Flaw::Expired => params.not_after = date_time_ymd(2001, 1, 1),
        Flaw::NotYet => params.not_before = date_time_ymd(4000, 1, 1),
        // With the same name, so that only the signature is wrong.
        Flaw::OtherSignature => ca = authority().0,
        Flaw::OtherName | Flaw::OtherAuthority => {}
    }
    let leaf = params.signed_by(&key, &issuer).unwrap();
    if flaw == Flaw::OtherAuthority {
        let other = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "another authority");
        ca = params.self_signed(&other).unwrap();
    }
    (ca, leaf, key)
}

#[test]
fn each_flaw_has_its_error_and_its_alert() {
    for suite in BOTH {
        for (flaw, alert) in [
            (Flaw::Expired, AlertDescription::CertificateExpired),
            (Flaw::NotYet, AlertDescription::CertificateExpired),
            (Flaw::OtherName, AlertDescription::BadCertificate),
            (Flaw::OtherAuthority, AlertDescription::UnknownCA),
            (Flaw::OtherSignature, AlertDescription::DecryptError),
        ] {
            let (ca, leaf, key) = flawed(flaw);
            let (mut client, mut server) = (client_config(suite), server_config(suite));
            trust_only(&mut client, ca.der());
            certify(&mut server, leaf.der(), &key);
            let context = ClientContext::new(client, AwsLcRs).unwrap();
            let mut client = context.connect(ServerName::try_from(NAME).unwrap(), Buffers::heap()).unwrap();
            let mut server = accept(&ServerContext::new(server, AwsLcRs).unwrap());
            let [ours, theirs] = handshake_through(&mut client, &mut server, |_, bytes| bytes);
            let Err(Error::Handshake(rustls::Error::InvalidCertificate(reason))) = ours else {
                panic!("{suite:?} {flaw:?}: {ours:?}")
            };
            let right = match flaw {
                Flaw::Expired => matches!(reason, CertificateError::ExpiredContext { .. }),
                Flaw::NotYet => matches!(reason, CertificateError::NotValidYetContext { .. }),
                Flaw::OtherName => matches!(reason, CertificateError::NotValidForNameContext { .. }),
                Flaw::OtherAuthority => reason == CertificateError::UnknownIssuer,
                Flaw::OtherSignature => reason == CertificateError::BadSignature,
            };
            assert!(right, "{flaw:?}: {reason:?}");
            assert_eq!(theirs, Err(Error::Peer(alert)), "{suite:?} {flaw:?}");
            assert_eq!((client.phase(), server.phase()), (Phase::Failed, Phase::Failed));
            assert!(client.write(b"secret").is_err() && client.tls_out().bytes().is_empty());
        }
    }
}
