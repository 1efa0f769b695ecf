//! Contexts for one suite of each version, made once for the process.

use crate::setup::{Role, Setup, Start, Version};
use std::sync::{Arc, OnceLock};
use wantls::crypto::AwsLcRs;
use wantls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use wantls::rustls::client::{Resumption, WantsClientCert};
use wantls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use wantls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use wantls::rustls::{
    CipherSuite, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};
use wantls::rustls::{ConfigBuilder, RootCertStore, SupportedProtocolVersion, WantsVerifier, version};
use wantls::{ClientContext, EofPolicy, ServerContext};
use wantls_ssl::SslContext;

pub(super) fn context(setup: &Setup) -> SslContext {
    let Setup { version, role, options, start, .. } = *setup;
    let eof = if options.ignore_eof { EofPolicy::Close } else { EofPolicy::Refuse };
    match role {
        Role::Client => SslContext::client(client(version, start, options.verify).eof_policy(eof)),
        Role::Server => SslContext::server(server(version, options.tickets).eof_policy(eof)),
    }
}

fn client(version: Version, start: Start, verify: bool) -> ClientContext {
    static CONTEXTS: [[OnceLock<ClientContext>; 2]; 2] = [const { [const { OnceLock::new() }; 2] }; 2];
    if verify {
        let mut roots = RootCertStore::empty();
        // Not the peer's authority.
        roots.add(wantls_testkit::certs().ca.clone()).expect("an authority");
        return client_context(start, builder(version).with_root_certificates(roots));
    }
    let any = || builder(version).dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate));
    let fresh = usize::from(start == Start::Fresh);
    CONTEXTS[fresh][index(version)].get_or_init(|| client_context(start, any())).clone()
}

fn builder(version: Version) -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(provider(version))
        .with_protocol_versions(versions(version))
        .expect("the provider has the version")
}

/// Where the handshake is not looked at it resumes a session, which is cheaper.
fn client_context(start: Start, builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientContext {
    let mut config = builder.with_no_client_auth();
    if start == Start::Fresh {
        config.resumption = Resumption::disabled();
    }
    ClientContext::new(config, AwsLcRs).expect("a usable config")
}

fn server(version: Version, tickets: usize) -> ServerContext {
    static CONTEXTS: [OnceLock<ServerContext>; 2] = [const { OnceLock::new() }; 2];
    if tickets > 0 {
        return server_context(version, tickets);
    }
    CONTEXTS[index(version)].get_or_init(|| server_context(version, 0)).clone()
}

fn server_context(version: Version, tickets: usize) -> ServerContext {
    let certs = wantls_testkit::certs();
    let mut config = ServerConfig::builder_with_provider(provider(version))
        .with_protocol_versions(versions(version))
        .expect("the provider has the version")
        .with_no_client_auth()
        .with_single_cert(certs.chain.clone(), certs.key())
        .expect("the key fits");
    config.send_tls13_tickets = tickets;
    ServerContext::new(config, AwsLcRs).expect("a usable config")
}

fn index(version: Version) -> usize {
    match version {
        Version::Tls12 => 0,
        Version::Tls13 => 1,
    }
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
