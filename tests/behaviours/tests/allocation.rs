//! Rule 11: after the handshake, `write`, `read`, `fill_buf` and `shutdown` allocate nothing and free nothing.
//!
//! A program of its own, as it replaces the allocator, and a single test, as other threads would be counted too.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects, and all the rest is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use wantls::{Received, Shutdown, Step, Want, WriteMode};
use wantls_testkit::{Suite, Tls, carry, established};
use wantls_transport::{read_at, seal_from};

/// The system's allocator, and how often it was asked.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `ptr` comes from `alloc`, that is from `System`.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `ptr` comes from `alloc`, that is from `System`.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RECORDS: usize = 10_000;

fn read(tls: &mut Tls, buffer: &mut [u8]) -> usize {
    match tls.read(buffer).unwrap() {
        Step::Done(Received::Data(n)) => n.get(),
        other => panic!("{other:?}"),
    }
}

/// Record `i`: every way to write and every way to read in turn. `file` holds `data`.
fn exchange(from: &mut Tls, to: &mut Tls, i: usize, data: &[u8], file: &File, buffer: &mut [u8]) {
    let len = 1 + i * 37 % data.len();
    let data = &data[..len];
    if i % 10 == 9 {
        from.set_write_mode(WriteMode::Whole { moving: false });
        assert_eq!(from.write(data), Ok(Step::Want(Want::Write)));
        carry(from, to);
        assert_eq!(from.write(data), Ok(Step::Done(len)));
        from.set_write_mode(WriteMode::Accept);
    } else if i % 10 == 8 {
        let Ok(Step::Done(mut grant)) = from.plain_out(len) else { panic!("there is room") };
        grant.space().copy_from_slice(data);
        assert_eq!(grant.seal(len), Ok(len));
    } else if i % 10 == 7 {
        let read = |at: usize, space: &mut [u8]| read_at(file, at as u64, space);
        let Ok(Step::Done(Ok(n))) = seal_from(from, len, read) else { panic!("there is room") };
        assert_eq!(n, len);
    } else if i % 2 == 1 {
        let (a, b) = data.split_at(len / 2);
        assert_eq!(from.write_vectored(&[a, b]), Ok(Step::Done(len)));
    } else {
        assert_eq!(from.write(data), Ok(Step::Done(len)));
    }
    carry(from, to);
    let mut got = 0;
    while got < len {
        got += match i % 3 {
            0 => read(to, buffer),
            1 => {
                assert!(to.peek(&mut buffer[..10]).is_ok());
                read(to, &mut buffer[..100])
            }
            _ => {
                let Ok(Step::Done(bytes)) = to.fill_buf() else { panic!("data waits") };
                let n = bytes.len();
                to.consume(n).unwrap();
                n
            }
        };
    }
    assert_eq!(to.read(buffer), Ok(Step::Want(Want::Read)));
}

fn close(client: &mut Tls, server: &mut Tls) {
    assert_eq!(client.shutdown(), Ok(Step::Want(Want::Write)));
    carry(client, server);
    assert_eq!(client.shutdown(), Ok(Step::Done(Shutdown::Sent)));
    assert_eq!(server.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)));
    assert_eq!(server.shutdown(), Ok(Step::Want(Want::Write)));
    carry(server, client);
    assert_eq!(server.shutdown(), Ok(Step::Done(Shutdown::Complete)));
    assert_eq!(client.shutdown(), Ok(Step::Done(Shutdown::Complete)));
}

#[test]
fn after_the_handshake_nothing_is_allocated_or_freed() {
    let data: Vec<u8> = (0..4000u32).map(|i| i as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data).unwrap();
    let mut buffer = vec![0; 5000];
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        // The tickets: they are the handshake's late part, and are stored.
        assert_eq!(client.read(&mut buffer), Ok(Step::Want(Want::Read)));
        let before = CALLS.load(Ordering::Relaxed);
        assert!(before > 0, "the counter counts");
        for i in 0..RECORDS {
            let [a, b] = [&mut client, &mut server];
            let (from, to) = if i % 2 == 0 { (a, b) } else { (b, a) };
            exchange(from, to, i / 2, &data, &file, &mut buffer);
        }
        close(&mut client, &mut server);
        let calls = CALLS.load(Ordering::Relaxed) - before;
        assert_eq!(calls, 0, "{suite:?}");
    }
}
