//! The conformance vectors: short scripts with every answer, at TLS 1.3 where sizes matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::arena::Buf;
use wantls_openssl_oracle::lab::Lab;
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::code;

const BLOCKED: &str = "-1/WANT_WRITE";
const STARVED: &str = "-1/WANT_READ";
/// `SSL_shutdown` returned 0, after which `SSL_get_error` has no meaning.
const CLOSING: &str = "0/SYSCALL";

fn tls13(library: &dyn Library, capacity: usize) -> Lab {
    Lab::client(library, Version::Tls13, capacity)
}

fn tls12(library: &dyn Library, capacity: usize, no_renegotiation: bool) -> Lab {
    let options = Options { no_renegotiation, ..Options::default() };
    Lab::new(library, Setup::client(Version::Tls12, capacity).with(options))
}

fn v01(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!((lab.write(1000).as_str(), lab.out()), (BLOCKED, 512));
    lab.drain();
    assert_eq!((lab.write(1000).as_str(), lab.out()), ("1000", 510));
    assert_eq!(lab.peer_sizes(), [1000]);
}

fn v02(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    lab.write(1000);
    lab.drain();
    assert_eq!(lab.write(999), "-1/SSL 271");
    assert_eq!(lab.write(1000), "-1/SYSCALL");
    assert_eq!(lab.shutdown(), "-1/SSL 407");
}

fn v03(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    for (answer, out) in [(BLOCKED, 512), (BLOCKED, 512), ("1500", 8)] {
        lab.drain();
        assert_eq!((lab.write(1500).as_str(), lab.out()), (answer, out));
    }
    assert_eq!(lab.peer_sizes(), [1000, 500]);
}

fn v04(library: &dyn Library) {
    for (n, answer) in [(32768, "32768"), (32767, "-1/SSL 271")] {
        let mut lab = tls13(library, 20000);
        assert_eq!(lab.write(40000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write(n), answer);
    }
}

fn v05(library: &dyn Library) {
    for (mode, answer) in [(0, "-1/SSL 127"), (code::MOVING, "1000")] {
        let mut lab = tls13(library, 512);
        lab.subject.set_mode(mode);
        let old = lab.arenas.slice(Buf::A, 0, 1000).to_vec();
        lab.write(1000);
        lab.drain();
        assert_eq!(lab.write_from(Buf::B, 1000), answer);
        if mode == code::MOVING {
            assert_eq!(lab.peer_data(), old);
        }
    }
}

fn v06(library: &dyn Library) {
    let mut lab = tls13(library, 20000);
    lab.subject.set_mode(code::MOVING);
    let old = lab.arenas.slice(Buf::A, 0, 32768).to_vec();
    let new = lab.arenas.slice(Buf::B, 32768, 40000 - 32768).to_vec();
    assert_eq!(lab.write(40000), BLOCKED);
    lab.drain();
    assert_eq!(lab.write_from(Buf::B, 40000), BLOCKED);
    lab.drain();
    assert_eq!(lab.write_from(Buf::B, 40000), "40000");
    assert_eq!(lab.peer_data(), [old, new].concat());
}

fn v07(library: &dyn Library) {
    let mut lab = tls13(library, 100);
    assert_eq!(lab.write(78), "78");
    let old = lab.arenas.slice(Buf::A, 0, 50).to_vec();
    assert_eq!((lab.write(50).as_str(), lab.out()), (BLOCKED, 100));
    lab.arenas.change(Buf::A);
    lab.drain();
    assert_eq!(lab.write(50), "50");
    assert_eq!(lab.peer_data()[78..], old);
}

fn v08(library: &dyn Library) {
    let mut lab = tls13(library, 100_000);
    lab.subject.set_mode(code::PARTIAL);
    for (n, answer) in [(50000, "16384"), (33616, "16384"), (17232, "16384"), (848, "848")] {
        assert_eq!(lab.write(n), answer);
    }
}

fn v09(library: &dyn Library) {
    let mut lab = tls13(library, 40000);
    assert_eq!(lab.write(30000 - 44), "29956");
    assert_eq!(lab.out(), 30000);
    lab.subject.set_mode(code::PARTIAL);
    assert_eq!(lab.write(60000), BLOCKED);
    lab.drain();
    assert_eq!(lab.write(60000), "32768");
}

fn v10(library: &dyn Library) {
    let mut lab = tls13(library, 10000);
    lab.subject.set_mode(code::PARTIAL);
    for answer in [BLOCKED, BLOCKED, BLOCKED, BLOCKED, "40000"] {
        assert_eq!(lab.write(40000), answer);
        lab.drain();
    }
}

fn v11(library: &dyn Library) {
    let mut lab = tls13(library, 16406);
    lab.subject.set_mode(code::PARTIAL);
    assert_eq!(lab.write(16385), "16384");
    assert_eq!((lab.write(1).as_str(), lab.out()), (BLOCKED, 16406));
    lab.drain();
    assert_eq!(lab.write(1), "1");
}

fn v12(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!(lab.write(0), "0/SYSCALL");
    assert_eq!(lab.write_ex(0), "1 n=0");
    lab.peer_closes();
    lab.read(1);
    assert_eq!(lab.write(0), "0/ZERO_RETURN");
    assert_eq!(lab.write_ex(0), "1 n=0");
    lab.shutdown();
    assert_eq!(lab.write(0), "-1/SSL 207");
    assert_eq!(lab.write_ex(0), "0/SSL 207");
}

fn v13(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    assert_eq!(lab.read(1), STARVED);
    lab.drain();
    assert_eq!(lab.write_ex(1000), "1 n=1000");
}

fn v14(library: &dyn Library) {
    let mut lab = tls13(library, 100);
    lab.write(78);
    assert_eq!(lab.shutdown(), BLOCKED);
    lab.drain();
    assert_eq!((lab.shutdown().as_str(), lab.out()), (CLOSING, 24));
    assert_eq!(lab.shutdown(), STARVED);
    assert_eq!(lab.write(1), "-1/SSL 207");
    lab.peer_closes();
    assert_eq!(lab.shutdown(), "1");
}

fn v15(library: &dyn Library) {
    let mut lab = tls13(library, 100);
    lab.write(68);
    assert_eq!((lab.shutdown().as_str(), lab.out()), (BLOCKED, 100));
    lab.drain();
    assert_eq!((lab.shutdown().as_str(), lab.out()), (CLOSING, 14));
}

fn v16(library: &dyn Library) {
    let mut lab = tls13(library, 100);
    assert_eq!(lab.shutdown(), CLOSING);
    lab.peer_writes(100);
    assert_eq!(lab.shutdown(), "-1/SSL 291");
    assert_eq!(lab.read(1), "-1/SYSCALL");
}

fn v17(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    lab.subject.close_in();
    assert_eq!((lab.read(1).as_str(), lab.out()), ("0/SSL 294", 24));
    assert_eq!(lab.read(1), "-1/SYSCALL");
    assert_eq!(lab.write(5), "-1/SYSCALL");

    let options = Options { ignore_eof: true, ..Options::default() };
    let mut lab = Lab::new(library, Setup::client(Version::Tls13, 512).with(options));
    lab.subject.close_in();
    assert_eq!(lab.read(1), "0/ZERO_RETURN");
    assert_eq!(lab.write(5), "5");
}

fn v18(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    lab.peer_dies();
    assert_eq!(lab.read(1), "0/SSL 1020");
    assert_eq!(lab.read(1), "0/ZERO_RETURN");
    assert_eq!(lab.write(5), "-1/ZERO_RETURN");
}

fn v19(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    lab.peer_updates(1);
    assert_eq!((lab.read(1).as_str(), lab.out()), (STARVED, 0));
    assert_eq!((lab.write(100).as_str(), lab.out()), ("100", 27 + 122));
}

fn v20(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), STARVED);
    lab.drain();
    assert_eq!(lab.write(1000), "1000");
    lab.drain();
    assert_eq!(lab.wire_records(), [1022]);
    assert_eq!((lab.write(10).as_str(), lab.out()), ("10", 27 + 32));
}

fn v21(library: &dyn Library) {
    let mut lab = tls13(library, 100);
    assert_eq!(lab.write(78), "78");
    lab.peer_updates(1);
    lab.peer_writes(50);
    assert_eq!(lab.read(10), "10");
    assert_eq!(lab.write(60), BLOCKED);
    assert_eq!(lab.read(1), BLOCKED);
    assert_eq!(lab.shutdown(), "-1/SSL 407");
    lab.drain();
    assert_eq!(lab.read(100), "40");
    assert_eq!(lab.write_from(Buf::B, 40), "40");
}

fn v22(library: &dyn Library) {
    let mut lab = tls13(library, 512);
    assert_eq!(lab.subject.key_update(0).ret, 1);
    let second = lab.subject.key_update(1);
    assert_eq!((second.ret, second.reason.map(|r| r.code)), (0, Some(121)));
    assert_eq!(lab.shutdown(), "-1/SSL 407");
    assert_eq!((lab.write(10).as_str(), lab.out()), ("10", 27 + 32));
}

fn v23(library: &dyn Library) {
    for (auto, answers) in [(true, &["50"][..]), (false, &[STARVED, STARVED, "50"][..])] {
        let mut lab = tls13(library, 512);
        if !auto {
            lab.subject.clear_mode(code::AUTO_RETRY);
        }
        lab.peer_tickets();
        lab.peer_tickets();
        lab.peer_writes(50);
        for answer in answers {
            assert_eq!(lab.read(100), *answer);
            assert_eq!(lab.subject.read_request(), 0, "it did not even try to read more");
        }
    }
}

fn v24(library: &dyn Library) {
    let mut lab = Lab::new(library, Setup::client(Version::Tls13, 20000).fresh());
    assert_eq!(lab.write_from(Buf::A, 100), STARVED);
    lab.drain();
    lab.peer.do_handshake();
    lab.deliver();
    let wanted = lab.arenas.slice(Buf::B, 0, 50).to_vec();
    assert_eq!(lab.write_from(Buf::B, 50), "50");
    lab.drain();
    assert_eq!(lab.peer.do_handshake().ret, 1);
    assert_eq!(lab.peer_data(), wanted);
}

fn v25(library: &dyn Library) {
    let mut lab = tls12(library, 512, false);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_asks();
    lab.peer_writes(10);
    assert_eq!((lab.read(100).as_str(), lab.out()), ("10", 512));
    assert_eq!(lab.subject.renegotiate_pending(), 1);
    while lab.write(1000) == BLOCKED {
        lab.drain();
    }
    lab.drain();
    // The ClientHello does not fit into this pair, so draining comes before the want for input.
    while lab.write(10) == BLOCKED {
        assert!(lab.drain() > 0);
    }
    assert_eq!(lab.write(10), STARVED);
    assert!(lab.subject.in_init(), "a handshake has begun");
}

fn v26(library: &dyn Library) {
    let mut lab = tls12(library, 17000, true);
    assert_eq!(lab.write(40000), BLOCKED, "the second of three records is pending");
    lab.peer_asks();
    assert_eq!(lab.read(1), STARVED);
    while lab.write(40000) == BLOCKED {
        lab.drain();
    }
    lab.drain();
    assert_eq!(lab.wire_records(), [16413, 16413, 31, lab.w(40000 - 32768)]);
}

wantls_openssl_oracle::on_every_library! {
    established:
    v01, v02, v03, v04, v05, v06, v07, v08, v09, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21,
    v22, v23, v26,
}

wantls_openssl_oracle::on_every_library! { v24, v25 }
