//! What is known of a session once the handshake is done.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rustls::pki_types::CertificateDer;
use rustls::{CipherSuite, HandshakeKind, NamedGroup};
use zeroize::Zeroizing;

use crate::record::Version;

/// The most bytes that one exporter gives: what HKDF gives with SHA-256 (RFC 5869 section 2.3).
pub const MAX_EXPORT: usize = 255 * 32;

/// The facts of a finished handshake.
#[derive(Debug)]
#[non_exhaustive]
pub struct Session {
    /// The protocol version.
    pub version: Version,
    /// The cipher suite, as IANA names it.
    pub suite: CipherSuite,
    /// Whether the handshake was full, took a HelloRetryRequest, or resumed an earlier session.
    pub kind: Option<HandshakeKind>,
    /// The group of the key exchange, if there was one.
    pub group: Option<NamedGroup>,
    /// The application protocol agreed on (RFC 7301).
    pub alpn: Option<Vec<u8>>,
    /// Server side: the host name that the client asked for (RFC 6066 section 3).
    pub server_name: Option<String>,
    /// The peer's certificates, the end entity's first; empty if it sent none, or if the context does not keep
    /// them.
    pub peer_certificates: Vec<CertificateDer<'static>>,
    /// What the exporters gave that the context had asked for.
    pub exported: Vec<Exported>,
}

impl Session {
    /// The keying material exported for `label` and `context`, if the context had asked for it (RFC 8446 section
    /// 7.5, RFC 5705).
    #[must_use]
    pub fn exported(&self, label: &[u8], context: Option<&[u8]>) -> Option<&[u8]> {
        self.exported
            .iter()
            .find(|e| e.exporter.label == label && e.exporter.context.as_deref() == context)
            .map(|e| e.material.as_slice())
    }
}

/// A request for keying material. It is made in advance, as the handshake engine is gone afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporter {
    pub(crate) label: Vec<u8>,
    pub(crate) context: Option<Vec<u8>>,
    pub(crate) len: usize,
}

/// Exported keying material. It is wiped on drop.
pub struct Exported {
    exporter: Exporter,
    material: Zeroizing<Vec<u8>>,
}

impl Exported {
    pub(super) fn new(exporter: Exporter, material: Vec<u8>) -> Self {
        Self { exporter, material: Zeroizing::new(material) }
    }
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exported").field("exporter", &self.exporter).finish_non_exhaustive()
    }
}
