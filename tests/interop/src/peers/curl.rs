//! `curl`: a client that posts, and prints the answer.

use std::fs;
use std::process::Command;

use wantls::{Role, Version};

use super::foreign::{Foreign, version_of};
use super::openssl::suite_name;
use super::{Peer, Talker};
use crate::Result;
use crate::case::{Alpn, Case, Script};
use crate::pki::Pki;
use crate::script::payload;

pub(super) struct Curl;

impl Peer for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn version(&self) -> Result<String> {
        version_of("curl", "--version", "curl")
    }

    fn lacks(&self, ours: Role, case: &Case) -> Option<&'static str> {
        if ours == Role::Client {
            return Some("it is a client only");
        }
        match case.script {
            Script::Exchange
            | Script::Resume
            | Script::Refused(_)
            | Script::FullRecordsFromPeer
            | Script::FullRecordsToPeer
            | Script::WeAbort => None,
            Script::PeerUpdatesKey
            | Script::WeUpdateKey
            | Script::OneByteRecords
            | Script::PeerCloses
            | Script::PeerAborts
            | Script::HalfCloseByUs
            | Script::HalfCloseByPeer => Some("it does one request, and no more"),
        }
    }

    fn serve(&self, _: u16, _: &Case, _: &Pki) -> Result<Box<dyn Talker>> {
        Err("curl is no server".into())
    }

    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>> {
        let setup = &case.setup;
        let name = setup.name();
        let body = pki.file(&format!("curl-{port}.body"));
        fs::write(&body, payload(setup.chunk))?;
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--http1.1", "--max-time", "5", "--noproxy", "*"]);
        command.args(["--resolve", &format!("{name}:{port}:127.0.0.1")]).arg("--cacert").arg(&pki.ca_file);
        command.args(["--header", "Expect:", "--data-binary", &format!("@{}", body.display())]);
        let tls13 = setup.version == Version::Tls13;
        command.args(if tls13 {
            ["--tlsv1.3", "--tls-max", "1.3"]
        } else {
            ["--tlsv1.2", "--tls-max", "1.2"]
        });
        if let Some(suite) = setup.suite {
            command.args([if tls13 { "--tls13-ciphers" } else { "--ciphers" }, suite_name(suite)]);
        }
        if setup.client_cert.is_sent() {
            let identity = pki.get(setup.client_cert.id())?;
            command.arg("--cert").arg(&identity.cert_file).arg("--key").arg(&identity.key_file);
        }
        if setup.alpn == Alpn::None {
            command.arg("--no-alpn");
        }
        if setup.hello_retry {
            command.args(["--curves", "X25519:P-384"]);
        }
        let url = format!("https://{name}:{port}/");
        command.arg(&url);
        if case.script == Script::Resume {
            command.arg(&url);
        }
        Ok(Box::new(Foreign::http(&mut command)?))
    }
}
