//! The certificate verifiers. The runner's certificates are made for its tests, so any chain will do, or none where the
//! flags say so; the signatures in the handshake are checked.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerMisbehaved,
    SignatureScheme,
};

use crate::failure::Failure;
use crate::flags::{Identity, OcspCallback, Options};

/// What the verifier says of the next certificate.
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    Accept,
    /// As BoringSSL's own verification does: handshake_failure.
    Refuse,
    /// As BoringSSL's custom callback does: certificate_unknown.
    RefuseCustom,
    /// As its OCSP callback does: bad_certificate_status_response.
    RefuseOcsp,
}

/// What was seen of the peer, in the last handshake that showed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The scheme of its signature.
    pub(crate) scheme: Option<SignatureScheme>,
    /// Its OCSP response; empty: none.
    pub(crate) ocsp_response: Vec<u8>,
}

/// Verifies for clients and servers.
#[derive(Debug)]
pub(crate) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    schemes: Vec<SignatureScheme>,
    offer: bool,
    mandatory: bool,
    subjects: Vec<DistinguishedName>,
    verdict: AtomicU8,
    seen: Mutex<Seen>,
}

impl Verifier {
    pub(crate) fn new(
        identity: &Identity,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Arc<Self>, Failure> {
        let mut schemes = algorithms.supported_schemes();
        if identity.verify_prefs.is_empty() {
            // What BoringSSL leaves out unless told otherwise.
            schemes
                .retain(|s| !matches!(s, SignatureScheme::ED25519 | SignatureScheme::ECDSA_NISTP521_SHA512));
        } else {
            schemes = identity.verify_prefs.iter().copied().filter(|s| schemes.contains(s)).collect();
        }
        if schemes.is_empty() {
            return Err(Failure::Unimplemented(format!("-verify-prefs {:?}", identity.verify_prefs)));
        }
        Ok(Arc::new(Self {
            algorithms,
            schemes,
            offer: identity.request_client_certificate,
            mandatory: identity.require_client_certificate,
            subjects: identity.client_ca_list.iter().cloned().map(DistinguishedName::from).collect(),
            verdict: AtomicU8::new(Verdict::Accept as u8),
            seen: Mutex::default(),
        }))
    }

    /// Sets the verdict for the connections from now on.
    pub(crate) fn configure(&self, options: &Options) {
        // A client of BoringSSL that was not told to verify only notes a failure.
        let matters = options.identity.server || options.verify_peer;
        let ocsp_fails = !options.identity.server && options.identity.ocsp_callback == OcspCallback::Fails;
        let verdict = match (ocsp_fails, options.verify_fail && matters, options.custom_verify) {
            (true, _, _) => Verdict::RefuseOcsp,
            (false, true, true) => Verdict::RefuseCustom,
            (false, true, false) => Verdict::Refuse,
            (false, false, _) => Verdict::Accept,
        };
        self.verdict.store(verdict as u8, Ordering::Relaxed);
    }

    /// What was seen of the peer.
    pub(crate) fn seen(&self) -> Seen {
        self.with_seen(|seen| seen.clone())
    }

    fn with_seen<R>(&self, look: impl FnOnce(&mut Seen) -> R) -> R {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn judge(&self) -> Result<(), Error> {
        let refused = "the flags refuse the certificate";
        match self.verdict.load(Ordering::Relaxed) {
            v if v == Verdict::Refuse as u8 => Err(Error::General(refused.into())),
            v if v == Verdict::RefuseCustom as u8 => {
                Err(CertificateError::Other(OtherError(Arc::from(Box::from(refused)))).into())
            }
            v if v == Verdict::RefuseOcsp as u8 => Err(CertificateError::InvalidOcspResponse.into()),
            _ => Ok(()),
        }
    }

    /// rustls leaves it to the verifier to refuse a scheme that it has not offered.
    fn check_scheme(&self, scheme: SignatureScheme) -> Result<(), Error> {
        self.with_seen(|seen| seen.scheme = Some(scheme));
        if self.schemes.contains(&scheme) {
            Ok(())
        } else {
            Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
        }
    }

    fn tls12(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(signature.scheme)?;
        verify_tls12_signature(message, cert, signature, &self.algorithms)
    }

    fn tls13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(signature.scheme)?;
        verify_tls13_signature(message, cert, signature, &self.algorithms)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.with_seen(|seen| seen.ocsp_response = ocsp_response.to_vec());
        self.judge().map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.offer
    }

    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge().map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
