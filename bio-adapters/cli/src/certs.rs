//! The certificates of `wantls pair`: an authority and a server's certificate that live as long as the process.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::failure::Failure;

/// The name that the certificate is for.
pub(crate) const NAME: &str = "localhost";

/// An authority's certificate, and a server's chain and key that it signed.
pub(crate) struct Certs {
    pub(crate) ca: CertificateDer<'static>,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Certs {
    pub(crate) fn make() -> Result<Self, Failure> {
        make().map_err(|error| Failure::Other(format!("no certificate could be made: {error}")))
    }
}

fn make() -> Result<Certs, rcgen::Error> {
    let ca_key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "wantls pair's authority");
    let ca = params.self_signed(&ca_key)?;
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new([NAME.to_owned()])?.signed_by(&key, &issuer)?;
    Ok(Certs {
        ca: ca.der().clone(),
        chain: vec![leaf.der().clone()],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    })
}
