//! The W rules: writing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::arena::Buf;
use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::setup::{Library, Setup, Version};
use wantls_openssl_oracle::subject::code;

const BLOCKED: &str = "-1/WANT_WRITE";

fn w01_negative_length(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        for n in [-1, -1000, i32::MIN] {
            assert_eq!(lab.write(n), "-1/SSL 271");
        }
        assert_eq!(lab.out(), 0);
        assert_eq!(lab.write(10), "10", "not fatal");
        lab.shutdown();
        assert_eq!(lab.write(-1), "-1/SSL 271", "before the check for the own close_notify");
    }
}

fn w02_zero_length(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 2000);
        assert_eq!(lab.write(0), "0/SYSCALL");
        assert_eq!(lab.write_ex(0), "1 n=0");
        assert_eq!(lab.write_ex2(0, 0), "1 n=0");
        assert_eq!(lab.out(), 0, "no empty record");
        lab.peer_closes();
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        assert_eq!(lab.write(0), "0/ZERO_RETURN");
        assert_eq!(lab.write_ex(0), "1 n=0");
        lab.shutdown();
        assert_eq!(lab.write(0), "-1/SSL 207");
        assert_eq!(lab.write_ex(0), "0/SSL 207");
    }
}

fn w02_zero_length_while_a_record_is_pending(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.write(1000);
        assert_eq!(lab.write(0), "-1/SSL 271");
        let mut lab = Lab::client(library, version, 512);
        lab.write(1000);
        assert_eq!(lab.write_ex(0), "0/SSL 271");
    }
}

fn w02_zero_length_flushes_a_key_update(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    lab.subject.key_update(0);
    assert_eq!(lab.write(0), "0/SYSCALL");
    assert_eq!(lab.out(), 27);
    lab.subject.key_update(1);
    assert_eq!(lab.write_ex(0), "1 n=0");
    assert_eq!(lab.out(), 54);
}

fn w03_success_is_all_or_nothing(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 2000);
        assert_eq!(lab.write(1000), "1000");
        assert_eq!(lab.write_ex(1000), "0/WANT_WRITE", "the count is untouched");
        lab.drain();
        assert_eq!(lab.write_ex(1000), "1 n=1000");
    }
}

fn w04_after_own_close_notify(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 2000);
        assert_eq!(lab.shutdown(), "0/SYSCALL");
        let out = lab.out();
        for n in [0, 1, 1000] {
            assert_eq!(lab.write(n), "-1/SSL 207");
            assert_eq!(lab.subject.want(), code::NOTHING);
        }
        assert_eq!(lab.write_ex(5), "0/SSL 207");
        assert_eq!(lab.write_ex2(5, 1), "0/SSL 207", "before the check of the flags");
        assert_eq!(lab.out(), out);
        lab.subject.set_shutdown(0);
        assert_eq!(lab.write(5), "5", "clearing the flag by hand makes writing work again");
    }
}

fn w05_after_the_peers_close_notify(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write(1000), BLOCKED);
        lab.peer_closes();
        assert_eq!(lab.read(1), "0/ZERO_RETURN");
        while lab.write(1000) != "1000" {
            assert_eq!(lab.drain(), 512);
        }
        assert_eq!(lab.peer_sizes(), [1000]);
    }
}

fn w06_after_a_fatal_error(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.write(1000);
        assert_eq!(lab.write(999), "-1/SSL 271");
        for _ in 0..2 {
            assert_eq!(lab.write(1000), "-1/SYSCALL");
            assert_eq!(lab.subject.want(), code::NOTHING);
            assert_eq!(lab.write_ex(1000), "0/SYSCALL");
            assert_eq!(lab.write(999), "-1/SSL 271", "the length is checked first");
        }
        assert_eq!(lab.out(), 512);
    }
}

fn w07_eof_that_nobody_has_read(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.close_in();
        assert_eq!(lab.write(100), "100", "unread EOF has no effect");
        assert_eq!(lab.read(1), "0/SSL 294");
        assert_eq!(lab.write(100), "-1/SYSCALL", "the read has killed the connection");
    }
}

fn w07_broken_write_side(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        lab.subject.close_out();
        for _ in 0..2 {
            assert_eq!(lab.write(100), "-1/SSL 32:124");
            assert_eq!(lab.subject.want(), code::NOTHING);
        }
        assert!(!lab.subject.in_init(), "not dead");
        lab.peer_writes(7);
        assert_eq!(lab.read(10), "7", "reading still works");
    }
}

/// Calls of one write with a drained pair in between: what each returned, and what it left in the pair.
fn drained_calls(lab: &mut Lab, n: i32) -> Vec<(String, usize)> {
    let mut calls = Vec::new();
    loop {
        let answer = lab.write(n);
        let out = lab.out();
        calls.push((answer.clone(), out));
        if answer != BLOCKED {
            return calls;
        }
        assert_eq!(lab.write(n), BLOCKED, "a retry without draining changes nothing");
        assert_eq!(lab.out(), out);
        lab.drain();
    }
}

fn w08_how_much_one_call_pushes(library: &dyn Library) {
    for version in VERSIONS {
        let w = |n| version.wire(n);
        let cases = [
            (1000, 512),
            (1000, w(1000) - 1),
            (1000, w(1000)),
            (1000, w(1000) + 1),
            (16384, w(16384) - 1),
            (16384, w(16384)),
            (16385, w(16384)),
            (50000, 20000),
            (40000, 10000),
        ];
        for (n, capacity) in cases {
            let mut lab = Lab::client(library, version, capacity);
            let calls = drained_calls(&mut lab, i32::try_from(n).unwrap());
            let total: usize = (0..n).step_by(16384).map(|at| w((n - at).min(16384))).sum();
            let mut expected = vec![(BLOCKED.to_owned(), capacity); total.div_ceil(capacity) - 1];
            expected.push((n.to_string(), total - capacity * expected.len()));
            assert_eq!(calls, expected, "{version:?}: {n} bytes, capacity {capacity}");
        }
    }
}

/// The table of the rule, number by number, so that the arithmetic above is itself checked.
fn w08_table(library: &dyn Library) {
    let table: [(Version, i32, usize, &[usize]); 6] = [
        (Version::Tls13, 1000, 512, &[512, 510]),
        (Version::Tls12, 1000, 512, &[512, 512, 5]),
        (Version::Tls13, 50000, 20000, &[20000, 20000, 10088]),
        (Version::Tls12, 50000, 20000, &[20000, 20000, 10116]),
        (Version::Tls13, 40000, 10000, &[10000, 10000, 10000, 10000, 66]),
        (Version::Tls13, 16385, 16406, &[16406, 23]),
    ];
    for (version, n, capacity, out) in table {
        let mut lab = Lab::client(library, version, capacity);
        let seen: Vec<usize> = drained_calls(&mut lab, n).into_iter().map(|call| call.1).collect();
        assert_eq!(seen, out, "{version:?}: {n} bytes, capacity {capacity}");
    }
}

fn w08_partial_draining_adds_the_room(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 2000);
        let filler = 2000 - lab.w(0);
        assert_eq!(lab.write(i32::try_from(filler).unwrap()), filler.to_string());
        let (mut moved, total) = (0, lab.w(100));
        loop {
            let answer = lab.write(100);
            assert_eq!(lab.out(), if answer == BLOCKED { 2000 } else { 2000 - 30 + (total - moved) });
            if answer == "100" {
                break;
            }
            assert_eq!(answer, BLOCKED);
            lab.drain_some(30);
            moved += (total - moved).min(30);
            if moved == total {
                assert_eq!(lab.write(100), "100");
                break;
            }
        }
    }
}

fn w09_shorter_retry(library: &dyn Library) {
    for version in VERSIONS {
        for n in [32768, 32769, 39999] {
            let mut lab = Lab::client(library, version, 20000);
            assert_eq!(lab.write(40000), BLOCKED);
            lab.drain();
            while lab.write(n) == BLOCKED {
                lab.drain();
            }
            assert_eq!(lab.peer_sizes().iter().sum::<usize>(), usize::try_from(n).unwrap());
        }
        for n in [32767, 16384, 1, 0] {
            for mode in [0, code::MOVING, code::PARTIAL] {
                let mut lab = Lab::client(library, version, 20000);
                lab.subject.set_mode(mode);
                assert_eq!(lab.write(16000), "16000");
                assert_eq!(lab.write(40000), BLOCKED);
                lab.drain_some(25000);
                // Both modes change what is reported, neither what is committed.
                lab.subject.clear_mode(code::PARTIAL);
                assert_eq!(lab.write(40000), BLOCKED);
                lab.subject.set_mode(mode);
                assert_eq!(lab.write(n), "-1/SSL 271", "{n}, mode {mode}");
                assert!(lab.subject.in_init(), "fatal");
                assert_eq!(lab.out(), 20000, "no alert, and the record stays cut");
            }
        }
    }
}

fn w09_the_pending_record_alone_is_a_legal_retry(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 20000);
        assert_eq!(lab.write(40000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write(32768), "32768");
        assert_eq!(lab.peer_sizes(), [16384, 16384]);
    }
}

fn w10_longer_retry(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.drain();
    let outs: Vec<usize> = drained_calls(&mut lab, 1500).into_iter().map(|call| call.1).collect();
    // W(1000) + W(500) = 1022 + 522 bytes, of which the first call pushed 512.
    assert_eq!(outs, [512, 512, 8]);
    assert_eq!(lab.peer_sizes(), [1000, 500]);
}

fn w10_longer_retry_takes_the_new_bytes_from_the_later_call(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        let old = lab.arenas.slice(Buf::A, 0, 1000).to_vec();
        assert_eq!(lab.write(1000), BLOCKED);
        lab.arenas.change(Buf::A);
        let new = lab.arenas.slice(Buf::A, 1000, 500).to_vec();
        while lab.write(1500) == BLOCKED {
            lab.drain();
        }
        assert_eq!(lab.peer_data(), [old, new].concat());
    }
}

fn w11_moved_buffer(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 600);
        assert_eq!(lab.write(1000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write_from(Buf::B, 1000), "-1/SSL 127");
        assert!(lab.subject.in_init(), "fatal");

        let mut lab = Lab::client(library, version, 600);
        let old = lab.arenas.slice(Buf::A, 0, 1000).to_vec();
        assert_eq!(lab.write(1000), BLOCKED);
        lab.drain();
        lab.subject.set_mode(code::MOVING);
        assert_eq!(lab.write_from(Buf::B, 1000), "1000", "the mode counts at the retry");
        assert_eq!(lab.peer_data(), old);
        assert_eq!(lab.write_from(Buf::C, 10), "10", "nothing is pinned after a success");
    }
}

fn w11_the_base_is_the_first_byte_of_the_write(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 17000);
        assert_eq!(lab.write(40000), BLOCKED);
        lab.drain();
        assert_eq!(lab.write(40000), BLOCKED, "now a later record is pending");
        lab.drain();
        assert_eq!(lab.write(40000), "40000");
    }
}

fn w12_changed_contents(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 100);
        let filler = 100 - lab.w(0);
        lab.write(i32::try_from(filler).unwrap());
        let old = lab.arenas.slice(Buf::A, 0, 50).to_vec();
        assert_eq!(lab.write(50), BLOCKED);
        assert_eq!(lab.out(), 100, "nothing of it was taken");
        lab.arenas.change(Buf::A);
        lab.drain();
        assert_eq!(lab.write(50), "50");
        assert_eq!(lab.peer_data()[filler..], old, "frozen when it was encrypted");
    }
}

fn w12_moved_with_other_contents(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 20000);
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
}

/// A harmless call between a blocked write and its retry.
type Between = fn(&mut Lab);

fn w13_calls_in_between(library: &dyn Library) {
    let harmless: [(&str, Between); 9] = [
        ("read", |lab| assert_eq!(lab.read(10), "-1/WANT_READ")),
        ("peek", |lab| assert_eq!(lab.peek(10), "-1/WANT_READ")),
        ("data", |lab| {
            lab.peer_writes(10);
            assert_eq!(lab.read(10), "10");
        }),
        ("close_notify", |lab| {
            lab.peer_closes();
            assert_eq!(lab.read(10), "0/ZERO_RETURN");
        }),
        ("flags", |lab| assert_eq!(lab.write_ex2(1000, 1), "0/SSL 412")),
        ("do_handshake", |lab| {
            assert_eq!(lab.handshake(), "1");
            assert_eq!(lab.subject.want(), code::WRITING, "left as it was");
        }),
        ("write_ex", |lab| assert_eq!(lab.write_ex(1000), "0/WANT_WRITE")),
        ("fragment", |lab| assert_eq!(lab.subject.set_max_send_fragment(512), 1)),
        ("negative", |lab| assert_eq!(lab.write(-1), "-1/SSL 271")),
    ];
    for version in VERSIONS {
        for (name, between) in harmless {
            let mut lab = Lab::client(library, version, 512);
            assert_eq!(lab.write(1000), BLOCKED);
            between(&mut lab);
            while lab.write(1000) == BLOCKED {
                lab.drain();
            }
            assert_eq!(lab.peer_sizes(), [1000], "{version:?}, {name}");
        }
    }
}

fn w13_key_update_in_between(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    let refused = lab.subject.key_update(0);
    assert_eq!((refused.ret, refused.reason.map(|r| r.code)), (0, Some(127)));
    lab.drain();
    assert_eq!(lab.write(1000), "1000", "not fatal");
    lab.drain();
    assert_eq!(lab.write(10), "10");
    assert_eq!(lab.out(), 32, "and not scheduled");
}

fn w13_messages_in_between(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 512);
    assert_eq!(lab.write(1000), BLOCKED);
    lab.peer_tickets();
    lab.peer_updates(0);
    assert_eq!(lab.read(1), "-1/WANT_READ");
    lab.drain();
    assert_eq!(lab.write(1000), "1000");
    assert_eq!(lab.peer_sizes(), [1000]);
}

fn w14_a_handshake_pins_nothing(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::client(version, 20000).fresh());
        assert_eq!(lab.write_from(Buf::A, 100), "-1/WANT_READ");
        let wanted = lab.arenas.slice(Buf::B, 0, 50).to_vec();
        let mut answer = String::new();
        for _ in 0..4 {
            lab.drain();
            lab.peer.do_handshake();
            lab.deliver();
            answer = lab.write_from(Buf::B, 50);
            if answer == "50" {
                break;
            }
        }
        assert_eq!(answer, "50");
        lab.drain();
        lab.peer.do_handshake();
        assert_eq!(lab.peer_data(), wanted, "only the second buffer was sent");
    }
}

fn w16_writing_never_reads(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 5000);
        lab.peer_writes(100);
        lab.peer_closes();
        lab.subject.close_in();
        let waiting = lab.subject.in_waiting();
        assert_eq!(lab.write(1000), "1000");
        assert_eq!(lab.subject.in_waiting(), waiting);
        assert_eq!(lab.subject.get_shutdown(), 0);
    }
}

fn w17_order_in_front_of_data(library: &dyn Library) {
    let mut lab = Lab::client(library, Version::Tls13, 17000);
    assert_eq!(lab.write(40000), BLOCKED);
    lab.peer_updates(1);
    assert_eq!(lab.read(1), "-1/WANT_READ");
    while lab.write(40000) == BLOCKED {
        lab.drain();
    }
    lab.drain();
    assert_eq!(lab.write(10), "10");
    lab.drain();
    // The answer to the KeyUpdate opens the next write, it does not interrupt this one.
    assert_eq!(lab.wire_records(), [16406, 16406, lab.w(40000 - 32768), 27, 32]);
    assert_eq!(lab.peer_sizes().iter().sum::<usize>(), 40010);
}

wantls_openssl_oracle::on_every_library! {
    established:
    w01_negative_length,
    w02_zero_length,
    w02_zero_length_while_a_record_is_pending,
    w02_zero_length_flushes_a_key_update,
    w03_success_is_all_or_nothing,
    w04_after_own_close_notify,
    w05_after_the_peers_close_notify,
    w06_after_a_fatal_error,
    w07_eof_that_nobody_has_read,
    w08_how_much_one_call_pushes,
    w08_table,
    w08_partial_draining_adds_the_room,
    w09_shorter_retry,
    w09_the_pending_record_alone_is_a_legal_retry,
    w10_longer_retry,
    w10_longer_retry_takes_the_new_bytes_from_the_later_call,
    w11_moved_buffer,
    w11_the_base_is_the_first_byte_of_the_write,
    w12_changed_contents,
    w12_moved_with_other_contents,
    w13_calls_in_between,
    w13_key_update_in_between,
    w13_messages_in_between,
    w16_writing_never_reads,
    w17_order_in_front_of_data,
}

wantls_openssl_oracle::on_every_library! {
    w07_broken_write_side,
    w14_a_handshake_pins_nothing,
}
