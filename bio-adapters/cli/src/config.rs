//! rustls configurations from what the command line says.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, ServerContext};

use crate::args::{Offer, Suite, Tls};
use crate::failure::Failure;

/// A client that trusts `roots`.
pub(crate) fn client(offer: &Offer, roots: RootCertStore) -> Result<ClientContext, Failure> {
    let mut config = ClientConfig::builder_with_provider(provider(offer))
        .with_protocol_versions(versions(offer))
        .map_err(other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn(offer);
    Ok(ClientContext::new(config, AwsLcRs)?)
}

/// A server with this chain and key, which `key_file` is to blame for if it is of no use.
pub(crate) fn server(
    offer: &Offer,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    key_file: &Path,
) -> Result<ServerContext, Failure> {
    let mut config = ServerConfig::builder_with_provider(provider(offer))
        .with_protocol_versions(versions(offer))
        .map_err(other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| unusable(key_file, &error))?;
    config.alpn_protocols = alpn(offer);
    Ok(ServerContext::new(config, AwsLcRs)?)
}

/// The authorities in a file, or without one those of the system.
pub(crate) fn roots(ca: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| unusable(path, &error))?;
            }
        }
        None => {
            // A store may hold certificates that rustls can't use; the others still count.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let none = "this system has no store of trusted certificates: name one with --ca";
        return Err(Failure::Other(none.to_owned()));
    }
    Ok(roots)
}

/// All certificates in a PEM file; one at the least.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let fail = |error| pem_failure(path, "holds no certificate", error);
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(fail)?;
    if certificates.is_empty() { Err(fail(pem::Error::NoItemsFound)) } else { Ok(certificates) }
}

/// The private key in a PEM file.
pub(crate) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| pem_failure(path, "holds no private key", error))
}

/// A certificate, or a key for it, that rustls refuses.
fn unusable(path: &Path, error: &rustls::Error) -> Failure {
    Failure::file(path, "can't be used", io::Error::other(error.to_string()))
}

fn pem_failure(path: &Path, what: &'static str, error: pem::Error) -> Failure {
    if let pem::Error::Io(error) = error {
        return Failure::file(path, "can't be read", error);
    }
    Failure::file(path, what, io::Error::other(error.to_string()))
}

fn other(error: rustls::Error) -> Failure {
    Failure::Other(error.to_string())
}

fn provider(offer: &Offer) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(suite) = offer.suite {
        let cipher = match suite {
            Suite::Aes128Gcm => "AES_128_GCM",
            Suite::Aes256Gcm => "AES_256_GCM",
            Suite::Chacha20Poly1305 => "CHACHA20_POLY1305",
        };
        provider.cipher_suites.retain(|s| format!("{:?}", s.suite()).contains(cipher));
    }
    Arc::new(provider)
}

fn versions(offer: &Offer) -> &'static [&'static SupportedProtocolVersion] {
    static TLS13: &[&SupportedProtocolVersion] = &[&version::TLS13];
    static TLS12: &[&SupportedProtocolVersion] = &[&version::TLS12];
    match offer.tls {
        Some(Tls::V13) => TLS13,
        Some(Tls::V12) => TLS12,
        None => rustls::ALL_VERSIONS,
    }
}

fn alpn(offer: &Offer) -> Vec<Vec<u8>> {
    offer.alpn.iter().map(|name| name.as_bytes().to_vec()).collect()
}
