//! Tells the compiler's version, and compiles the bridges to the C libraries whose features are on.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=c");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().map(|output| output.stdout);
    let version = String::from_utf8(version.unwrap_or_default()).unwrap_or_default();
    println!("cargo::rustc-env=RUSTC_VERSION={}", version.trim());
    #[cfg(any(feature = "wolfssl", feature = "mbedtls", feature = "gnutls"))]
    compile();
}

#[cfg(any(feature = "wolfssl", feature = "mbedtls", feature = "gnutls"))]
fn compile() {
    let bridges: &[(&str, &[&str])] = &[
        #[cfg(feature = "wolfssl")]
        ("wolfssl", &["wolfssl"]),
        #[cfg(feature = "mbedtls")]
        ("mbedtls", &["mbedtls", "mbedx509", "mbedcrypto"]),
        #[cfg(feature = "gnutls")]
        ("gnutls", &["gnutls"]),
    ];
    for (bridge, libraries) in bridges {
        cc::Build::new().file(format!("c/{bridge}.c")).compile(&format!("bench_{bridge}"));
        for library in *libraries {
            println!("cargo::rustc-link-lib={library}");
        }
    }
}
