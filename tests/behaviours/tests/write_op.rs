//! `WriteOp`: a write that is driven to its end, or given up, loses and repeats nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use proptest::prelude::*;
use wantls::{Received, RetryFault, Step, Usage, Want, WriteMode, WriteOp};
use wantls_testkit::{Suite, Tls, accept, carry, client, connect, established, server};

const WHOLE: WriteMode = WriteMode::Whole { moving: false };

fn carry_some(from: &mut Tls, to: &mut Tls, n: usize) {
    let out = from.tls_out();
    let mut grant = to.tls_in();
    let space = grant.space();
    let n = n.min(out.bytes().len()).min(space.len());
    space[..n].copy_from_slice(&out.bytes()[..n]);
    grant.commit(n).unwrap();
    out.consume(n).unwrap();
}

fn read_all(tls: &mut Tls, into: &mut Vec<u8>) {
    let mut buffer = [0; 5000];
    while let Step::Done(Received::Data(n)) = tls.read(&mut buffer).unwrap() {
        into.extend_from_slice(&buffer[..n.get()]);
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 >> 3) as u8).collect()
}

fn mode() -> impl Strategy<Value = WriteMode> {
    prop_oneof![Just(WriteMode::Accept), Just(WHOLE)]
}

proptest! {
    #[test]
    fn given_up_anywhere_the_rest_can_be_written_anew(
        suite in Suite::strategy(),
        len in 1..120_000_usize,
        // For each operation: its mode, and how many bytes leave between its steps until it is dropped.
        tries in proptest::collection::vec(
            (mode(), proptest::collection::vec(prop_oneof![0..40_usize, 0..40_000_usize], 0..6)),
            0..5,
        ),
        last in mode(),
    ) {
        let (mut client, mut server) = established(suite);
        let (data, mut sent, mut got) = (bytes(len), 0, Vec::new());
        let finish = (last, vec![usize::MAX; 200]);
        for (mode, drains) in tries.into_iter().chain([finish]) {
            client.set_write_mode(mode);
            let mut op = WriteOp::new(&data[sent..]);
            for drain in drains {
                let before = op.committed();
                let step = op.advance(&mut client).unwrap();
                prop_assert!(op.committed() >= before);
                prop_assert!(op.rest() == &data[sent + op.committed()..]);
                if step == Step::Done(len - sent) {
                    prop_assert!(op.rest().is_empty());
                    let gone = client.tls_out().bytes().is_empty();
                    prop_assert!(gone || mode == WriteMode::Accept, "done means gone");
                    break;
                }
                prop_assert_eq!(step, Step::Want(Want::Write));
                carry_some(&mut client, &mut server, drain);
                read_all(&mut server, &mut got);
            }
            sent += op.committed();
            prop_assert_eq!(client.committed(), 0, "nothing binds the next write");
        }
        carry(&mut client, &mut server);
        read_all(&mut server, &mut got);
        while got.len() < sent {
            carry(&mut client, &mut server);
            read_all(&mut server, &mut got);
        }
        prop_assert_eq!(sent, len);
        prop_assert!(got == data);
    }
}

#[test]
fn it_does_not_write_behind_an_unfinished_write() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    client.set_write_mode(WHOLE);
    let data = bytes(40_000);
    assert_eq!(client.write(&data), Ok(Step::Want(Want::Write)));
    let (committed, mut op) = (client.committed(), WriteOp::new(b"later"));
    let refused = Err(Usage::BadWriteRetry { committed, fault: RetryFault::Moved }.into());
    assert_eq!(op.advance(&mut client), refused);
    let mut got = Vec::new();
    while client.write(&data).unwrap() != Step::Done(data.len()) {
        carry(&mut client, &mut server);
        read_all(&mut server, &mut got);
    }
    assert!(got == data);
    assert_eq!(op.advance(&mut client), Ok(Step::Want(Want::Write)));
    carry(&mut client, &mut server);
    assert_eq!(op.advance(&mut client), Ok(Step::Done(5)));
    assert_eq!(op.advance(&mut client), Ok(Step::Done(5)), "done stays done");
    read_all(&mut server, &mut got);
    assert_eq!(&got[data.len()..], b"later");
}

#[test]
fn it_runs_the_handshake_even_for_no_data() {
    for data in [&b""[..], &b"hello"[..]] {
        let suite = Suite::Tls13Aes128;
        let (mut client, mut server) = (connect(&client(suite)), accept(&server(suite)));
        let (mut op, mut got) = (WriteOp::new(data), Vec::new());
        while let Step::Want(_) = op.advance(&mut client).unwrap() {
            carry(&mut client, &mut server);
            let _ = server.handshake().unwrap();
            carry(&mut server, &mut client);
        }
        carry(&mut client, &mut server);
        assert_eq!(server.handshake(), Ok(Step::Done(())));
        read_all(&mut server, &mut got);
        assert_eq!(got, data);
    }
}
