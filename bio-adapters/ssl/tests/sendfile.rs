//! `sendfile`: on any kernel what OpenSSL answers with kernel TLS (rule F5).
#![cfg(all(feature = "std", any(unix, windows)))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

mod common;

use std::fs::{File, OpenOptions};
use std::io::Write;

use common::{End, TLS12, TLS13, bytes, carry, connected, contexts};
use wantls_bio_pair::BioError;
use wantls_ssl::{ErrorCode, Failure, KeyUpdateType, Mode, Reason, ShutdownState, Wanting};

const WANT_WRITE: i32 = ErrorCode::WantWrite as i32;
const SYSCALL: i32 = ErrorCode::Syscall as i32;
const SSL: i32 = ErrorCode::Ssl as i32;

fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file
}

/// A file that can't be read.
fn unreadable() -> File {
    let named = tempfile::NamedTempFile::new().unwrap();
    OpenOptions::new().write(true).open(named.path()).unwrap()
}

/// Return value, error code and reason.
fn sendfile(end: &mut End, file: &File, offset: usize, size: usize) -> (i32, i32, Option<u32>) {
    let ret = end.ssl.sendfile(file, offset as u64, size, 0);
    end.answer(i32::try_from(ret).unwrap())
}

fn read_all(end: &mut End) -> Vec<u8> {
    let mut got = Vec::new();
    loop {
        match end.read() {
            piece if piece.is_empty() => return got,
            piece => got.extend(piece),
        }
    }
}

#[test]
fn a_file_arrives_over_pairs_of_every_size_with_other_arguments_after_every_want() {
    let data = bytes(100_000);
    let file = file_of(&data);
    for suite in [TLS13, TLS12] {
        for (capacity, mode) in [(1, Mode::EMPTY), (700, Mode::ENABLE_PARTIAL_WRITE), (150_000, Mode::EMPTY)]
        {
            let data = &data[..data.len().min(capacity * 3000)];
            let (mut client, mut server) = connected(suite, capacity);
            client.ssl.set_mode(mode);
            let (mut sent, mut expected, mut got, mut wants) = (0, Vec::new(), Vec::new(), 0);
            let mut calls = 0;
            while sent < data.len() {
                let size = (1 + calls * 7919 % 40_000).min(data.len() - sent);
                calls += 1;
                match sendfile(&mut client, &file, sent, size) {
                    (n @ 1.., 0, None) => {
                        let n = usize::try_from(n).unwrap();
                        assert!(n <= size);
                        expected.extend_from_slice(&data[sent..sent + n]);
                        sent += n;
                        assert_eq!((client.ssl.want(), client.ssl.failure()), (Wanting::Nothing, None));
                    }
                    blocked => {
                        assert_eq!(blocked, (-1, WANT_WRITE, None));
                        assert_eq!((client.out(), client.ssl.want()), (capacity, Wanting::Writing));
                        assert_eq!(client.ssl.committed(), 0, "nothing is remembered");
                        wants += 1;
                    }
                }
                carry(&mut client, &mut server);
                got.extend(read_all(&mut server));
            }
            // Another call takes the rest along.
            while client.ssl.write(b"end") != 3 {
                carry(&mut client, &mut server);
            }
            carry(&mut client, &mut server);
            got.extend(read_all(&mut server));
            expected.extend_from_slice(b"end");
            assert!(got == expected && (wants > 0) == (capacity < 150_000), "{suite:?} {capacity} {wants}");
        }
    }
}

#[test]
fn what_stops_a_long_call_comes_behind_its_count() {
    let data = bytes(200_000);
    let file = file_of(&data);
    for suite in [TLS13, TLS12] {
        // More than the outgoing buffer, less than the file: the pair is full in the middle of the call.
        let (mut client, mut server) = connected(suite, 70_000);
        let (mut sent, mut got) = (0, Vec::new());
        while sent < data.len() {
            let (n, error, _) = sendfile(&mut client, &file, sent, usize::MAX);
            assert!(n > 0 && error == 0, "{n}");
            sent += usize::try_from(n).unwrap();
            while carry(&mut client, &mut server) > 0 {
                got.extend(read_all(&mut server));
                assert_eq!(client.read(), [], "a read sends the rest");
            }
        }
        assert!(got == data, "{suite:?}");
    }
}

#[test]
fn the_end_of_the_file_is_0_and_a_success() {
    for suite in [TLS13, TLS12] {
        let (mut client, mut server) = connected(suite, 50_000);
        let file = file_of(b"0123456789");
        assert_eq!(sendfile(&mut client, &file, 0, usize::MAX), (10, 0, None));
        assert_eq!(sendfile(&mut client, &file, 7, 100), (3, 0, None));
        for (offset, size) in [(10, 1), (1 << 40, 9), (3, 0)] {
            assert_eq!(client.ssl.sendfile(&file, offset, size, 0), 0);
            assert_eq!(client.ssl.failure(), None);
        }
        carry(&mut client, &mut server);
        assert_eq!(read_all(&mut server), b"0123456789789");
    }
}

#[test]
fn reads_and_shutdown_take_the_rest_along() {
    for suite in [TLS13, TLS12] {
        for close in [false, true] {
            let (mut client, mut server) = connected(suite, 100);
            assert_eq!(sendfile(&mut client, &file_of(&bytes(300)), 0, 300), (300, 0, None));
            for _ in 0..5 {
                carry(&mut client, &mut server);
                if close {
                    client.ssl.shutdown();
                } else {
                    assert_eq!(client.read(), []);
                }
            }
            assert!(read_all(&mut server) == bytes(300));
            assert_eq!(
                server.ssl.get_shutdown().contains(ShutdownState::RECEIVED),
                close,
                "the close_notify comes behind it"
            );
        }
    }
}

#[test]
fn a_file_that_can_not_be_read_is_told_and_changes_nothing() {
    for suite in [TLS13, TLS12] {
        let (mut client, mut server) = connected(suite, 50_000);
        let (bad, good) = (unreadable(), file_of(b"data"));
        let expected = wantls_transport::read_at(&bad, 0, &mut [0; 9]).unwrap_err().raw_os_error().unwrap();
        for _ in 0..2 {
            assert_eq!(sendfile(&mut client, &bad, 0, 100), (-1, SYSCALL, None));
            assert_eq!(client.ssl.failure(), Some(&Failure::File(expected)));
        }
        assert_eq!(client.out(), 0);
        assert_eq!(sendfile(&mut client, &good, 0, 100), (4, 0, None));
        carry(&mut client, &mut server);
        assert_eq!(read_all(&mut server), b"data");
    }
}

#[test]
fn a_failure_of_the_transport_comes_behind_the_count() {
    for suite in [TLS13, TLS12] {
        let (mut client, _server) = connected(suite, 100);
        let file = file_of(&bytes(1000));
        assert_eq!(sendfile(&mut client, &file, 0, 1000), (1000, 0, None), "taken, and partly sent");
        client.ssl.transport_mut().shutdown_wr();
        for _ in 0..2 {
            assert_eq!(sendfile(&mut client, &file, 0, 1000), (-1, SYSCALL, None));
            assert_eq!(client.ssl.failure(), Some(&Failure::Transport(BioError::BrokenPipe)));
        }
    }
}

#[test]
fn it_is_refused_before_the_handshake_inside_a_write_and_after_the_close() {
    let file = file_of(b"data");
    for suite in [TLS13, TLS12] {
        let mut fresh = End::new(&contexts(suite).0, 100);
        assert_eq!(sendfile(&mut fresh, &file, 0, 4), (-1, SSL, Some(276)), "no role");
        fresh.ssl.set_connect_state();
        assert_eq!(sendfile(&mut fresh, &file, 0, 4), (-1, SSL, Some(276)));
        assert_eq!(fresh.out(), 0, "it does not drive the handshake");

        let (mut client, mut server) = connected(suite, 100);
        let data = bytes(300);
        assert_eq!(client.ssl.write(&data), -1);
        assert_eq!(sendfile(&mut client, &file, 0, 4), (-1, SSL, Some(Reason::BAD_WRITE_RETRY.into())));
        while client.ssl.write(&data) != 300 {
            carry(&mut client, &mut server);
        }
        carry(&mut client, &mut server);
        assert_eq!(sendfile(&mut client, &file, 0, 4), (4, 0, None));
        client.ssl.shutdown();
        assert_eq!(sendfile(&mut client, &file, 0, 4), (-1, SSL, Some(207)));
        carry(&mut client, &mut server);
        assert_eq!(read_all(&mut server), [&data[..], b"data"].concat());
    }
}

#[test]
fn a_key_update_leaves_first() {
    let (mut client, mut server) = connected(TLS13, 27);
    assert_eq!(server.ssl.key_update(KeyUpdateType::Requested), 1);
    assert_eq!(server.ssl.do_handshake(), 1);
    carry(&mut server, &mut client);
    assert_eq!(client.read(), []);
    assert_eq!(client.ssl.key_update_type(), Some(KeyUpdateType::NotRequested));
    // It fills the pair, so that the record stays behind.
    let file = file_of(b"data");
    assert_eq!(sendfile(&mut client, &file, 0, 4), (4, 0, None));
    assert_eq!((client.ssl.key_update_type(), client.out()), (None, 27));
    assert_eq!(client.drain().len(), 27);
    assert_eq!(client.read(), []);
    assert_eq!(client.drain().len(), 26);

    // With no room for it nothing is taken, as in front of a write.
    let (mut client, mut server) = connected(TLS13, 26);
    assert_eq!(server.ssl.key_update(KeyUpdateType::Requested), 1);
    assert_eq!(server.ssl.do_handshake(), 1);
    carry(&mut server, &mut client);
    assert_eq!(client.read(), []);
    assert_eq!(sendfile(&mut client, &file, 0, 4), (-1, WANT_WRITE, None));
    assert!(client.ssl.in_init());
    carry(&mut client, &mut server);
    assert_eq!(sendfile(&mut client, &file, 0, 4), (4, 0, None));
    for _ in 0..2 {
        carry(&mut client, &mut server);
        assert_eq!(client.read(), []);
    }
    assert_eq!(read_all(&mut server), b"data");
}
