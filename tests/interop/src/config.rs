//! A setup as a rustls configuration: for our own contexts, and for the peers that are rustls.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use wantls::Version;

use crate::Result;
use crate::case::{Alpn, ClientCert, Setup};
use crate::pki::{Id, NAME, OTHER_NAME, Pki};

/// The protocol that is agreed on where one is.
pub const PROTOCOL: &str = "http/1.1";

/// A protocol that no client offers.
pub const UNKNOWN_PROTOCOL: &str = "other/1";

/// The client's side of a setup.
///
/// # Errors
/// What rustls refuses.
pub fn client(setup: &Setup, pki: &Pki) -> Result<ClientConfig> {
    let mut provider = provider(setup);
    // rustls sends a share for the first only.
    provider.kx_groups =
        vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1, aws_lc_rs::kx_group::SECP384R1];
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions(setup))?
        .with_root_certificates(roots(pki)?);
    let mut config = match setup.client_cert {
        ClientCert::NotAsked | ClientCert::Missing => builder.with_no_client_auth(),
        ClientCert::Accepted | ClientCert::Wrong => {
            let identity = pki.get(setup.client_cert.id())?;
            builder.with_client_auth_cert(vec![identity.cert.clone()], identity.key())?
        }
    };
    if setup.alpn != Alpn::None {
        config.alpn_protocols = vec![PROTOCOL.into()];
    }
    config.max_fragment_size = setup.fragment;
    Ok(config)
}

/// The server's side of a setup.
///
/// # Errors
/// What rustls refuses.
pub fn server(setup: &Setup, pki: &Pki) -> Result<ServerConfig> {
    let mut provider = provider(setup);
    if setup.hello_retry {
        // A group for which clients send no share unasked.
        provider.kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
    }
    let provider = Arc::new(provider);
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions(setup))?;
    let builder = if setup.client_cert == ClientCert::NotAsked {
        builder.with_no_client_auth()
    } else {
        let roots = Arc::new(roots(pki)?);
        builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build()?,
        )
    };
    let mut config = if setup.other_name {
        let mut names = ResolvesServerCertUsingSni::new();
        names.add(NAME, certified(setup.cert, pki, &provider)?)?;
        names.add(OTHER_NAME, certified(Id::Other, pki, &provider)?)?;
        builder.with_cert_resolver(Arc::new(names))
    } else {
        let identity = pki.get(setup.cert)?;
        builder.with_single_cert(vec![identity.cert.clone()], identity.key())?
    };
    match setup.alpn {
        Alpn::None => {}
        Alpn::Agreed => config.alpn_protocols = vec![UNKNOWN_PROTOCOL.into(), PROTOCOL.into()],
        Alpn::Refused => config.alpn_protocols = vec![UNKNOWN_PROTOCOL.into()],
    }
    if setup.stateless {
        config.ticketer = aws_lc_rs::Ticketer::new()?;
    }
    if !setup.tickets {
        config.send_tls13_tickets = 0;
    }
    config.max_fragment_size = setup.fragment;
    Ok(config)
}

fn certified(id: Id, pki: &Pki, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let identity = pki.get(id)?;
    Ok(CertifiedKey::from_der(vec![identity.cert.clone()], identity.key(), provider)?)
}

fn roots(pki: &Pki) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(pki.ca.clone())?;
    Ok(roots)
}

fn provider(setup: &Setup) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(suite) = setup.suite {
        provider.cipher_suites.retain(|have| have.suite() == suite);
    }
    provider
}

fn versions(setup: &Setup) -> &'static [&'static SupportedProtocolVersion] {
    static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
    static TLS12_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
    if setup.version == Version::Tls13 { TLS13_ONLY } else { TLS12_ONLY }
}
