//! The M rules: modes, fragment sizes, buffers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::arena::Buf;
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::setup::{Library, Options, Setup, Version};
use wantls_openssl_oracle::subject::{Subject as _, code};

const BLOCKED: &str = "-1/WANT_WRITE";

fn m01_masks(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    assert_eq!(lab.subject.set_mode(0), code::AUTO_RETRY, "on by default");
    assert_eq!(lab.subject.set_mode(code::PARTIAL | code::MOVING), 7);
    assert_eq!(lab.subject.clear_mode(code::AUTO_RETRY), 3);
    assert_eq!(lab.subject.clear_mode(0), 3);
}

fn m02_modes_are_looked_up_at_each_call(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 20000);
        assert_eq!(lab.write(60000), BLOCKED);
        lab.drain();
        lab.subject.set_mode(code::PARTIAL | code::MOVING);
        assert_eq!(lab.write_from(Buf::B, 60000), BLOCKED);
        lab.drain();
        // Record 2 ends and record 3 fits: with the mode off, record 4 would follow.
        lab.subject.clear_mode(code::PARTIAL);
        assert_eq!(lab.write_from(Buf::B, 60000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write_from(Buf::B, 60000), "60000");
        lab.drain();
        lab.subject.clear_mode(code::MOVING);
        assert_eq!(lab.write(40000), BLOCKED);
        assert_eq!(lab.write_from(Buf::B, 40000), "-1/SSL 127");
    }
}

fn m04_moving_relaxes_only_the_address(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.set_mode(code::MOVING);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.write_from(Buf::B, 999), "-1/SSL 271");
    }
}

fn m05_partial_alone_does_not_allow_moving(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.set_mode(code::PARTIAL);
        assert_eq!(lab.write(1000), BLOCKED);
        assert_eq!(lab.write_from(Buf::B, 1000), "-1/SSL 127");
    }
}

fn m06_release_buffers_changes_no_answer(library: &dyn Library) {
    const RELEASE_BUFFERS: u32 = 0x10;
    for version in VERSIONS {
        let script = |mode: u32| {
            let mut lab = Lab::client(library, version, 512);
            lab.subject.set_mode(mode);
            let mut answers = vec![lab.write(1000)];
            lab.drain();
            lab.peer_writes(30);
            answers.extend([lab.read(10), lab.write(1000), lab.subject.pending().to_string(), lab.read(100)]);
            answers
        };
        assert_eq!(script(0), script(RELEASE_BUFFERS));
    }
}

fn m08_max_send_fragment(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 70000);
        for refused in [-1, 0, 511, 16385] {
            assert_eq!(lab.subject.set_max_send_fragment(refused), 0);
        }
        assert_eq!(lab.write(1500), "1500");
        assert_eq!(lab.subject.set_max_send_fragment(512), 1);
        assert_eq!(lab.write(1500), "1500");
        assert_eq!(lab.subject.set_max_send_fragment(16384), 1);
        assert_eq!(lab.write(1500), "1500");
        assert_eq!(lab.subject.set_split_send_fragment(16384), 1);
        assert_eq!(lab.write(1500), "1500");
        assert_eq!(lab.peer_sizes(), [1500, 512, 512, 476, 512, 512, 476, 1500]);
    }
}

fn m08_the_pending_record_keeps_its_size(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 700);
        assert_eq!(lab.write(2000), BLOCKED);
        lab.subject.set_max_send_fragment(512);
        while lab.write(3000) == BLOCKED {
            lab.drain();
        }
        assert_eq!(lab.peer_sizes(), [2000, 512, 488]);
    }
}

fn m09_split_send_fragment(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 70000);
        assert_eq!(lab.subject.set_split_send_fragment(0), 0);
        assert_eq!(lab.subject.set_split_send_fragment(16385), 0);
        assert_eq!(lab.subject.set_split_send_fragment(1), 1);
        assert_eq!(lab.write(3), "3");
        assert_eq!(lab.peer_sizes(), [1, 1, 1]);
    }
}

fn m10_records_are_greedy(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 70000);
        lab.write(1);
        lab.write(2);
        lab.write(40000);
        assert_eq!(lab.peer_sizes(), [1, 2, 16384, 16384, 7232]);
    }
}

fn m12_block_padding(library: &dyn Library) {
    let options = Options { block_padding: 512, ..Options::default() };
    let mut lab = Lab::new(library, Setup::client(Version::Tls13, 70000).with(options));
    for (n, body) in [(100, 528), (511, 528), (512, 1040), (16384, 16401)] {
        assert_eq!(lab.write(n), n.to_string());
        assert_eq!(lab.drain(), 5 + body, "{n} bytes");
    }
    lab.shutdown();
    assert_eq!(lab.drain(), 5 + 528, "alerts too");
}

fn m13_read_ahead_changes_no_results(library: &dyn Library) {
    for version in VERSIONS {
        let script = |read_ahead: bool| {
            let options = Options { read_ahead, ..Options::default() };
            let mut lab = Lab::new(library, Setup::client(version, 512).with(options));
            lab.peer_writes(30);
            lab.peer_writes(40);
            lab.peer_closes();
            (0..4).map(|_| lab.read(100)).collect::<Vec<_>>()
        };
        assert_eq!(script(false), script(true));
    }
}

wantls_openssl_oracle::on_every_library! {
    established:
    m01_masks,
    m02_modes_are_looked_up_at_each_call,
    m04_moving_relaxes_only_the_address,
    m05_partial_alone_does_not_allow_moving,
    m06_release_buffers_changes_no_answer,
    m08_max_send_fragment,
    m08_the_pending_record_keeps_its_size,
    m09_split_send_fragment,
    m10_records_are_greedy,
}

wantls_openssl_oracle::on_every_library! { m12_block_padding, m13_read_ahead_changes_no_results }

unsafe extern "C" {
    fn SSL_free_buffers(ssl: *mut openssl_sys::SSL) -> i32;
    fn SSL_set_tlsext_max_fragment_length(ssl: *mut openssl_sys::SSL, mode: u8) -> i32;
}

#[test]
fn m07_buffers_are_not_freed_under_a_pending_record() {
    for version in VERSIONS {
        let (mut end, _peer) = OpenSsl.ends(&Setup::client(version, 512));
        // SAFETY: the object is valid.
        assert_eq!(unsafe { SSL_free_buffers(end.raw()) }, 1);
        let data = [0; 1000];
        assert_eq!(end.write(&data, 1000).error, code::WANT_WRITE);
        // SAFETY: the object is valid.
        assert_eq!(unsafe { SSL_free_buffers(end.raw()) }, 0);
        end.drain(usize::MAX);
        assert_ne!(end.write(&data, 1000).error, code::SSL, "the retry is not affected");
    }
}

#[test]
fn m11_negotiated_fragment_length() {
    const TO_1024: u8 = 2;
    for version in VERSIONS {
        let (mut client, mut server) = OpenSsl.ends(&Setup::client(version, 70000).fresh());
        // SAFETY: the object is valid.
        assert_eq!(unsafe { SSL_set_tlsext_max_fragment_length(client.raw(), TO_1024) }, 1);
        for _ in 0..4 {
            client.do_handshake();
            server.fill(&client.drain(usize::MAX));
            server.do_handshake();
            client.fill(&server.drain(usize::MAX));
        }
        let data = [0; 2500];
        assert_eq!((client.write(&data, 2500).ret, server.write(&data, 2500).ret), (2500, 2500));
        server.fill(&client.drain(usize::MAX));
        client.fill(&server.drain(usize::MAX));
        for end in [&mut client, &mut server] {
            let sizes: Vec<i32> = (0..3).map(|_| end.read(16384).ret).collect();
            assert_eq!(sizes, [1024, 1024, 452], "{version:?}");
        }
    }
}
