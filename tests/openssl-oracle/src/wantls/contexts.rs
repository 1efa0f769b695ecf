//! Contexts for one suite of each version, made once for the process.

use crate::setup::{Role, Version};
use std::sync::{Arc, OnceLock};
use wantls::crypto::AwsLcRs;
use wantls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use wantls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use wantls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use wantls::rustls::{CipherSuite, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use wantls::rustls::{SupportedProtocolVersion, version};
use wantls::{ClientContext, EofPolicy, ServerContext};
use wantls_ssl::SslContext;

pub(super) fn context(version: Version, role: Role, ignore_eof: bool) -> SslContext {
    let eof = if ignore_eof { EofPolicy::Close } else { EofPolicy::Refuse };
    match role {
        Role::Client => {
            static CONTEXTS: [OnceLock<ClientContext>; 2] = [const { OnceLock::new() }; 2];
            let context = CONTEXTS[index(version)].get_or_init(|| client(version));
            SslContext::client(context.clone().eof_policy(eof))
        }
        Role::Server => {
            static CONTEXTS: [OnceLock<ServerContext>; 2] = [const { OnceLock::new() }; 2];
            let context = CONTEXTS[index(version)].get_or_init(|| server(version));
            SslContext::server(context.clone().eof_policy(eof))
        }
    }
}

fn index(version: Version) -> usize {
    match version {
        Version::Tls12 => 0,
        Version::Tls13 => 1,
    }
}

fn client(version: Version) -> ClientContext {
    let config = ClientConfig::builder_with_provider(provider(version))
        .with_protocol_versions(versions(version))
        .expect("the provider has the version")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    ClientContext::new(config, AwsLcRs).expect("a usable config")
}

fn server(version: Version) -> ServerContext {
    let certs = wantls_testkit::certs();
    let mut config = ServerConfig::builder_with_provider(provider(version))
        .with_protocol_versions(versions(version))
        .expect("the provider has the version")
        .with_no_client_auth()
        .with_single_cert(certs.chain.clone(), certs.key())
        .expect("the key fits");
    // Tickets come only where a schedule asks for them.
    config.send_tls13_tickets = 0;
    ServerContext::new(config, AwsLcRs).expect("a usable config")
}

fn versions(version: Version) -> &'static [&'static SupportedProtocolVersion] {
    static TLS12: &[&SupportedProtocolVersion] = &[&version::TLS12];
    static TLS13: &[&SupportedProtocolVersion] = &[&version::TLS13];
    match version {
        Version::Tls12 => TLS12,
        Version::Tls13 => TLS13,
    }
}

fn provider(version: Version) -> Arc<CryptoProvider> {
    let suite = match version {
        Version::Tls12 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        Version::Tls13 => CipherSuite::TLS13_AES_128_GCM_SHA256,
    };
    let all = aws_lc_rs::default_provider();
    Arc::new(CryptoProvider {
        cipher_suites: all.cipher_suites.iter().copied().filter(|s| s.suite() == suite).collect(),
        // TLS 1.2 also checks the certificate's curve against this list; the key exchange takes the first.
        kx_groups: vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1],
        ..all
    })
}

/// Who the peer is does not matter here, and its signature costs time.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
