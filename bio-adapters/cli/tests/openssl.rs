//! Against the openssl command: files both ways, both versions, and certificates that are refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]
#![allow(dead_code, reason = "each test file uses a part of the common module")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{
    Dir, Pem, Process, client, free_port, megabytes, noise, openssl, run, run_when_listening, server, sha256,
};

/// `s_server` for one connection; what it is sent goes to standard output.
fn s_server(port: u16, pem: &Pem, tls: &str, args: &[&str]) -> Process {
    let mut command = openssl();
    command.args(["s_server", "-naccept", "1", version(tls), "-accept"]).arg(format!("127.0.0.1:{port}"));
    command.arg("-cert").arg(&pem.cert).arg("-key").arg(&pem.key).args(args);
    Process::start(&mut command)
}

/// `s_client` that sends its standard input and prints what it is sent, both to the byte.
fn s_client(port: u16, ca: &Path, tls: &str, args: &[&str]) -> Process {
    let mut command = openssl();
    command.args([
        "s_client",
        "-quiet",
        "-nocommands",
        version(tls),
        "-verify_return_error",
        "-servername",
        "localhost",
    ]);
    command.arg("-connect").arg(format!("localhost:{port}")).arg("-CAfile").arg(ca).args(args);
    Process::start(&mut command)
}

fn version(tls: &str) -> &'static str {
    if tls == "1.2" { "-tls1_2" } else { "-tls1_3" }
}

/// The large file, with its content.
fn large(dir: &Dir) -> (PathBuf, Vec<u8>) {
    let data = noise(megabytes() << 20, 7);
    (dir.file("large", &data), data)
}

/// A certificate authority that has signed nothing here.
fn stranger(dir: &Dir) -> PathBuf {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "a stranger");
    dir.file("stranger.pem", params.self_signed(&key).unwrap().pem())
}

fn upload_to_s_server(tls: &str) {
    let dir = Dir::new();
    let (pem, (file, data)) = (dir.certs(), large(&dir));
    let port = free_port();
    let server = s_server(port, &pem, tls, &["-quiet"]);
    let sent = run_when_listening(|| {
        let mut command = client(port, &pem);
        command.arg("--send").arg(&file);
        command
    });
    sent.expect_code(0).expect_stderr(&sha256(&data)).expect_stderr(&format!("TLSv{tls}"));
    assert!(server.end().stdout == data, "what s_server printed is the file");
}

#[test]
fn upload_to_s_server_tls12() {
    upload_to_s_server("1.2");
}

#[test]
fn upload_to_s_server_tls13() {
    upload_to_s_server("1.3");
}

/// s_server answers a request with a file, close_notify and the end.
fn download_from_s_server(tls: &str) {
    let dir = Dir::new();
    let (pem, (file, data)) = (dir.certs(), large(&dir));
    let (port, copy) = (free_port(), dir.path("copy"));
    let path = file.strip_prefix("/").unwrap().display().to_string();
    let request = dir.file("request", format!("GET /{path} HTTP/1.0\r\n\r\n"));
    let mut command = openssl();
    command.current_dir("/").args(["s_server", "-HTTP", "-naccept", "1", version(tls)]);
    command.arg("-accept").arg(format!("127.0.0.1:{port}"));
    command.arg("-cert").arg(&pem.cert).arg("-key").arg(&pem.key);
    let _server = Process::start(&mut command);
    let received = run_when_listening(|| {
        let mut command = client(port, &pem);
        command.arg("--send").arg(&request).arg("--recv").arg(&copy).arg("--keep-open");
        command
    });
    received.expect_code(0).expect_stderr(&sha256(&data)).expect_stderr(&format!("TLSv{tls}"));
    assert!(fs::read(copy).unwrap() == data, "the copy is the file");
}

#[test]
fn download_from_s_server_tls12() {
    download_from_s_server("1.2");
}

#[test]
fn download_from_s_server_tls13() {
    download_from_s_server("1.3");
}

fn upload_from_s_client(tls: &str) {
    let dir = Dir::new();
    let (pem, (_, data)) = (dir.certs(), large(&dir));
    let copy = dir.path("copy");
    let mut server = Process::start(server(&pem).arg("--recv").arg(&copy));
    let mut client = s_client(server.port(), &pem.ca, tls, &["-no_ign_eof"]);
    client.input(&data);
    client.end_input();
    client.end().expect_code(0);
    server.end().expect_code(0).expect_stderr(&sha256(&data)).expect_stderr(&format!("TLSv{tls}"));
    assert!(fs::read(copy).unwrap() == data, "the copy is the file");
}

#[test]
fn upload_from_s_client_tls12() {
    upload_from_s_client("1.2");
}

#[test]
fn upload_from_s_client_tls13() {
    upload_from_s_client("1.3");
}

fn download_to_s_client(tls: &str) {
    let dir = Dir::new();
    let (pem, (file, data)) = (dir.certs(), large(&dir));
    let mut server = Process::start(server(&pem).arg("--send").arg(&file));
    let client = s_client(server.port(), &pem.ca, tls, &[]);
    let printed = client.end().expect_code(0).stdout;
    assert!(printed == data, "what s_client printed is the file");
    server.end().expect_code(0).expect_stderr(&sha256(&data)).expect_stderr(&format!("TLSv{tls}"));
}

#[test]
fn download_to_s_client_tls12() {
    download_to_s_client("1.2");
}

#[test]
fn download_to_s_client_tls13() {
    download_to_s_client("1.3");
}

#[test]
fn echo_to_s_client() {
    let dir = Dir::new();
    let pem = dir.certs();
    let mut server = Process::start(server(&pem).arg("--echo"));
    let mut client = s_client(server.port(), &pem.ca, "1.3", &["-no_ign_eof"]);
    client.input(b"Q is no command here\nR neither\n");
    // s_client closes at the end of its input, whatever is on its way back.
    client.wait_for(|client| (client.stdout() == b"Q is no command here\nR neither\n").then_some(()));
    client.end_input();
    client.end().expect_code(0);
    server.end().expect_code(0).expect_stderr("echoed 31 bytes");
}

#[test]
fn alpn_is_agreed_on() {
    let dir = Dir::new();
    let pem = dir.certs();
    let port = free_port();
    let _server = s_server(port, &pem, "1.3", &["-quiet", "-alpn", "h2,http/1.1"]);
    let file = dir.file("file", "x");
    let sent = run_when_listening(|| {
        let mut command = client(port, &pem);
        command.args(["--alpn", "acme,http/1.1", "--send"]).arg(&file);
        command
    });
    sent.expect_code(0).expect_stderr("ALPN http/1.1");
}

/// The client refuses a certificate, and says so to the server before it goes.
#[test]
fn a_certificate_that_does_not_verify_is_exit_code_5_and_an_alert() {
    for tls in ["1.2", "1.3"] {
        let dir = Dir::new();
        let (pem, stranger, port) = (dir.certs(), stranger(&dir), free_port());
        let server = s_server(port, &pem, tls, &["-quiet"]);
        let pem = Pem { ca: stranger, ..pem };
        let refused = run_when_listening(|| client(port, &pem));
        refused.expect_code(5).expect_stderr("UnknownIssuer").expect_stderr("--ca");
        server.end().expect_stderr("alert unknown ca");
    }
}

#[test]
fn a_certificate_for_another_name_is_exit_code_5_and_an_alert() {
    let dir = Dir::new();
    let (pem, port) = (dir.certs(), free_port());
    let server = s_server(port, &pem, "1.3", &["-quiet"]);
    let refused = run_when_listening(|| {
        let mut command = client(port, &pem);
        command.args(["--servername", "example.com"]);
        command
    });
    refused.expect_code(5).expect_stderr("example.com").expect_stderr("--servername");
    server.end().expect_stderr("alert bad certificate");
}

/// The server is told that its certificate was refused, and passes it on.
#[test]
fn an_alert_of_the_peer_is_exit_code_6() {
    for tls in ["1.2", "1.3"] {
        let dir = Dir::new();
        let (pem, stranger) = (dir.certs(), stranger(&dir));
        let mut server = Process::start(server(&pem).arg("--echo"));
        let client = s_client(server.port(), &stranger, tls, &[]);
        assert_ne!(client.end().code, Some(0));
        server.end().expect_code(6).expect_stderr("UnknownCA");
    }
}

#[test]
fn no_common_version_is_exit_code_5_or_6_with_an_alert() {
    let dir = Dir::new();
    let (pem, port) = (dir.certs(), free_port());
    let only12 = s_server(port, &pem, "1.2", &["-quiet"]);
    let refused = run_when_listening(|| {
        let mut command = client(port, &pem);
        command.args(["--tls", "1.3"]);
        command
    });
    // s_server finds out first.
    refused.expect_code(6).expect_stderr("ProtocolVersion");
    drop(only12);

    let mut only13 = Process::start(server(&pem).args(["--echo", "--tls", "1.3"]));
    let client = s_client(only13.port(), &pem.ca, "1.2", &[]);
    client.end().expect_stderr("alert protocol version");
    only13.end().expect_code(5);
}

/// A peer that is killed in the middle: what arrived is kept, and the exit code says that it is not all.
#[test]
fn a_peer_that_is_killed_is_exit_code_7() {
    let dir = Dir::new();
    let (pem, copy) = (dir.certs(), dir.path("copy"));
    let mut server = Process::start(server(&pem).arg("--recv").arg(&copy));
    let mut client = s_client(server.port(), &pem.ca, "1.3", &[]);
    let data = noise(300_000, 9);
    client.input(&data);
    let arrived = || fs::metadata(&copy).is_ok_and(|m| m.len() >= data.len() as u64);
    server.wait_for(|_| arrived().then_some(()));
    drop(client);
    server.end().expect_code(7).expect_stderr("300,000 bytes that arrived are kept");
    assert!(fs::read(copy).unwrap() == data);
}

#[test]
fn openssl_is_here() {
    run(openssl().arg("version")).expect_code(0);
}
