//! What the kernel is given is what a C compiler makes of `linux/tls.h`. Needs `cc` and the kernel's headers, which come
//! with the C library's.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]

use std::fmt::Write;
use std::process::Command;

use wantls::{Algorithm, TrafficKey, Version};
use wantls_ktls::{CryptoInfo, Direction};

/// What the C program prints.
fn of_the_header() -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("layout");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layout.c");
    let compiled = Command::new("cc").args(["-Wall", "-Werror", source, "-o"]).arg(&program).status();
    assert!(compiled.expect("a C compiler").success());
    String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap()
}

fn counting<const N: usize>(first: u8) -> [u8; N] {
    core::array::from_fn(|i| first + i as u8)
}

#[test]
fn the_structures_are_those_of_the_header() {
    let mut ours = String::new();
    let (iv, seq) = (counting::<12>(0x10), u64::from_be_bytes(counting::<8>(0x40)));
    for (name, algorithm, len) in [
        ("aes_gcm_128", Algorithm::Aes128Gcm, 16),
        ("aes_gcm_256", Algorithm::Aes256Gcm, 32),
        ("chacha20_poly1305", Algorithm::Chacha20Poly1305, 32),
    ] {
        let key = TrafficKey { algorithm, key: &counting::<32>(0x80)[..len], iv: &iv, seq };
        let info = CryptoInfo::new(Version::Tls13, key, Direction::Write).unwrap();
        let hex: String = info.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(ours, "{name} {hex}").unwrap();
    }
    let numbers = [libc::TLS_TX, libc::TLS_RX, libc::TLS_SET_RECORD_TYPE, libc::TLS_GET_RECORD_TYPE, 0x0303];
    writeln!(ours, "numbers {}", numbers.map(|n| n.to_string()).join(" ")).unwrap();
    assert_eq!(ours, of_the_header());
}
