//! One certificate authority and one server certificate for the life of the process.

use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::NAME;

/// An authority, and a certificate of it for [`NAME`].
#[derive(Debug)]
pub struct Certs {
    /// The authority's certificate.
    pub ca: CertificateDer<'static>,
    /// The authority's certificate as PEM.
    pub ca_pem: String,
    /// The server's chain, without the authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// The server's chain as PEM.
    pub chain_pem: String,
    /// The server's key as PEM.
    pub key_pem: String,
    key: Vec<u8>,
}

impl Certs {
    /// The server's key.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }

    fn make() -> Self {
        let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the name of its issuer a certificate would count as self-signed.
        params.distinguished_name.push(DnType::CommonName, "wantls test authority");
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(params, ca_key);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let params = CertificateParams::new(vec![NAME.to_string(), "127.0.0.1".to_string()]).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap();
        Self {
            ca: ca.der().clone(),
            ca_pem: ca.pem(),
            chain: vec![leaf.der().clone()],
            chain_pem: leaf.pem(),
            key_pem: key.serialize_pem(),
            key: key.serialize_der(),
        }
    }
}

/// The certificates of this process: made once.
pub fn certs() -> &'static Certs {
    static CERTS: OnceLock<Certs> = OnceLock::new();
    CERTS.get_or_init(Certs::make)
}
