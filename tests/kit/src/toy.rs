//! Contexts for handshakes that cost little and repeat themselves byte for byte: a key exchange without
//! mathematics, random numbers from a seed, a clock that stands still, Ed25519 keys from a constant.
//!
//! Nothing here is secret, and nothing else of TLS is missing: the records are protected by a real AEAD.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup,
    aws_lc_rs,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::ServerSessionMemoryCache;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, NamedGroup, RootCertStore, ServerConfig};

use crate::{NAME, Suite};

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// Starts this thread's random numbers anew.
pub fn reseed(seed: u64) {
    SEED.set(seed);
}

/// The next of this thread's random numbers (splitmix64).
fn next() -> u64 {
    let seed = SEED.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    SEED.set(seed);
    let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&next().to_le_bytes()[..chunk.len()]);
    }
}

#[derive(Debug)]
struct Seeded;

impl SecureRandom for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        fill(bytes);
        Ok(())
    }
}

/// Calls itself X25519; the shared secret is the two public keys.
#[derive(Debug)]
struct ToyGroup;

impl SupportedKxGroup for ToyGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        let mut public = [0; 32];
        fill(&mut public);
        Ok(Box::new(ToyExchange { public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct ToyExchange {
    public: [u8; 32],
}

impl ActiveKeyExchange for ToyExchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let both = self.public.iter().zip(peer).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
        if peer.len() == 32 { Ok(both.into()) } else { Err(rustls::PeerMisbehaved::InvalidKeyShare.into()) }
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// New Year 2030.
#[derive(Debug)]
struct Standstill;

impl TimeProvider for Standstill {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000)))
    }
}

fn provider(suite: Suite) -> Arc<CryptoProvider> {
    let all = aws_lc_rs::default_provider();
    Arc::new(CryptoProvider {
        cipher_suites: all.cipher_suites.iter().copied().filter(|s| s.suite() == suite.id()).collect(),
        kx_groups: vec![&ToyGroup],
        secure_random: &Seeded,
        ..all
    })
}

struct Chain {
    ca: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

/// An Ed25519 key as PKCS #8 (RFC 8410 section 7).
fn key(byte: u8) -> Vec<u8> {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [head.as_slice(), &[byte; 32]].concat()
}

fn key_pair(der: &[u8]) -> KeyPair {
    KeyPair::try_from(&PrivatePkcs8KeyDer::from(der)).unwrap()
}

fn chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = key_pair(&key(1));
        let ca = params.self_signed(&ca_key).unwrap().der().clone();
        let issuer = Issuer::new(params, ca_key);
        let key = key(2);
        let params = CertificateParams::new(vec![NAME.to_string()]).unwrap();
        let leaf = params.signed_by(&key_pair(&key), &issuer).unwrap().der().clone();
        Chain { ca, leaf, key }
    })
}

/// A client config without memory of earlier sessions.
#[must_use]
pub fn client_config(suite: Suite) -> ClientConfig {
    static CONFIGS: [OnceLock<ClientConfig>; Suite::ALL.len()] =
        [const { OnceLock::new() }; Suite::ALL.len()];
    let make = || {
        let mut roots = RootCertStore::empty();
        roots.add(chain().ca.clone()).unwrap();
        let mut config = ClientConfig::builder_with_details(provider(suite), Arc::new(Standstill))
            .with_protocol_versions(crate::contexts::versions(suite))
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config
    };
    CONFIGS[suite as usize].get_or_init(make).clone()
}

/// A server config with a memory of its own, so that it sends tickets.
#[must_use]
pub fn server_config(suite: Suite) -> ServerConfig {
    static CONFIGS: [OnceLock<ServerConfig>; Suite::ALL.len()] =
        [const { OnceLock::new() }; Suite::ALL.len()];
    let make = || {
        ServerConfig::builder_with_details(provider(suite), Arc::new(Standstill))
            .with_protocol_versions(crate::contexts::versions(suite))
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![chain().leaf.clone()],
                PrivatePkcs8KeyDer::from(chain().key.clone()).into(),
            )
            .unwrap()
    };
    let mut config = CONFIGS[suite as usize].get_or_init(make).clone();
    config.session_storage = ServerSessionMemoryCache::new(4);
    config
}
