//! The shim, checked without the runner: its protocol, played by a small peer that is wantls itself and raw bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use rustls::{AlertDescription, HandshakeKind};
use wantls::{Error, Received, Shutdown, Step, Want};
use wantls_testkit::{Suite, Tls, accept, certs, client, connect, server};
use wantls_transport::{BlockingIo, Stream, StreamError};

const ID: u64 = 0x0102_0304_0506_0708;

// --- the runner's side ---

/// What the peer speaks on.
type Peer = Stream<BlockingIo<Tap>, Box<[u8]>>;

/// A socket that remembers the headers of the records that came through it.
struct Tap {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Read for Tap {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        let n = self.socket.read(space)?;
        self.received.extend_from_slice(&space[..n]);
        Ok(n)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.socket.flush()
    }
}

impl Tap {
    /// Type and length of each record received so far.
    fn records(&self) -> Vec<(u8, usize)> {
        let (mut records, mut rest) = (Vec::new(), self.received.as_slice());
        while let [typ, _, _, high, low, after @ ..] = rest {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            records.push((*typ, len));
            rest = &after[len.min(after.len())..];
        }
        records
    }
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    fn well(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
    }

    #[track_caller]
    fn badly(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(text), "{:?} is not in {:?}", text, self.stderr);
    }
}

fn shim() -> Command {
    let mut shim = Command::new(env!("CARGO_BIN_EXE_bogo_shim"));
    shim.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shim
}

/// Starts the shim, hands each of its connections to `talk`, and waits for its end.
fn run(flags: &[&str], connections: usize, mut talk: impl FnMut(TcpStream)) -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let process = shim().args(["-port", &port, "-shim-id", &ID.to_string()]).args(flags).spawn().unwrap();
    for _ in 0..connections {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut id = [0; 8];
        socket.read_exact(&mut id).unwrap();
        assert_eq!(u64::from_le_bytes(id), ID);
        talk(socket);
    }
    Ended::of(process.wait_with_output().unwrap())
}

fn on(tls: Tls, socket: TcpStream) -> Peer {
    Stream::new(tls, BlockingIo(Tap { socket, received: Vec::new() }))
}

/// The other side of a shim with `role`: the peer, with its handshake done.
fn meet(suite: Suite, shim_is_server: bool, socket: TcpStream) -> Peer {
    let tls = if shim_is_server { connect(&client(suite)) } else { accept(&server(suite)) };
    let mut peer = on(tls, socket);
    assert_eq!(peer.handshake().unwrap(), Step::Done(()));
    peer
}

fn send(peer: &mut Peer, data: &[u8]) {
    let mut rest = data;
    while !rest.is_empty() {
        let n = peer.write(rest).unwrap().done().unwrap();
        rest = &rest[n..];
    }
}

/// Bytes that came from the shim and are not processed: in the peer, and in the socket by now.
fn waiting(peer: &Peer) -> usize {
    let socket = &peer.transport().0.socket;
    socket.set_nonblocking(true).unwrap();
    let in_socket = socket.peek(&mut [0; 99]).unwrap_or(0);
    socket.set_nonblocking(false).unwrap();
    peer.tls().pending().tls_in + in_socket
}

fn receive(peer: &mut Peer, len: usize) -> Vec<u8> {
    let mut got = Vec::new();
    while got.len() < len {
        let mut buffer = vec![0; len - got.len()];
        let step = peer.read(&mut buffer).unwrap();
        let Step::Done(Received::Data(n)) = step else {
            panic!("{step:?} after {} of {len} bytes", got.len());
        };
        got.extend_from_slice(&buffer[..n.get()]);
    }
    got
}

fn expect_echo(peer: &mut Peer, data: &[u8]) {
    send(peer, data);
    let echo: Vec<u8> = receive(peer, data.len()).iter().map(|byte| byte ^ 0xff).collect();
    assert!(echo == data);
}

fn close(peer: &mut Peer) {
    assert_eq!(peer.shutdown().unwrap(), Step::Done(Shutdown::Sent));
}

#[track_caller]
fn assert_failed<R: std::fmt::Debug>(answer: Result<Step<R>, StreamError<std::io::Error>>, expected: &Error) {
    match answer {
        Err(StreamError::Tls(error)) => assert_eq!(error, *expected),
        other => panic!("{other:?}, not {expected:?}"),
    }
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7) as u8).collect()
}

/// A file with test credentials, once a process.
fn file(name: &'static str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

fn server_flags() -> &'static [&'static str] {
    static FLAGS: OnceLock<[String; 5]> = OnceLock::new();
    static VIEW: OnceLock<Vec<&'static str>> = OnceLock::new();
    let flags = FLAGS.get_or_init(|| {
        let (chain, key) = (file("chain.pem", &certs().chain_pem), file("key.pem", &certs().key_pem));
        ["-server".into(), "-cert-file".into(), chain, "-key-file".into(), key]
    });
    VIEW.get_or_init(|| flags.iter().map(String::as_str).collect())
}

/// The flags of a role, and `more`.
fn flags<'a>(shim_is_server: bool, more: &[&'a str]) -> Vec<&'a str> {
    let role: &[&str] = if shim_is_server { server_flags() } else { &[] };
    [role, more].concat()
}

// --- the process ---

#[test]
fn there_is_no_handshaker() {
    let ended = Ended::of(shim().arg("-is-handshaker-supported").output().unwrap());
    ended.well();
    assert_eq!(ended.stdout.trim(), "No");
}

#[test]
fn without_an_id_the_first_bytes_are_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let process = shim().args(["-port", &port]).spawn().unwrap();
    let (socket, _) = listener.accept().unwrap();
    close(&mut meet(Suite::Tls13Aes128, false, socket));
    Ended::of(process.wait_with_output().unwrap()).well();
}

#[test]
fn what_is_not_implemented_exits_89_and_is_named() {
    for unknown in [
        "-dtls",
        "-no-such-flag",
        "-on-resume-enable-early-data",
        "-on-shim-cert-file",
        "-renegotiate-freely",
    ] {
        let ended = run(&[unknown], 0, |_| ());
        ended.badly(89, unknown.strip_prefix("-on-resume").unwrap_or(unknown));
    }
    run(&["-expect-early-data-reason", "accept"], 0, |_| ()).badly(89, "accept");
}

#[test]
fn a_flag_without_its_value_is_a_failure() {
    run(&["-read-size"], 0, |_| ()).badly(1, "-read-size");
}

// --- the exchange ---

#[test]
fn bytes_come_back_inverted_in_every_role_suite_and_style() {
    let styles: [&[&str]; 5] =
        [&[], &["-async"], &["-implicit-handshake"], &["-peek-then-read", "-async"], &["-partial-write"]];
    for suite in Suite::ALL {
        for style in styles {
            for shim_is_server in [false, true] {
                let flags = flags(shim_is_server, &[style, &["-check-close-notify"]].concat());
                let ended = run(&flags, 1, |socket| {
                    let mut peer = meet(suite, shim_is_server, socket);
                    // More than one read, and then a record of its own.
                    expect_echo(&mut peer, &data(1300));
                    expect_echo(&mut peer, b"x");
                    close(&mut peer);
                    assert_eq!(peer.read(&mut [0; 9]).unwrap(), Step::Done(Received::Closed));
                });
                assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{suite:?} {flags:?}");
            }
        }
    }
}

#[test]
fn the_end_of_the_stream_does_where_close_notify_is_not_asked_for() {
    run(&[], 1, |socket| drop(meet(Suite::Tls13Aes128, false, socket))).well();
    let strict = run(&["-check-close-notify"], 1, |socket| drop(meet(Suite::Tls13Aes128, false, socket)));
    strict.badly(1, "Truncated");
}

#[test]
fn a_session_is_resumed_in_the_same_process_and_flags_hold_where_they_say() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for shim_is_server in [false, true] {
            let flags = flags(shim_is_server, &["-resume-count", "2", "-on-resume-shim-writes-first"]);
            let (client, server) = (client(suite), server(suite));
            let mut kinds = Vec::new();
            run(&flags, 3, |socket| {
                let tls = if shim_is_server { connect(&client) } else { accept(&server) };
                let mut peer = on(tls, socket);
                assert_eq!(peer.handshake().unwrap(), Step::Done(()));
                kinds.push(peer.tls().session().unwrap().kind);
                if kinds.len() > 1 {
                    assert_eq!(receive(&mut peer, 5), b"hello");
                }
                expect_echo(&mut peer, b"data");
                close(&mut peer);
            })
            .well();
            let resumed = Some(HandshakeKind::Resumed);
            assert_eq!(kinds, [Some(HandshakeKind::Full), resumed, resumed], "{suite:?} {flags:?}");
        }
    }
}

#[test]
fn sessions_are_stored_where_the_flags_expect_them() {
    let talk = |suite, shim_is_server| {
        move |socket| {
            let mut peer = meet(suite, shim_is_server, socket);
            expect_echo(&mut peer, b"data");
            close(&mut peer);
        }
    };
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        run(&flags(true, &["-expect-no-session-id"]), 1, talk(suite, true)).well();
        run(&["-expect-no-session"], 1, talk(suite, false)).badly(1, "sessions stored");
        run(&["-expect-ticket-renewal"], 1, talk(suite, false)).well();
    }
    let context = client(Suite::Tls12Aes128);
    run(&flags(true, &["-no-ticket", "-resume-count", "1", "-expect-session-id"]), 2, |socket| {
        let mut peer = on(connect(&context), socket);
        assert_eq!(peer.handshake().unwrap(), Step::Done(()));
        close(&mut peer);
    })
    .well();
    run(&flags(true, &["-expect-session-id"]), 1, talk(Suite::Tls13Aes128, true))
        .badly(1, "session in the cache");
}

#[test]
fn a_session_that_is_not_resumed_is_noticed() {
    let talk = |socket| {
        // A new context each time, so nothing can be resumed.
        let mut peer = meet(Suite::Tls13Aes128, false, socket);
        expect_echo(&mut peer, b"data");
        close(&mut peer);
    };
    run(&["-resume-count", "1", "-expect-session-miss"], 2, talk).well();
    let talk = |socket| {
        let mut peer = on(accept(&server(Suite::Tls13Aes128)), socket);
        let _ = peer.handshake();
        let _ = peer.write(b"data");
        let _ = peer.shutdown();
    };
    run(&["-resume-count", "1"], 2, talk).badly(1, "resumption");
}

#[test]
fn a_ticket_is_not_used_after_its_lifetime() {
    // What rustls gives one that stands for a session of its store.
    const LIFETIME: u64 = 24 * 60 * 60;
    let server = server(Suite::Tls13Aes128);
    for (delay, more) in [(LIFETIME - 600, &[][..]), (LIFETIME + 600, &["-expect-session-miss"])] {
        let delay = delay.to_string();
        let flags = [&["-resume-count", "1", "-resumption-delay", &delay][..], more].concat();
        run(&flags, 2, |socket| {
            let mut peer = on(accept(&server), socket);
            assert_eq!(peer.handshake().unwrap(), Step::Done(()));
            expect_echo(&mut peer, b"data");
            close(&mut peer);
        })
        .well();
    }
}

#[test]
fn expectations_are_checked() {
    for (flag, right, wrong) in [
        ("-expect-version", "772", "771"),
        ("-expect-cipher", "4865", "4866"),
        ("-expect-curve-id", "29", "23"),
        ("-expect-alpn", "", "foo"),
        ("-expect-peer-signature-algorithm", "1027", "2052"),
    ] {
        let talk = |socket| {
            let mut peer = on(accept(&server(Suite::Tls13Aes128)), socket);
            let _ = peer.handshake();
            let _ = peer.shutdown();
        };
        run(&[flag, right], 1, talk).well();
        run(&[flag, wrong], 1, talk).badly(1, "not");
    }
    run(&["-expect-no-hrr"], 1, |socket| close(&mut meet(Suite::Tls13Aes128, false, socket))).well();
    run(&["-expect-hrr"], 1, |socket| close(&mut meet(Suite::Tls13Aes128, false, socket)))
        .badly(1, "HelloRetryRequest");
}

#[test]
fn a_client_certificate_is_asked_for_if_need_be() {
    let optional = run(&flags(true, &["-verify-peer"]), 1, |socket| {
        close(&mut meet(Suite::Tls13Aes128, true, socket));
    });
    optional.well();
    let required = run(&flags(true, &["-require-any-client-certificate"]), 1, |socket| {
        let mut peer = on(connect(&client(Suite::Tls13Aes128)), socket);
        let _ = peer.handshake();
        let refused = peer.read(&mut [0; 9]);
        let alert = Error::Peer(AlertDescription::CertificateRequired);
        assert_failed(refused, &alert);
    });
    required.badly(1, "NoCertificatesPresented");
}

#[test]
fn keying_material_is_the_first_data() {
    for suite in [Suite::Tls13Aes256, Suite::Tls12Chacha] {
        // As in the runner's cipher suite tests: an empty label, and no context although one is named.
        let flags = ["-export-keying-material", "1024", "-export-label", "", "-export-context", ""];
        run(&flags, 1, |socket| {
            let mut peer = on(accept(&server(suite).exporter(b"", None, 1024).unwrap()), socket);
            assert_eq!(peer.handshake().unwrap(), Step::Done(()));
            let material = receive(&mut peer, 1024);
            assert_eq!(peer.tls().session().unwrap().exported(b"", None), Some(material.as_slice()));
            close(&mut peer);
        })
        .well();
        let flags = [
            "-export-keying-material",
            "1024",
            "-export-label",
            "label",
            "-export-context",
            "more",
            "-use-export-context",
        ];
        run(&flags, 1, |socket| {
            let context = server(suite).exporter(b"label", Some(b"more"), 1024).unwrap();
            let mut peer = on(accept(&context), socket);
            assert_eq!(peer.handshake().unwrap(), Step::Done(()));
            let material = receive(&mut peer, 1024);
            assert_eq!(
                peer.tls().session().unwrap().exported(b"label", Some(b"more")),
                Some(material.as_slice())
            );
            expect_echo(&mut peer, b"data");
            close(&mut peer);
        })
        .well();
    }
}

#[test]
fn a_key_update_stands_before_each_reply() {
    // 5 bytes of a KeyUpdate, its content type, and the tag.
    const KEY_UPDATE: (u8, usize) = (23, 5 + 1 + 16);
    for style in [&["-key-update"][..], &["-key-update", "-async"]] {
        run(style, 1, |socket| {
            let mut peer = meet(Suite::Tls13Aes128, false, socket);
            let before = peer.transport().0.records().len();
            expect_echo(&mut peer, &data(32));
            expect_echo(&mut peer, &data(32));
            let reply = (23, 32 + 1 + 16);
            assert_eq!(peer.transport().0.records()[before..], [KEY_UPDATE, reply, KEY_UPDATE, reply]);
            close(&mut peer);
        })
        .well();
    }
}

#[test]
fn many_key_updates_that_ask_get_one_answer() {
    run(&[], 1, |socket| {
        let mut peer = meet(Suite::Tls13Aes128, false, socket);
        let before = peer.transport().0.records().len();
        for _ in 0..5 {
            peer.key_update(true).unwrap();
        }
        expect_echo(&mut peer, &data(32));
        assert_eq!(peer.transport().0.records()[before..], [(23, 22), (23, 49)]);
        close(&mut peer);
    })
    .well();
}

#[test]
fn writing_makes_the_handshake_by_itself() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for style in [
            &["-implicit-handshake", "-shim-writes-first"][..],
            &["-implicit-handshake", "-shim-writes-first", "-async"],
        ] {
            for shim_is_server in [false, true] {
                run(&flags(shim_is_server, style), 1, |socket| {
                    let mut peer = meet(suite, shim_is_server, socket);
                    assert_eq!(receive(&mut peer, 5), b"hello");
                    expect_echo(&mut peer, b"data");
                    close(&mut peer);
                })
                .well();
            }
        }
    }
}

/// The runner reads this file itself: what it can't use would go unnoticed here.
#[test]
fn the_config_names_each_glob_and_error_once_with_a_reason() {
    let config = include_str!("../config.json");
    let keys: Vec<&str> = config
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('"')?.split_once("\": "))
        .map(|(key, value)| {
            assert!(!value.starts_with("\"\""), "{key} has no reason");
            key
        })
        .collect();
    let mut unique = keys.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    for never in ["Peek", "Shutdown", "RecordVersion", "KeyUpdate", "EmptyRecords", "Alerts"] {
        assert!(!keys.iter().any(|key| key.contains(never)), "{never} is left out");
    }
}

#[test]
fn extra_handshakes_change_nothing() {
    run(&["-handshake-twice", "-no-op-extra-handshake", "-async"], 1, |socket| {
        let mut peer = meet(Suite::Tls12Aes128, false, socket);
        expect_echo(&mut peer, b"data");
        close(&mut peer);
    })
    .well();
}

#[test]
fn records_of_many_sizes_arrive_whole() {
    let total = 1 + 255 + 256 + 257 + 16383 + 16384 + 16385 + 32767 + 32768 + 32769;
    for style in [
        &["-write-different-record-sizes"][..],
        &["-write-different-record-sizes", "-async", "-partial-write"],
    ] {
        for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
            run(style, 1, |socket| {
                let mut peer = meet(suite, false, socket);
                assert!(receive(&mut peer, total).iter().all(|&byte| byte == 0x42));
                // The shim closes by itself, without close_notify.
                assert_failed(peer.read(&mut [0]), &Error::Truncated);
            })
            .well();
        }
    }
}

#[test]
fn fragments_are_as_short_as_asked_for() {
    run(&flags(true, &["-max-send-fragment", "512", "-read-size", "1024"]), 1, |socket| {
        let mut peer = meet(Suite::Tls12Aes128, true, socket);
        expect_echo(&mut peer, &data(1024));
        // Explicit nonce and tag stand around the plaintext.
        let longest = peer.transport().0.records().iter().map(|(_, len)| *len).max();
        assert_eq!(longest, Some(8 + 512 + 16));
        close(&mut peer);
    })
    .well();
}

#[test]
fn a_write_is_left_unfinished_over_a_read() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        run(&["-async", "-read-with-unfinished-write"], 1, |socket| {
            let mut peer = meet(suite, false, socket);
            while waiting(&peer) == 0 {
                sleep(Duration::from_millis(1));
            }
            sleep(Duration::from_millis(100));
            assert_eq!(waiting(&peer), 1, "more than one byte left before the read");
            send(&mut peer, b"data");
            assert_eq!(receive(&mut peer, 5), b"hello");
            assert_eq!(receive(&mut peer, 4), b"data".map(|byte| byte ^ 0xff));
            close(&mut peer);
        })
        .well();
    }
    run(&["-read-with-unfinished-write"], 1, |socket| drop(meet(Suite::Tls13Aes128, false, socket)))
        .badly(89, "-async");
}

/// The runner's SplitHandshakeRecords: each byte of a message is a record of its own.
#[test]
fn a_hello_in_records_of_one_byte_is_put_together() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for style in [&[][..], &["-async"]] {
            run(&flags(true, style), 1, |mut socket| {
                let mut tls = connect(&client(suite));
                assert_eq!(tls.handshake(), Ok(Step::Want(Want::Read)));
                let out = tls.tls_out();
                let hello = out.bytes().to_vec();
                out.consume(hello.len()).unwrap();
                let split: Vec<u8> = hello[5..].iter().flat_map(|&byte| [22, 3, 1, 0, 1, byte]).collect();
                socket.write_all(&split).unwrap();

                let mut peer = on(tls, socket);
                assert_eq!(peer.handshake().unwrap(), Step::Done(()));
                expect_echo(&mut peer, b"data");
                close(&mut peer);
            })
            .well();
        }
    }
}

// --- closing ---

#[test]
fn the_shim_closes_first_and_waits_for_the_answer() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for style in [
            &["-shim-shuts-down", "-check-close-notify"][..],
            &["-shim-shuts-down", "-check-close-notify", "-async"],
        ] {
            run(style, 1, |socket| {
                let mut peer = meet(suite, false, socket);
                assert_eq!(peer.read(&mut [0; 9]).unwrap(), Step::Done(Received::Closed));
                assert_eq!(peer.shutdown().unwrap(), Step::Done(Shutdown::Complete));
            })
            .well();
        }
    }
}

#[test]
fn closing_without_an_answer_or_with_data_fails() {
    let flags = ["-shim-shuts-down", "-check-close-notify"];
    run(&flags, 1, |socket| {
        let mut peer = meet(Suite::Tls12Aes128, false, socket);
        assert_eq!(peer.read(&mut [0; 9]).unwrap(), Step::Done(Received::Closed));
    })
    .badly(1, "Unexpected SSL_shutdown result: -1 != 1");
    run(&flags, 1, |socket| {
        let mut peer = meet(Suite::Tls12Aes128, false, socket);
        send(&mut peer, b"data");
        close(&mut peer);
    })
    .badly(1, "UnreadData");
    run(&flags[..1], 1, |socket| drop(meet(Suite::Tls12Aes128, false, socket))).well();
}

// --- failures ---

#[test]
fn a_damaged_record_is_answered_with_its_alert_even_a_byte_at_a_time() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        for style in [&[][..], &["-async"], &["-peek-then-read"]] {
            run(style, 1, |socket| {
                let mut peer = meet(suite, false, socket);
                let mut record = vec![23, 3, 3, 0, 40];
                record.resize(5 + 40, 0);
                peer.transport_mut().0.write_all(&record).unwrap();
                let alert = Error::Peer(AlertDescription::BadRecordMac);
                assert_failed(peer.read(&mut [0; 9]), &alert);
            })
            .badly(1, "Protocol(BadRecordMac)");
        }
    }
}

#[test]
fn what_is_not_tls_is_refused_with_an_alert() {
    run(&flags(true, &[]), 1, |mut socket| {
        socket.write_all(b"GET / HTTP/1.0\n").unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, [21, 3, 3, 0, 2, 2, AlertDescription::DecodeError.into()]);
    })
    .badly(1, "Handshake(InvalidMessage(InvalidContentType))");
}

#[test]
fn a_refused_certificate_has_the_alert_of_its_flag() {
    for (more, alert) in [
        (&["-verify-fail", "-verify-peer"][..], AlertDescription::HandshakeFailure),
        (
            &["-verify-fail", "-verify-peer", "-use-custom-verify-callback"],
            AlertDescription::CertificateUnknown,
        ),
        (&["-use-ocsp-callback", "-fail-ocsp-callback"], AlertDescription::BadCertificateStatusResponse),
    ] {
        let ended = run(more, 1, |socket| {
            let mut peer = on(accept(&server(Suite::Tls13Aes128)), socket);
            let expected = Error::Peer(alert);
            assert_failed(peer.handshake(), &expected);
        });
        ended.badly(1, "Handshake(");
    }
    run(&["-verify-fail"], 1, |socket| close(&mut meet(Suite::Tls13Aes128, false, socket))).well();
}

#[test]
fn a_server_whose_ocsp_callback_fails_refuses_the_handshake() {
    run(&flags(true, &["-use-ocsp-callback", "-fail-ocsp-callback"]), 1, |socket| {
        let mut peer = on(connect(&client(Suite::Tls13Aes128)), socket);
        assert_failed(peer.handshake(), &Error::Peer(AlertDescription::AccessDenied));
    })
    .badly(1, "no server certificate chain resolved");
}

#[test]
fn the_peer_never_wants_on_a_blocking_socket() {
    // What the other tests rely on.
    run(&[], 1, |socket| {
        let mut peer = meet(Suite::Tls13Aes128, false, socket);
        expect_echo(&mut peer, b"data");
        assert_eq!(peer.tls_mut().read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
        close(&mut peer);
    })
    .well();
}
