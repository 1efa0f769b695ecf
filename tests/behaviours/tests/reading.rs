//! A read gives the same data whatever the size of the caller's buffer, and nothing else ever stays in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use proptest::prelude::*;
use wantls::{Received, Step, Want};
use wantls_testkit::{Suite, Tls, carry, established};

/// Reads once into a buffer of `size` bytes; checks that what does not belong to the caller is not left in it.
fn read(tls: &mut Tls, size: usize) -> Option<Vec<u8>> {
    const UNTOUCHED: u8 = 0xaa;
    let mut out = vec![UNTOUCHED; size];
    let n = match tls.read(&mut out).unwrap() {
        Step::Done(Received::Data(n)) => n.get(),
        Step::Done(Received::Closed) => panic!("closed"),
        Step::Want(want) => {
            assert_eq!(want, Want::Read);
            0
        }
    };
    let behind = out.split_off(n);
    assert!(behind.iter().all(|&byte| byte == UNTOUCHED || byte == 0), "{behind:?}");
    (n > 0).then_some(out)
}

proptest! {
    #[test]
    fn any_buffer_reads_the_same(
        suite in Suite::strategy(),
        messages in proptest::collection::vec((1..300_usize, any::<bool>()), 1..20),
        // Around the length of a message, where a record just fits or just does not.
        sizes in proptest::collection::vec(prop_oneof![1..40_usize, 250..330_usize, Just(20_000)], 1..10),
        whole_first in any::<bool>(),
    ) {
        let (mut client, mut server) = established(suite);
        let mut sent = Vec::new();
        let mut got = Vec::new();
        let mut sizes = sizes.into_iter().cycle();
        for (i, (len, key_update)) in messages.into_iter().enumerate() {
            // What the server sends comes behind its tickets, and with KeyUpdates between.
            if key_update && suite.version() == wantls::Version::Tls13 {
                server.key_update(i % 2 == 0).unwrap();
            }
            let data: Vec<u8> = (0..len).map(|b| (b * 7 + i) as u8 | 1).collect();
            prop_assert_eq!(server.write(&data), Ok(Step::Done(len)));
            carry(&mut server, &mut client);
            sent.extend_from_slice(&data);
            if whole_first && i == 0 {
                continue;
            }
            while let Some(data) = read(&mut client, sizes.next().unwrap()) {
                got.extend_from_slice(&data);
            }
        }
        while let Some(data) = read(&mut client, sizes.next().unwrap()) {
            got.extend_from_slice(&data);
        }
        prop_assert_eq!(got, sent);
    }
}

/// Data of a TLS 1.3 record that fits into the buffer only without the byte of its content type.
#[test]
fn a_buffer_of_exactly_the_datas_length_takes_it_at_once() {
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        for len in [1, 100, 16_384] {
            let data = vec![7; len];
            assert_eq!(client.write(&data), Ok(Step::Done(len)));
            carry(&mut client, &mut server);
            assert_eq!(read(&mut server, len), Some(data), "{suite:?}");
        }
    }
}
