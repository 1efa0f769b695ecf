//! The system's `openssl s_server` and `openssl s_client`.

use std::process::Command;

use rustls::CipherSuite;
use wantls::{Role, Version};

use super::foreign::{Again, Foreign, version_of};
use super::{Peer, Talker};
use crate::Result;
use crate::case::{Alpn, Case, ClientCert, Script, Setup};
use crate::config::{PROTOCOL, UNKNOWN_PROTOCOL};
use crate::pki::{Id, Pki};

pub(super) struct OpenSsl;

impl Peer for OpenSsl {
    fn name(&self) -> &'static str {
        "openssl"
    }

    fn version(&self) -> Result<String> {
        version_of("openssl", "version", "openssl")
    }

    fn lacks(&self, ours: Role, case: &Case) -> Option<&'static str> {
        if matches!(case.script, Script::HalfCloseByUs | Script::HalfCloseByPeer) {
            return Some("the program closes both directions at once");
        }
        let short = case.script == Script::FullRecordsFromPeer && ours == Role::Server;
        short.then_some("the program sends less at a time")
    }

    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let setup = &case.setup;
        let identity = pki.get(setup.cert)?;
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}")]);
        command.arg("-cert").arg(&identity.cert_file).arg("-key").arg(&identity.key_file);
        common(&mut command, setup);
        // Its commands work only where it is talkative.
        let noisy = case.script == Script::PeerUpdatesKey;
        if !noisy {
            command.arg("-quiet");
        }
        command.args(["-naccept", if case.script == Script::Resume { "2" } else { "1" }]);
        if setup.client_cert != ClientCert::NotAsked {
            command.args(["-Verify", "2", "-verify_return_error", "-CAfile"]).arg(&pki.ca_file);
        }
        match setup.alpn {
            Alpn::None => {}
            Alpn::Agreed => _ = command.args(["-alpn", PROTOCOL]),
            Alpn::Refused => _ = command.args(["-alpn", UNKNOWN_PROTOCOL]),
        }
        if setup.other_name {
            let other = pki.get(Id::Other)?;
            command.args(["-servername", setup.name()]);
            command.arg("-cert2").arg(&other.cert_file).arg("-key2").arg(&other.key_file);
        }
        if setup.hello_retry {
            command.args(["-groups", "P-384"]);
        }
        Ok(Box::new(Foreign::bridge(&mut command)?.noisy(noisy).update(b"K\n")))
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let session = pki.file(&format!("openssl-{port}.session"));
        let mut command = client(port, &case.setup, pki)?;
        if case.script != Script::Resume {
            return Ok(Box::new(Foreign::bridge(&mut command)?.update(b"K\n")));
        }
        command.arg("-sess_out").arg(&session);
        let mut again = client(port, &case.setup, pki)?;
        again.arg("-sess_in").arg(&session);
        Ok(Box::new(Foreign::bridge(&mut command)?.resumes(Again::Restart(Box::new(again), session))))
    }
}

fn client(port: u16, setup: &Setup, pki: &Pki) -> Result<Command> {
    let name = setup.name();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", name, "-brief"]);
    command.args(["-verify_return_error", "-verify_hostname", name, "-CAfile"]).arg(&pki.ca_file);
    common(&mut command, setup);
    if setup.client_cert.is_sent() {
        let identity = pki.get(setup.client_cert.id())?;
        command.arg("-cert").arg(&identity.cert_file).arg("-key").arg(&identity.key_file);
    }
    if setup.alpn != Alpn::None {
        command.args(["-alpn", PROTOCOL]);
    }
    if setup.hello_retry {
        command.args(["-groups", "X25519:P-384"]);
    }
    Ok(command)
}

fn common(command: &mut Command, setup: &Setup) {
    let tls13 = setup.version == Version::Tls13;
    command.arg(if tls13 { "-tls1_3" } else { "-tls1_2" });
    if let Some(suite) = setup.suite {
        command.args([if tls13 { "-ciphersuites" } else { "-cipher" }, suite_name(suite)]);
    }
    if setup.fragment.is_some() {
        // The shortest that it does.
        command.args(["-max_send_frag", "512"]);
    }
}

/// OpenSSL's name of a suite, which curl and mbedTLS's users know as well.
pub(super) fn suite_name(suite: CipherSuite) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of all TLS suites is long, and grows")]
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        // Not a name: the program refuses to start.
        _ => "unknown",
    }
}
