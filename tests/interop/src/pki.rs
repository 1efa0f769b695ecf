//! The certificates of a run, in memory for us and as files for foreign programs.

use std::fs;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

use crate::Result;

/// The name that the servers' certificates are for.
pub const NAME: &str = "localhost";

/// The name of the second server behind the same port.
pub const OTHER_NAME: &str = "other.test";

/// A certificate of [`Pki`], by what is special about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// Server, RSA with 2048 bits.
    Rsa,
    /// Server, ECDSA with P-256.
    P256,
    /// Server, ECDSA with P-384.
    P384,
    /// Server, Ed25519.
    Ed25519,
    /// Server for [`OTHER_NAME`].
    Other,
    /// Server, by an authority that nobody trusts.
    StrangeServer,
    /// Client.
    Client,
    /// Client, by an authority that nobody trusts.
    StrangeClient,
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Identity {
    /// The certificate.
    pub cert: CertificateDer<'static>,
    /// The certificate's file, PEM.
    pub cert_file: PathBuf,
    /// The key's file, PKCS#8 PEM.
    pub key_file: PathBuf,
    key: Vec<u8>,
}

impl Identity {
    /// The key.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// One authority that is trusted, one that is not, and what they signed. The files live as long as this does.
#[derive(Debug)]
pub struct Pki {
    /// The trusted authority.
    pub ca: CertificateDer<'static>,
    /// The trusted authority's file, PEM.
    pub ca_file: PathBuf,
    identities: Vec<(Id, Identity)>,
    dir: TempDir,
}

impl Pki {
    /// Makes everything anew, in a folder of its own.
    ///
    /// # Errors
    /// The file system, or the crypto provider.
    pub fn new() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("wantls-interop-").tempdir()?;
        let (ca, issuer) = authority("wantls interop authority")?;
        let (_, stranger) = authority("a stranger")?;
        let ca_file = dir.path().join("ca.pem");
        fs::write(&ca_file, ca.pem())?;
        let mut pki = Self { ca: ca.der().clone(), ca_file, identities: Vec::new(), dir };
        pki.add(Id::Rsa, NAME, KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?, &issuer)?;
        pki.add(Id::P256, NAME, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?, &issuer)?;
        pki.add(Id::P384, NAME, KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?, &issuer)?;
        pki.add(Id::Ed25519, NAME, ed25519()?, &issuer)?;
        pki.add(Id::Other, OTHER_NAME, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?, &issuer)?;
        pki.add(Id::StrangeServer, NAME, KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?, &stranger)?;
        pki.add(Id::Client, "client.test", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?, &issuer)?;
        pki.add(
            Id::StrangeClient,
            "client.test",
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            &stranger,
        )?;
        Ok(pki)
    }

    /// A certificate and its key.
    ///
    /// # Errors
    /// None with the ids that [`new`](Self::new) makes.
    pub fn get(&self, id: Id) -> Result<&Identity> {
        let found = self.identities.iter().find(|(have, _)| *have == id);
        Ok(&found.ok_or_else(|| format!("no certificate {id:?}"))?.1)
    }

    /// A file name that is free for the peer's own use.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn add(&mut self, id: Id, name: &str, key: KeyPair, issuer: &Issuer<'_, KeyPair>) -> Result<()> {
        let mut params = CertificateParams::new(vec![name.to_string()])?;
        params.distinguished_name.push(DnType::CommonName, format!("{name} {id:?}"));
        let cert = params.signed_by(&key, issuer)?;
        let cert_file = self.file(&format!("{id:?}.pem"));
        let key_file = self.file(&format!("{id:?}.key"));
        fs::write(&cert_file, cert.pem())?;
        fs::write(&key_file, key.serialize_pem())?;
        let identity = Identity { cert: cert.der().clone(), cert_file, key_file, key: key.serialize_der() };
        self.identities.push((id, identity));
        Ok(())
    }
}

/// A key whose encoding is PKCS#8 version 1: the newer one, with the public key in it, is not read by all programs.
fn ed25519() -> Result<KeyPair> {
    /// Bytes of the encoding without the public key (RFC 8410 section 7).
    const LEN: usize = 48;
    let mut der = KeyPair::generate_for(&PKCS_ED25519)?.serialize_der();
    der.truncate(LEN);
    // The length of the sequence, and its version.
    (der[1], der[4]) = (LEN as u8 - 2, 0);
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &PKCS_ED25519)?)
}

fn authority(name: &str) -> Result<(rcgen::Certificate, Issuer<'static, KeyPair>)> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cert = params.self_signed(&key)?;
    Ok((cert, Issuer::new(params, key)))
}
