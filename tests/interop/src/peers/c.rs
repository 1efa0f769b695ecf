//! C libraries behind small programs of our own (`c/`), compiled where the library's headers are installed.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use rustls::CipherSuite;
use tempfile::TempDir;
use wantls::{Role, Version};

use super::foreign::{Again, Foreign, version_of};
use super::openssl::suite_name;
use super::{Habits, Peer, Talker};
use crate::Result;
use crate::case::{Alpn, Case, ClientCert, Script};
use crate::config::{PROTOCOL, UNKNOWN_PROTOCOL};
use crate::pki::{Id, Pki};

pub(super) struct Library {
    name: &'static str,
    /// Debian's package of it.
    package: &'static str,
    source: &'static str,
    link: &'static [&'static str],
    suite: fn(CipherSuite) -> String,
    lacks: fn(Role, &Case) -> Option<&'static str>,
    habits: Habits,
    program: OnceLock<std::result::Result<Built, String>>,
}

/// A compiled program, for as long as the run lasts.
struct Built {
    path: PathBuf,
    _dir: TempDir,
}

impl Library {
    pub(super) fn mbedtls() -> Self {
        Self {
            name: "mbedtls",
            package: "libmbedtls-dev",
            source: "mbedtls.c",
            link: &["-lmbedtls", "-lmbedx509", "-lmbedcrypto"],
            suite: |suite| u16::from(suite).to_string(),
            lacks: |_, case| {
                if case.setup.version == Version::Tls13 {
                    Some("Debian's version has no TLS 1.3")
                } else if case.setup.cert == Id::Ed25519 {
                    Some("it has no Ed25519")
                } else if case.setup.fragment.is_some() {
                    Some("Debian's version takes no handshake message in several records")
                } else {
                    None
                }
            },
            // None where a client has no certificate.
            habits: Habits { alerts: false, ..Habits::GOOD },
            program: OnceLock::new(),
        }
    }

    pub(super) fn wolfssl() -> Self {
        Self {
            name: "wolfssl",
            package: "libwolfssl-dev",
            source: "wolfssl.c",
            link: &["-lwolfssl"],
            suite: wolfssl_suite,
            lacks: |ours, case| {
                let resumes = case.script == Script::Resume && case.setup.version == Version::Tls13;
                (resumes && ours == Role::Server)
                    .then_some("Debian's version takes no ticket with a long nonce")
            },
            habits: Habits { alerts: false, takes_tickets: false, ..Habits::GOOD },
            program: OnceLock::new(),
        }
    }

    fn program(&self) -> Result<&Built> {
        let built = self.program.get_or_init(|| self.build().map_err(|error| error.to_string()));
        Ok(built.as_ref().map_err(Clone::clone)?)
    }

    fn build(&self) -> Result<Built> {
        let dir = tempfile::Builder::new().prefix("wantls-interop-").tempdir()?;
        let path = dir.path().join(self.name);
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("c").join(self.source);
        let cc = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-o"])
            .arg(&path)
            .arg(source)
            .args(self.link)
            .output();
        let output = cc.map_err(|_| "no C compiler: Debian package gcc")?;
        if output.status.success() {
            return Ok(Built { path, _dir: dir });
        }
        let why = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_string();
        Err(format!("it does not compile (Debian package {}): {why}", self.package).into())
    }

    /// The arguments of both roles, in the order that `c/bridge.h` knows.
    fn command(&self, role: &str, port: u16, case: &Case, pki: &Pki) -> Result<Command> {
        let setup = &case.setup;
        let server = role == "server";
        let identity = match server {
            true => Some(if setup.other_name { Id::Other } else { setup.cert }),
            false => setup.client_cert.is_sent().then(|| setup.client_cert.id()),
        };
        let mut command = Command::new(&self.program()?.path);
        command.args([role, &port.to_string(), if setup.version == Version::Tls13 { "13" } else { "12" }]);
        command.arg(setup.suite.map_or("-".into(), self.suite)).arg(&pki.ca_file);
        match identity {
            Some(id) => {
                let identity = pki.get(id)?;
                command.arg(&identity.cert_file).arg(&identity.key_file);
            }
            None => _ = command.args(["-", "-"]),
        }
        command.arg(if setup.client_cert == ClientCert::NotAsked { "-" } else { "ask" });
        command.arg(match (setup.alpn, server) {
            (Alpn::None, _) => "-",
            (Alpn::Refused, true) => UNKNOWN_PROTOCOL,
            (Alpn::Agreed, _) | (Alpn::Refused, false) => PROTOCOL,
        });
        // A server insists on the name only where it is the point.
        command.arg(if server && !setup.other_name { "-" } else { setup.name() });
        command.arg(if setup.hello_retry { "retry" } else { "-" });
        command.arg(if case.script == Script::Resume { "2" } else { "1" });
        Ok(command)
    }

    fn start(&self, mut command: Command) -> Result<Box<dyn Talker>> {
        Ok(Box::new(Foreign::bridge(&mut command)?.update(b"\x01").resumes(Again::Input(b"\x02"))))
    }
}

impl Peer for Library {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> Result<String> {
        version_of(&self.program()?.path.to_string_lossy(), "version", self.package)
    }

    fn lacks(&self, ours: Role, case: &Case) -> Option<&'static str> {
        (self.lacks)(ours, case)
    }

    fn habits(&self) -> Habits {
        self.habits
    }

    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        self.start(self.command("server", port, case, pki)?)
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        self.start(self.command("client", port, case, pki)?)
    }
}

fn wolfssl_suite(suite: CipherSuite) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of all TLS suites is long, and grows")]
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS13-AES128-GCM-SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS13-AES256-GCM-SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS13-CHACHA20-POLY1305-SHA256",
        suite => suite_name(suite),
    }
    .into()
}
