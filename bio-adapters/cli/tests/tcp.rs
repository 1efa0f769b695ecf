//! `wantls client` and `wantls server` with each other, and with what can go wrong between and around them.
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
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use common::{Dir, Ended, Pem, Process, client, free_port, megabytes, noise, run, server, sha256, wantls};

const BOUND: Duration = Duration::from_secs(60);

/// Both files at once, each larger than what sockets and buffers hold: neither side may wait for one direction alone.
#[test]
fn files_go_both_ways_at_once() {
    for tls in ["1.2", "1.3"] {
        let dir = Dir::new();
        let pem = dir.certs();
        let (there, back) = (noise(megabytes() << 20, 1), noise((megabytes() << 20) + 12_345, 2));
        let (to_server, to_client) = (dir.path("to-server"), dir.path("to-client"));
        let mut server = Process::start(
            server(&pem).arg("--send").arg(dir.file("back", &back)).arg("--recv").arg(&to_server),
        );
        let mut client = client(server.port(), &pem);
        client.args(["--tls", tls, "--send"]).arg(dir.file("there", &there)).arg("--recv").arg(&to_client);
        let client = run(&mut client).expect_code(0);
        let server = server.end().expect_code(0);
        for stderr in [&client.stderr, &server.stderr] {
            assert!(stderr.contains(&sha256(&there)) && stderr.contains(&sha256(&back)), "{stderr}");
        }
        assert!(fs::read(to_server).unwrap() == there);
        assert!(fs::read(to_client).unwrap() == back);
    }
}

#[test]
fn an_echo_larger_than_every_buffer_comes_back() {
    let dir = Dir::new();
    let (pem, data, copy) = (dir.certs(), noise(megabytes() << 20, 3), dir.path("copy"));
    let mut server = Process::start(server(&pem).arg("--echo"));
    let mut client = client(server.port(), &pem);
    run(client.arg("--send").arg(dir.file("file", &data)).arg("--recv").arg(&copy)).expect_code(0);
    server.end().expect_code(0);
    assert!(fs::read(copy).unwrap() == data);
}

#[test]
fn standard_input_and_output_to_their_ends() {
    let dir = Dir::new();
    let pem = dir.certs();
    let both = ["--send", "-", "--recv", "-"];
    let mut server = Process::start(server(&pem).args(both));
    let mut client = Process::start(client(server.port(), &pem).args(both));
    client.input(b"from the client\n");
    client.end_input();
    server.input(b"from the ");
    server.input(b"server\n");
    server.end_input();
    assert_eq!(client.end().expect_code(0).stdout, b"from the server\n");
    assert_eq!(server.end().expect_code(0).stdout, b"from the client\n");
}

#[test]
fn standard_input_and_output_by_default() {
    let dir = Dir::new();
    let pem = dir.certs();
    let mut server = Process::start(&mut server(&pem));
    let mut client = Process::start(&mut client(server.port(), &pem));
    client.input(b"hello\n");
    client.end_input();
    client.end().expect_code(0);
    assert_eq!(server.end().expect_code(0).stdout, b"hello\n");
}

/// A client at a terminal does not wait for its own input when the server has closed.
#[test]
fn the_peer_s_close_ends_a_session_with_open_input() {
    let dir = Dir::new();
    let pem = dir.certs();
    let mut server = Process::start(server(&pem).arg("--send").arg(dir.file("file", "bye")));
    let client = Process::start(&mut client(server.port(), &pem));
    assert_eq!(client.end().expect_code(0).stdout, b"bye");
    server.end().expect_code(0);
}

#[test]
fn an_empty_file_arrives() {
    let dir = Dir::new();
    let (pem, copy) = (dir.certs(), dir.path("copy"));
    let mut server = Process::start(server(&pem).arg("--recv").arg(&copy));
    let mut client = client(server.port(), &pem);
    run(client.arg("--send").arg(dir.file("empty", ""))).expect_code(0).expect_stderr("sent 0 bytes");
    server.end().expect_code(0);
    assert_eq!(fs::read(copy).unwrap(), b"");
}

/// One client that fails does not keep the next from being served; the exit code remembers it.
#[test]
fn several_connections_one_after_the_other() {
    let dir = Dir::new();
    let (pem, data) = (dir.certs(), noise(50_000, 4));
    let file = dir.file("file", &data);
    let mut server = Process::start(server(&pem).args(["--connections", "3", "--send"]).arg(&file));
    let port = server.port();
    let good = || run(client(port, &pem).args(["--recv", "-"])).expect_code(0).stdout;
    assert!(good() == data);
    drop(TcpStream::connect(("localhost", port)).unwrap());
    assert!(good() == data);
    server.end().expect_code(7).expect_stderr("in the middle of the handshake");
}

// --- what is refused before there is a connection ---

#[test]
fn a_port_without_a_listener_is_exit_code_4() {
    let dir = Dir::new();
    run(&mut client(free_port(), &dir.certs())).expect_code(4).expect_stderr("no connection to localhost");
}

#[test]
fn a_host_that_does_not_exist_is_exit_code_4() {
    let dir = Dir::new();
    run(wantls().args(["client", "no-such-host.invalid:443", "--ca"]).arg(dir.certs().ca)).expect_code(4);
}

#[test]
fn a_port_in_use_is_exit_code_4() {
    let dir = Dir::new();
    let pem = dir.certs();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = wantls();
    command.arg("server").arg(taken.local_addr().unwrap().to_string());
    command.arg("--cert").arg(&pem.cert).arg("--key").arg(&pem.key);
    run(&mut command).expect_code(4).expect_stderr("can't listen on 127.0.0.1");
}

#[test]
fn a_name_that_is_none_is_exit_code_2() {
    for args in [
        &["client", "localhost:443", "--servername", "not a name"] as &[&str],
        &["client", "not a name:443"],
        &["client", "localhost"],
        &["client", "localhost:https"],
        &["server", "localhost:0", "--cert", "c"],
        &["server", "localhost:0", "--cert", "c", "--key", "k", "--echo", "--send", "f"],
        &["server", "localhost:0", "--cert", "c", "--key", "k", "--connections", "2"],
        &["server", "localhost:0", "--cert", "c", "--key", "k", "--connections", "2", "--recv", "f"],
    ] {
        run(wantls().args(args)).expect_code(2);
    }
}

/// Files are looked at before anybody connects, and none is touched.
#[test]
fn files_that_can_t_be_used_are_exit_code_3() {
    let dir = Dir::new();
    let pem = dir.certs();
    let there = dir.file("there", "mine");
    let port = free_port();
    let with = |option: &str, path: PathBuf| run(client(port, &pem).arg(option).arg(path)).expect_code(3);
    with("--recv", there.clone()).expect_stderr("--force");
    with("--recv", dir.path("")).expect_stderr("directory");
    with("--recv", dir.path("no/such/dir/file"));
    with("--send", dir.path("missing"));
    with("--send", dir.path("")).expect_stderr("directory");
    assert_eq!(fs::read(&there).unwrap(), b"mine");

    let ca = |ca| run(&mut client(port, &Pem { ca, ..dir.certs() })).expect_code(3);
    ca(dir.path("missing"));
    ca(there).expect_stderr("holds no certificate");
    ca(dir.path("key.pem")).expect_stderr("holds no certificate");
    run(&mut server(&Pem { key: pem.cert.clone(), ..dir.certs() }))
        .expect_code(3)
        .expect_stderr("no private key");
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    run(&mut server(&Pem { key: dir.file("other.pem", other), ..dir.certs() })).expect_code(3);
}

#[test]
fn force_overwrites_and_a_failed_handshake_does_not() {
    let dir = Dir::new();
    let (pem, copy) = (dir.certs(), dir.file("copy", "mine"));
    let serve = || Process::start(server(&pem).arg("--send").arg(dir.file("file", "new")));
    let receive = |port| {
        let mut command = client(port, &pem);
        command.arg("--force").arg("--recv").arg(&copy);
        command
    };
    let mut server = serve();
    run(receive(server.port()).args(["--servername", "example.com"])).expect_code(5);
    server.end().expect_code(6);
    assert_eq!(fs::read(&copy).unwrap(), b"mine");

    let mut server = serve();
    run(&mut receive(server.port())).expect_code(0);
    server.end().expect_code(0);
    assert_eq!(fs::read(&copy).unwrap(), b"new");
}

#[test]
fn a_disk_that_is_full_is_exit_code_3() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let dir = Dir::new();
    let pem = dir.certs();
    let mut server = Process::start(server(&pem).arg("--send").arg(dir.file("file", noise(100_000, 5))));
    let full = run(client(server.port(), &pem).args(["--force", "--recv", "/dev/full"]));
    full.expect_code(3).expect_stderr("/dev/full: can't be written");
    server.end().expect_code(7);
}

// --- what goes wrong on the way ---

/// Where a connection is cut, or a byte changed, of what the server sends.
#[derive(Clone, Copy, Debug)]
enum Fault {
    CutAt(usize),
    FlipAt(usize),
}

/// Passes one connection on to `port`, with a fault. Returns its own port.
fn faulty(port: u16, fault: Fault) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("localhost", port)).unwrap();
        for socket in [&client, &server] {
            socket.set_read_timeout(Some(BOUND)).unwrap();
        }
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        forward(server, client, fault);
    });
    own
}

fn forward(mut from: TcpStream, mut to: TcpStream, fault: Fault) {
    let (mut buffer, mut passed) = (vec![0; 8192], 0);
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let mut piece = &mut buffer[..n];
        match fault {
            Fault::CutAt(at) => piece = &mut piece[..n.min(at - passed)],
            Fault::FlipAt(at) if (passed..passed + n).contains(&at) => piece[at - passed] ^= 1,
            Fault::FlipAt(_) => {}
        }
        passed += piece.len();
        if to.write_all(piece).is_err() || matches!(fault, Fault::CutAt(at) if at == passed) {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    // Let both sides finish what they have to say, so that no reset is in the way.
    let _ = from.shutdown(Shutdown::Write);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
}

/// Sends a file through a faulty network to a client. Returns how both ended, and the copy.
fn through(fault: Fault, tls: &str, data: &[u8]) -> (Ended, Ended, Option<Vec<u8>>) {
    let dir = Dir::new();
    let (pem, copy) = (dir.certs(), dir.path("copy"));
    let mut server = Process::start(server(&pem).args(["--tls", tls, "--send"]).arg(dir.file("file", data)));
    let port = faulty(server.port(), fault);
    let client = run(client(port, &pem).arg("--recv").arg(&copy));
    (client, server.end(), fs::read(copy).ok())
}

/// Wherever the peer is cut off: exit code 7, and what had arrived is there.
#[test]
fn truncation_anywhere_is_exit_code_7_and_loses_nothing_that_arrived() {
    let data = noise(400_000, 6);
    for tls in ["1.2", "1.3"] {
        for at in [1, 5, 100, 600, 5000, 20_000, 123_456, 300_000] {
            let (client, server, copy) = through(Fault::CutAt(at), tls, &data);
            let client = client.expect_code(7);
            assert_ne!(server.code, Some(0), "the server can't know that all was received");
            match copy {
                None => assert!(client.stderr.contains("handshake"), "cut at {at}: {}", client.stderr),
                Some(copy) => {
                    assert!(data.starts_with(&copy), "cut at {at}");
                    // All but the record that was cut, and the handshake in front.
                    assert!(copy.len() + 20_000 > at, "{} of {at} arrived", copy.len());
                }
            }
        }
    }
}

/// A record that was changed on the way: exit code 6, and the alert reaches the other side.
#[test]
fn a_changed_byte_is_exit_code_6_at_both_ends() {
    let data = noise(400_000, 8);
    for tls in ["1.2", "1.3"] {
        let (client, server, copy) = through(Fault::FlipAt(200_000), tls, &data);
        client.expect_code(6).expect_stderr("does not decrypt");
        server.expect_code(6).expect_stderr("BadRecordMac");
        let copy = copy.unwrap();
        assert!(data.starts_with(&copy) && copy.len() + 20_000 > 200_000, "{} bytes", copy.len());
    }
}

/// A peer that does not speak TLS: exit code 5, a hint, and a fatal alert on the wire.
#[test]
fn a_peer_without_tls_is_exit_code_5_and_gets_an_alert() {
    let dir = Dir::new();
    let pem = dir.certs();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(BOUND)).unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let mut seen = Vec::new();
        socket.read_to_end(&mut seen).unwrap();
        seen
    });
    let ended = run(client(port, &pem).args(["--servername", "localhost"]));
    ended.expect_code(5).expect_stderr("does not speak TLS");
    let seen = peer.join().unwrap();
    let hello = 5 + usize::from(u16::from_be_bytes([seen[3], seen[4]]));
    let alert = &seen[hello..];
    assert_eq!(
        (alert[0], &alert[3..6]),
        (21, &[0, 2, 2][..]),
        "a fatal alert behind the ClientHello: {alert:?}"
    );
}

/// The other way round: who knocks at the server without TLS gets an alert.
#[test]
fn a_client_without_tls_is_exit_code_5_and_gets_an_alert() {
    let dir = Dir::new();
    let mut server = Process::start(&mut server(&dir.certs()));
    let mut socket = TcpStream::connect(("localhost", server.port())).unwrap();
    socket.set_read_timeout(Some(BOUND)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    socket.read_to_end(&mut seen).unwrap();
    assert_eq!((seen[0], &seen[3..6]), (21, &[0, 2, 2][..]), "a fatal alert: {seen:?}");
    server.end().expect_code(5).expect_stderr("does not speak TLS");
}
