//! Our certificate and key, for both roles.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

use crate::failure::Failure;
use crate::flags::{Identity, OcspCallback};

/// Gives out the certificate of the flags, if they name one, and notes what clients offer.
#[derive(Debug)]
pub(crate) struct Credentials {
    key: Option<Arc<CertifiedKey>>,
    offered_alpn: Mutex<Vec<Vec<u8>>>,
}

impl Credentials {
    pub(crate) fn load(identity: &Identity, provider: &CryptoProvider) -> Result<Arc<Self>, Failure> {
        let key = match (&identity.cert_file, &identity.key_file) {
            // This ends the handshake where BoringSSL's callback would.
            _ if identity.server && identity.ocsp_callback == OcspCallback::Fails => None,
            (Some(cert_file), Some(key_file)) => {
                let key = PrivateKeyDer::from_pem_file(key_file)
                    .map_err(|error| Failure::other(format!("{}: {error}", key_file.display())))?;
                let mut key = provider.key_provider.load_private_key(key)?;
                if !identity.signing_prefs.is_empty() {
                    key = Arc::new(Preferring { key, schemes: identity.signing_prefs.clone() });
                }
                let mut certified = CertifiedKey::new(certificates(cert_file)?, key);
                if identity.ocsp_callback == OcspCallback::Agrees {
                    certified.ocsp = identity.ocsp_response.clone();
                }
                Some(Arc::new(certified))
            }
            _ => None,
        };
        Ok(Arc::new(Self { key, offered_alpn: Mutex::default() }))
    }

    /// The protocols that the last client offered.
    pub(crate) fn offered_alpn(&self) -> Vec<Vec<u8>> {
        self.offered_alpn.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The certificates of a PEM file.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| Failure::other(format!("{}: {error}", file.display())))
}

impl ResolvesServerCert for Credentials {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offered = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect()).unwrap_or_default();
        *self.offered_alpn.lock().unwrap_or_else(PoisonError::into_inner) = offered;
        self.key.clone()
    }
}

impl ResolvesClientCert for Credentials {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// A key that signs only with the schemes of `-signing-prefs`, in their order.
#[derive(Debug)]
struct Preferring {
    key: Arc<dyn SigningKey>,
    schemes: Vec<SignatureScheme>,
}

impl SigningKey for Preferring {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.schemes.iter().filter(|s| offered.contains(s)).find_map(|&s| self.key.choose_scheme(&[s]))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.key.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}
