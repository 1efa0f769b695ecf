//! `gnutls-serv` and `gnutls-cli`.

use std::process::Command;

use rustls::CipherSuite;
use wantls::{Role, Version};

use super::foreign::{Again, Foreign, version_of};
use super::{Habits, Peer, Talker};
use crate::Result;
use crate::case::{Alpn, Case, ClientCert, Script, Setup};
use crate::config::{PROTOCOL, UNKNOWN_PROTOCOL};
use crate::pki::{Id, Pki};

pub(super) struct GnuTls;

impl Peer for GnuTls {
    fn name(&self) -> &'static str {
        "gnutls"
    }

    fn version(&self) -> Result<String> {
        version_of("gnutls-cli", "--version", "gnutls-bin")
    }

    fn lacks(&self, ours: Role, case: &Case) -> Option<&'static str> {
        match (case.script, ours) {
            (
                Script::PeerUpdatesKey | Script::PeerCloses | Script::HalfCloseByPeer | Script::HalfCloseByUs,
                Role::Client,
            ) => Some("the server program only echoes"),
            (Script::HalfCloseByUs, Role::Server) => Some("the program closes both directions at once"),
            (Script::FullRecordsFromPeer, _) => Some("the program sends less at a time"),
            _ => None,
        }
    }

    fn habits(&self) -> Habits {
        Habits { client_answers_close: false, ..Habits::GOOD }
    }

    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let setup = &case.setup;
        let identity = pki.get(if setup.other_name { Id::Other } else { setup.cert })?;
        let mut command = Command::new("gnutls-serv");
        command.args([
            "--echo",
            "--quiet",
            "--port",
            &port.to_string(),
            "--priority",
            &priority(setup, true),
        ]);
        command.arg("--x509certfile").arg(&identity.cert_file).arg("--x509keyfile").arg(&identity.key_file);
        if setup.client_cert == ClientCert::NotAsked {
            command.arg("--disable-client-cert");
        } else {
            command.args(["--require-client-cert", "--verify-client-cert", "--x509cafile"]).arg(&pki.ca_file);
        }
        match setup.alpn {
            Alpn::None => {}
            Alpn::Agreed => _ = command.args(["--alpn", PROTOCOL, "--alpn-fatal"]),
            Alpn::Refused => _ = command.args(["--alpn", UNKNOWN_PROTOCOL, "--alpn-fatal"]),
        }
        if setup.other_name {
            command.args(["--sni-hostname", setup.name(), "--sni-hostname-fatal"]);
        }
        Ok(Box::new(Foreign::echo(&mut command)?.stays()))
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let setup = &case.setup;
        let name = setup.name();
        let mut command = Command::new("gnutls-cli");
        command.args(["--port", &port.to_string(), "--sni-hostname", name, "--verify-hostname", name]);
        command.args(["--logfile", "/dev/null", "--priority", &priority(setup, false)]);
        command.arg("--x509cafile").arg(&pki.ca_file);
        if matches!(case.script, Script::Resume | Script::PeerUpdatesKey) {
            command.arg("--inline-commands");
        }
        if setup.client_cert.is_sent() {
            let identity = pki.get(setup.client_cert.id())?;
            command
                .arg("--x509certfile")
                .arg(&identity.cert_file)
                .arg("--x509keyfile")
                .arg(&identity.key_file);
        }
        if setup.alpn != Alpn::None {
            command.args(["--alpn", PROTOCOL]);
        }
        if setup.hello_retry {
            command.arg("--single-key-share");
        }
        command.arg("127.0.0.1");
        let program = Foreign::bridge(&mut command)?.update(b"^rekey^\n");
        Ok(Box::new(program.resumes(Again::Input(b"^resume^\n"))))
    }
}

/// A priority string for one version, and one suite where there is only one.
fn priority(setup: &Setup, server: bool) -> String {
    let version = if setup.version == Version::Tls13 { "TLS1.3" } else { "TLS1.2" };
    let mut priority = format!("NORMAL:-VERS-ALL:+VERS-{version}");
    if let Some(suite) = setup.suite {
        priority += &format!(":-CIPHER-ALL:+{}", cipher(suite));
    }
    match (setup.hello_retry, server) {
        (false, _) => {}
        (true, true) => priority += ":-GROUP-ALL:+GROUP-SECP384R1",
        (true, false) => priority += ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1",
    }
    priority
}

fn cipher(suite: CipherSuite) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of all TLS suites is long, and grows")]
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "AES-128-GCM",
        CipherSuite::TLS13_AES_256_GCM_SHA384
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "AES-256-GCM",
        _ => "CHACHA20-POLY1305",
    }
}
