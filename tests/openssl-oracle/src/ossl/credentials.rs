//! Contexts, the certificate and the sessions to resume from, made once for the process.

use crate::setup::{Options, Role, Version};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    SslContext, SslContextBuilder, SslMethod, SslOptions, SslSession, SslSessionCacheMode, SslVersion,
};
use openssl::x509::{X509, X509NameBuilder};
use std::sync::OnceLock;

/// What all connections of one version share.
pub(crate) struct Credentials {
    pub(crate) client: SslContext,
    pub(crate) server: SslContext,
    session: OnceLock<SslSession>,
}

impl Credentials {
    pub(crate) fn context(&self, role: Role) -> &SslContext {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// The session all cheap handshakes resume, made by one full handshake.
    pub(crate) fn session(&self, version: Version) -> &SslSession {
        self.session.get_or_init(|| {
            super::handshake::full(version, Options::default(), Options { tickets: 1, ..Options::default() })
        })
    }
}

/// The credentials for `version`.
pub(crate) fn of(version: Version) -> &'static Credentials {
    static TLS12: OnceLock<Credentials> = OnceLock::new();
    static TLS13: OnceLock<Credentials> = OnceLock::new();
    match version {
        Version::Tls12 => TLS12.get_or_init(|| create(SslVersion::TLS1_2)),
        Version::Tls13 => TLS13.get_or_init(|| create(SslVersion::TLS1_3)),
    }
}

fn create(version: SslVersion) -> Credentials {
    let (key, certificate) = certificate();
    let mut client = context(version);
    client.set_session_cache_mode(SslSessionCacheMode::OFF);
    let mut server = context(version);
    server.set_session_cache_mode(SslSessionCacheMode::OFF);
    server.set_private_key(&key).expect("the key fits");
    server.set_certificate(&certificate).expect("the certificate fits");
    server.set_session_id_context(b"oracle").expect("short enough");
    Credentials { client: client.build(), server: server.build(), session: OnceLock::new() }
}

fn context(version: SslVersion) -> SslContextBuilder {
    let mut builder = SslContext::builder(SslMethod::tls()).expect("a context");
    builder.set_min_proto_version(Some(version)).expect("a known version");
    builder.set_max_proto_version(Some(version)).expect("a known version");
    builder.set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256").expect("a known suite");
    builder.set_ciphersuites("TLS_AES_128_GCM_SHA256").expect("a known suite");
    // TLS 1.2 also checks the certificate's curve against this list; the key exchange takes the first.
    builder.set_groups_list("X25519:P-256").expect("known groups");
    // A resumed handshake without a key exchange costs a fifth; its secrecy does not matter here.
    builder.set_options(SslOptions::from_bits_retain(
        super::ffi::SSL_OP_ALLOW_NO_DHE_KEX | super::ffi::SSL_OP_PREFER_NO_DHE_KEX,
    ));
    builder
}

fn certificate() -> (PKey<Private>, X509) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "oracle").expect("an entry");
    let name = name.build();
    let mut x509 = X509::builder().expect("a certificate");
    x509.set_version(2).expect("version 3");
    x509.set_serial_number(&BigNum::from_u32(1).and_then(|n| n.to_asn1_integer()).expect("a serial number"))
        .expect("a serial number");
    x509.set_subject_name(&name).expect("a subject");
    x509.set_issuer_name(&name).expect("an issuer");
    x509.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a time");
    x509.set_not_after(&Asn1Time::days_from_now(30).expect("a time")).expect("a time");
    x509.set_pubkey(&key).expect("a public key");
    x509.sign(&key, MessageDigest::sha256()).expect("a signature");
    (key, x509.build())
}
