//! Certificates and rustls configs for the handshakes: both kinds of key, one authority.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, X25519};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{
    CipherSuite, ClientConfig, RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
};
use wantls::Version;
use wantls_testkit::NAME;

use super::Setup;

/// The server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    EcdsaP256,
    Rsa2048,
}

impl KeyKind {
    pub(crate) const ALL: [Self; 2] = [Self::EcdsaP256, Self::Rsa2048];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ECDSA P-256",
            Self::Rsa2048 => "RSA-2048",
        }
    }

    pub(super) fn identity(self) -> &'static Identity {
        static P256: OnceLock<Identity> = OnceLock::new();
        static RSA: OnceLock<Identity> = OnceLock::new();
        let make = || Identity::make(self);
        match self {
            Self::EcdsaP256 => P256.get_or_init(make),
            Self::Rsa2048 => RSA.get_or_init(make),
        }
    }
}

/// An authority, and a certificate of it with its key.
pub(super) struct Identity {
    pub(super) ca: CertificateDer<'static>,
    pub(super) certificate: CertificateDer<'static>,
    /// PKCS #8.
    pub(super) key: Vec<u8>,
    /// The same, for those who take PEM only.
    #[cfg(feature = "s2n")]
    pub(super) ca_pem: String,
    #[cfg(feature = "s2n")]
    pub(super) certificate_pem: String,
    #[cfg(feature = "s2n")]
    pub(super) key_pem: String,
}

impl Identity {
    fn make(kind: KeyKind) -> Self {
        let new_key = || match kind {
            KeyKind::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            KeyKind::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap(),
        };
        let ca_key = new_key();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate whose issuer has its own name for self-signed.
        params.distinguished_name.push(DnType::CommonName, "authority");
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(params, ca_key);
        let key = new_key();
        let params = CertificateParams::new(vec![NAME.to_string()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Self {
            #[cfg(feature = "s2n")]
            ca_pem: ca.pem(),
            #[cfg(feature = "s2n")]
            certificate_pem: certificate.pem(),
            #[cfg(feature = "s2n")]
            key_pem: key.serialize_pem(),
            ca: ca.der().clone(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }
}

pub(super) fn client_config(setup: Setup) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(setup.key.identity().ca.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider(setup))
        .with_protocol_versions(versions(setup))
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    if !setup.resume {
        config.resumption = Resumption::disabled();
    }
    config
}

pub(super) fn server_config(setup: Setup) -> ServerConfig {
    let identity = setup.key.identity();
    let key: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(identity.key.clone()).into();
    let mut config = ServerConfig::builder_with_provider(provider(setup))
        .with_protocol_versions(versions(setup))
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], key)
        .unwrap();
    // Stateless tickets, as OpenSSL's default is.
    config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
    config
}

/// One suite and X25519: the same for all peers, whatever their defaults. A TLS 1.2 server may look for its
/// certificate's curve in the list, too.
fn provider(setup: Setup) -> Arc<CryptoProvider> {
    let suite = match (setup.suite.id(), setup.key) {
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, KeyKind::Rsa2048) => {
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        }
        (suite, _) => suite,
    };
    let all = aws_lc_rs::default_provider();
    let cipher_suites: Vec<SupportedCipherSuite> =
        all.cipher_suites.iter().copied().filter(|s| s.suite() == suite).collect();
    Arc::new(CryptoProvider { cipher_suites, kx_groups: vec![X25519, SECP256R1], ..all })
}

fn versions(setup: Setup) -> &'static [&'static SupportedProtocolVersion] {
    static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
    static TLS12_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
    if setup.suite.version() == Version::Tls13 { TLS13_ONLY } else { TLS12_ONLY }
}
