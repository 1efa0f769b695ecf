//! The H rules about renegotiation at TLS 1.2, which only OpenSSL does: our side refuses it. What refusing
//! looks like from outside (the second half of H19) is compared with every library.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::Lab;
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::setup::{Library, Options, Role, Setup, Version};
use wantls_openssl_oracle::subject::{Reason, Subject as _, code};

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";

fn refusing(library: &dyn Library, capacity: usize) -> Lab {
    let options = Options { no_renegotiation: true, ..Options::default() };
    Lab::new(library, Setup::client(Version::Tls12, capacity).with(options))
}

fn h19_a_client_that_refuses(library: &dyn Library) {
    let mut lab = refusing(library, 512);
    lab.peer_asks();
    lab.peer_writes(10);
    assert_eq!(lab.read(100), "10");
    assert_eq!(lab.out(), 31, "a no_renegotiation warning");
    assert_eq!(lab.write(10), "10", "and it goes on");
    lab.drain();
    let last = lab.peer_reads().1;
    assert_eq!((last.ret, last.reason), (-1, Some(Reason::ssl(339))), "the server dies of it");
    lab.deliver();
    assert_eq!(lab.read(1), "0/SSL 1040", "handshake_failure");
}

fn h19_the_refusal_waits_behind_a_pending_record(library: &dyn Library) {
    let mut lab = refusing(library, 600);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    lab.drain();
    assert_eq!(lab.write(1000), "1000");
    lab.drain();
    assert_eq!(lab.write_ex(0), "1 n=0");
    assert_eq!(lab.out(), 0, "not with a write of nothing");
    assert_eq!(lab.write(10), "10");
    lab.drain();
    assert_eq!(lab.wire_records(), [1029, 31, 39]);
}

wantls_openssl_oracle::on_every_library! {
    established: h19_a_client_that_refuses, h19_the_refusal_waits_behind_a_pending_record,
}

#[test]
fn h18_starting() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls13, 512);
    assert_eq!(lab.subject.renegotiate().reason, Some(Reason::ssl(266)));
    let mut lab = refusing(&OpenSsl, 512);
    assert_eq!(lab.subject.renegotiate().reason, Some(Reason::ssl(339)));

    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 5000);
    assert_eq!(lab.subject.renegotiate().ret, 1);
    assert_eq!((lab.out(), lab.subject.in_init()), (0, false), "only a request");
    assert_eq!(lab.write(10), STARVED, "a client's write waits for the handshake");
    assert!(lab.out() > 0);

    let mut lab = Lab::new(&OpenSsl, Setup::server(Version::Tls12, 5000));
    assert_eq!(lab.subject.renegotiate().ret, 1);
    assert_eq!(lab.write(10), "10", "a server's does not");
    assert_eq!(lab.out(), 33 + 39);
    lab.discard();
    assert_eq!(lab.write(4950), "4950");
    lab.subject.renegotiate();
    assert_eq!(lab.write(10), BLOCKED);
    assert_eq!(lab.read(10), BLOCKED);
}

#[test]
fn h18_a_pending_record_postpones_it() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 600);
    assert_eq!(lab.write(1000), BLOCKED);
    assert_eq!(lab.subject.renegotiate().ret, 1);
    lab.drain();
    assert_eq!(lab.write(1000), "1000");
    lab.drain();
    assert!(lab.write(10).starts_with("-1/WANT_"), "the next write starts it");
}

#[test]
fn h19_a_client_that_accepts() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 5000);
    lab.peer_asks();
    lab.peer_writes(10);
    assert_eq!(lab.read(100), "10");
    assert!(lab.out() > 0 && lab.subject.in_init(), "the ClientHello was written by the read");
}

#[test]
fn h20_a_server_refuses_its_client() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 5000);
    lab.subject.renegotiate();
    assert_eq!(lab.write(10), STARVED);
    lab.drain();
    assert_eq!(lab.peer_reads().1.error, code::WANT_READ, "as if nothing had happened");
    lab.deliver();
    assert_eq!(lab.write(10), "-1/SSL 339", "which kills the client");
    lab.drain();
    assert_eq!(lab.peer_reads().1.reason, Some(Reason::ssl(1040)));
}

#[test]
fn h20_unless_it_allows_it() {
    let options = Options { allow_client_renegotiation: true, ..Options::default() };
    let setup = Setup { role: Role::Server, ..Setup::client(Version::Tls12, 20000) }.with(options);
    let (mut server, mut client) = OpenSsl.ends(&setup);
    client.renegotiate();
    for _ in 0..4 {
        client.do_handshake();
        server.fill(&client.drain(usize::MAX));
        server.read(1);
        client.fill(&server.drain(usize::MAX));
    }
    assert!(client.is_init_finished() && server.is_init_finished());
    assert_eq!(client.write(b"after", 5).ret, 5);
    server.fill(&client.drain(usize::MAX));
    assert_eq!(server.read(10).data, b"after");
}

#[test]
fn h21_data_during_a_renegotiation() {
    let mut lab = Lab::client(&OpenSsl, Version::Tls12, 5000);
    lab.subject.renegotiate();
    lab.peer_writes(10);
    assert_eq!(lab.read(100), "10", "a reading client is given the data");
    assert!(lab.subject.in_init());
}
