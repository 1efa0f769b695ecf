//! Records as a whole. `seal` and `open` look at the layout and at every limit through a transparent AEAD;
//! `providers` at the bytes that the real ones make.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod open;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto"))]
mod providers;
mod seal;

use alloc::vec::Vec;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};

use super::aead::{Algorithm, NONCE_LEN};
use super::testing::{ALGORITHMS, VERSIONS};
use super::{ContentType, MAX_PLAINTEXT, Version};

/// An IV in which every byte has its own value.
const IV: [u8; NONCE_LEN] = [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab];

/// The three ways to frame a record, with the bytes that each adds in front and in all.
const FRAMINGS: [(Version, Algorithm, usize, usize); 3] = [
    (Version::Tls13, Algorithm::Aes128Gcm, 5, 22),
    (Version::Tls12, Algorithm::Aes128Gcm, 13, 29),
    (Version::Tls12, Algorithm::Chacha20Poly1305, 5, 21),
];

/// The types that are ever protected.
const TYPES: [ContentType; 3] = [ContentType::Alert, ContentType::Handshake, ContentType::ApplicationData];

/// Miri is some hundred times slower, and sees no file system to keep failures in.
fn config(cases: u32) -> ProptestConfig {
    if cfg!(miri) {
        ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() }
    } else {
        ProptestConfig::with_cases(cases)
    }
}

fn longest() -> usize {
    if cfg!(miri) { 100 } else { MAX_PLAINTEXT }
}

fn version() -> impl Strategy<Value = Version> {
    proptest::sample::select(&VERSIONS[..])
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    proptest::sample::select(&ALGORITHMS[..])
}

fn content_type() -> impl Strategy<Value = ContentType> {
    proptest::sample::select(&TYPES[..])
}

/// A number with a successor that has one too.
fn seq() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX - 2), 0..u64::MAX - 1]
}

/// Plaintext, short or of any legal length, but not empty.
fn plaintext() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..40),
        (1..=longest(), any::<u8>()).prop_map(|(len, salt)| {
            (0..len).map(|i| (i as u8).wrapping_mul(31).wrapping_add(salt)).collect()
        }),
    ]
}
