//! Contexts for every suite of both versions.

use std::sync::Arc;

use proptest::prelude::{Just, Strategy};
use proptest::prop_oneof;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{
    CipherSuite, ClientConfig, RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
};
use wantls::crypto::AwsLcRs;
use wantls::{ClientContext, ServerContext, Version};

use crate::certs;

/// The suites that the P-256 certificate can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the suites'")]
pub enum Suite {
    Tls13Aes128,
    Tls13Aes256,
    Tls13Chacha,
    Tls12Aes128,
    Tls12Aes256,
    Tls12Chacha,
}

impl Suite {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::Tls13Aes128,
        Self::Tls13Aes256,
        Self::Tls13Chacha,
        Self::Tls12Aes128,
        Self::Tls12Aes256,
        Self::Tls12Chacha,
    ];

    /// Its IANA name.
    #[must_use]
    pub fn id(self) -> CipherSuite {
        match self {
            Self::Tls13Aes128 => CipherSuite::TLS13_AES_128_GCM_SHA256,
            Self::Tls13Aes256 => CipherSuite::TLS13_AES_256_GCM_SHA384,
            Self::Tls13Chacha => CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            Self::Tls12Aes128 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            Self::Tls12Aes256 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            Self::Tls12Chacha => CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        }
    }

    /// Its protocol version.
    #[must_use]
    pub fn version(self) -> Version {
        match self {
            Self::Tls13Aes128 | Self::Tls13Aes256 | Self::Tls13Chacha => Version::Tls13,
            Self::Tls12Aes128 | Self::Tls12Aes256 | Self::Tls12Chacha => Version::Tls12,
        }
    }

    /// Bytes that a record is longer than its plaintext.
    #[must_use]
    pub fn overhead(self) -> usize {
        match self {
            Self::Tls13Aes128 | Self::Tls13Aes256 | Self::Tls13Chacha => 22,
            Self::Tls12Aes128 | Self::Tls12Aes256 => 29,
            Self::Tls12Chacha => 21,
        }
    }

    /// Any of the six.
    pub fn strategy() -> impl Strategy<Value = Self> {
        prop_oneof![
            Just(Self::Tls13Aes128),
            Just(Self::Tls12Aes128),
            Just(Self::Tls13Chacha),
            Just(Self::Tls12Chacha),
            Just(Self::Tls13Aes256),
            Just(Self::Tls12Aes256),
        ]
    }

    fn provider(self) -> Arc<CryptoProvider> {
        let id = self.id();
        let all = aws_lc_rs::default_provider();
        let cipher_suites: Vec<SupportedCipherSuite> =
            all.cipher_suites.iter().copied().filter(|s| s.suite() == id).collect();
        Arc::new(CryptoProvider { cipher_suites, ..all })
    }
}

/// A rustls client config that trusts [`certs`].
#[must_use]
pub fn client_config(suite: Suite) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certs().ca.clone()).unwrap();
    ClientConfig::builder_with_provider(suite.provider())
        .with_protocol_versions(versions(suite))
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// A rustls server config with [`certs`].
#[must_use]
pub fn server_config(suite: Suite) -> ServerConfig {
    ServerConfig::builder_with_provider(suite.provider())
        .with_protocol_versions(versions(suite))
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certs().chain.clone(), certs().key())
        .unwrap()
}

pub(crate) fn versions(suite: Suite) -> &'static [&'static SupportedProtocolVersion] {
    static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
    static TLS12_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
    if suite.version() == Version::Tls13 { TLS13_ONLY } else { TLS12_ONLY }
}

/// A client context for one suite.
#[must_use]
pub fn client(suite: Suite) -> ClientContext {
    ClientContext::new(client_config(suite), AwsLcRs).unwrap()
}

/// A server context for one suite.
#[must_use]
pub fn server(suite: Suite) -> ServerContext {
    ServerContext::new(server_config(suite), AwsLcRs).unwrap()
}
