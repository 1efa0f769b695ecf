//! What is tried: the rows of the matrix.

use rustls::CipherSuite;
use wantls::{Role, Version};

use crate::pki::{Id, NAME, OTHER_NAME};

/// What the client of a session shows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCert {
    /// The server does not ask.
    NotAsked,
    /// The server asks, and trusts what it gets.
    Accepted,
    /// The server insists, and gets none.
    Missing,
    /// The server insists, and does not trust what it gets.
    Wrong,
}

impl ClientCert {
    /// The certificate that the client has.
    #[must_use]
    pub fn id(self) -> Id {
        if self == Self::Wrong { Id::StrangeClient } else { Id::Client }
    }

    /// Whether the client has a certificate.
    #[must_use]
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Accepted | Self::Wrong)
    }
}

/// What is said about application protocols (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// Nothing.
    None,
    /// Both sides know one.
    Agreed,
    /// They have none in common, and the server insists.
    Refused,
}

/// How both sides of a session are configured.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The only version.
    pub version: Version,
    /// The only suite, if it is to be only one.
    pub suite: Option<CipherSuite>,
    /// The server's certificate.
    pub cert: Id,
    /// The client's certificate.
    pub client_cert: ClientCert,
    /// Application protocols.
    pub alpn: Alpn,
    /// The client asks for the second name, and has to get the certificate for it.
    pub other_name: bool,
    /// Our server gives tickets that hold the whole session, and keeps nothing itself.
    pub stateless: bool,
    /// Our server gives TLS 1.3 tickets.
    pub tickets: bool,
    /// The server knows no group that the client sends a share for.
    pub hello_retry: bool,
    /// Bytes of the longest record that our handshake makes.
    pub fragment: Option<usize>,
    /// Bytes that one system call on our side moves at the most.
    pub wire: usize,
    /// Bytes of application data that are exchanged at a time.
    pub chunk: usize,
}

/// How a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Data both ways; we close, and the peer answers.
    Exchange,
    /// Data both ways; the peer closes, and we answer.
    PeerCloses,
    /// We close our direction; the peer still sends, and closes.
    HalfCloseByUs,
    /// The peer closes its direction; we still send, and close.
    HalfCloseByPeer,
    /// The peer's process, or its socket, ends without a word.
    PeerAborts,
    /// Our socket ends without a word.
    WeAbort,
    /// The peer changes its key and asks for ours to change.
    PeerUpdatesKey,
    /// We change our key and ask the peer to change its own.
    WeUpdateKey,
    /// Each byte is a record, in both directions.
    OneByteRecords,
    /// Our records are as full as can be.
    FullRecordsToPeer,
    /// The peer's records are as full as can be.
    FullRecordsFromPeer,
    /// One side refuses the other in the handshake.
    Refused(Role),
    /// A second session resumes the first.
    Resume,
}

/// A row of the matrix.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// How both sides are configured.
    pub setup: Setup,
    /// What they do.
    pub script: Script,
}

/// Bytes of the longest plaintext of a record (RFC 8446 section 5.1).
pub const FULL_RECORD: usize = 16384;

impl Setup {
    /// The name that the client asks for.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.other_name { OTHER_NAME } else { NAME }
    }

    /// Nothing special.
    #[must_use]
    pub fn plain(version: Version) -> Self {
        Self {
            version,
            suite: None,
            cert: Id::P256,
            client_cert: ClientCert::NotAsked,
            alpn: Alpn::None,
            other_name: false,
            stateless: false,
            tickets: true,
            hello_retry: false,
            fragment: None,
            wire: usize::MAX,
            chunk: 4000,
        }
    }
}

const SUITES: [(CipherSuite, Version, Id, &str); 9] = [
    (CipherSuite::TLS13_AES_128_GCM_SHA256, Version::Tls13, Id::P256, "AES-128-GCM"),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, Version::Tls13, Id::P256, "AES-256-GCM"),
    (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, Version::Tls13, Id::P256, "ChaCha20-Poly1305"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Version::Tls12, Id::P256, "ECDSA AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, Version::Tls12, Id::P256, "ECDSA AES-256-GCM"),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        Version::Tls12,
        Id::P256,
        "ECDSA ChaCha20-Poly1305",
    ),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, Version::Tls12, Id::Rsa, "RSA AES-128-GCM"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, Version::Tls12, Id::Rsa, "RSA AES-256-GCM"),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        Version::Tls12,
        Id::Rsa,
        "RSA ChaCha20-Poly1305",
    ),
];

/// Every row.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Cases(Vec::new());
    for (suite, version, cert, name) in SUITES {
        let setup = Setup { suite: Some(suite), cert, ..Setup::plain(version) };
        cases.add(name, setup, Script::Exchange);
    }
    for version in [Version::Tls13, Version::Tls12] {
        cases.add_for(version);
    }
    cases.0
}

struct Cases(Vec<Case>);

impl Cases {
    fn add(&mut self, name: &str, setup: Setup, script: Script) {
        let version = if setup.version == Version::Tls13 { "1.3" } else { "1.2" };
        self.0.push(Case { name: format!("{version} {name}"), setup, script });
    }

    fn add_for(&mut self, version: Version) {
        let plain = Setup::plain(version);
        let certs = [
            (Id::Rsa, "RSA certificate"),
            (Id::P256, "P-256 certificate"),
            (Id::P384, "P-384 certificate"),
            (Id::Ed25519, "Ed25519 certificate"),
        ];
        for (cert, name) in certs {
            self.add(name, Setup { cert, ..plain }, Script::Exchange);
        }
        let strange = Setup { cert: Id::StrangeServer, ..plain };
        self.add("untrusted server refused", strange, Script::Refused(Role::Client));

        let refused = Script::Refused(Role::Server);
        let client_certs = [
            (ClientCert::Accepted, "client certificate accepted", Script::Exchange),
            (ClientCert::Missing, "client certificate missing", refused),
            (ClientCert::Wrong, "client certificate wrong", refused),
        ];
        for (client_cert, name, script) in client_certs {
            self.add(name, Setup { client_cert, ..plain }, script);
        }
        self.add("ALPN agreed", Setup { alpn: Alpn::Agreed, ..plain }, Script::Exchange);
        self.add("ALPN refused", Setup { alpn: Alpn::Refused, ..plain }, refused);
        self.add("SNI selects the certificate", Setup { other_name: true, ..plain }, Script::Exchange);
        self.add("resumption", plain, Script::Resume);
        self.add("resumption, stateless ticket", Setup { stateless: true, ..plain }, Script::Resume);
        if version == Version::Tls13 {
            self.add("HelloRetryRequest", Setup { hello_retry: true, ..plain }, Script::Exchange);
            self.add("KeyUpdate by the peer", plain, Script::PeerUpdatesKey);
            self.add("KeyUpdate by us", plain, Script::WeUpdateKey);
        }
        self.add("handshake in small records", Setup { fragment: Some(64), ..plain }, Script::Exchange);
        self.add("every byte its own segment", Setup { wire: 1, chunk: 100, ..plain }, Script::Exchange);
        self.add("1-byte records", plain, Script::OneByteRecords);
        let full = Setup { chunk: FULL_RECORD, ..plain };
        self.add("16 KiB records to the peer", full, Script::FullRecordsToPeer);
        self.add("16 KiB records from the peer", full, Script::FullRecordsFromPeer);
        self.add("peer closes first", plain, Script::PeerCloses);
        self.add("half-close by us", plain, Script::HalfCloseByUs);
        self.add("half-close by the peer", plain, Script::HalfCloseByPeer);
        self.add("abrupt close by us", plain, Script::WeAbort);
        self.add("abrupt close by the peer", plain, Script::PeerAborts);
    }
}
