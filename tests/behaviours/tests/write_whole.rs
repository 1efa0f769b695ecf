//! `WriteMode::Whole`: a write arrives once and whole, whatever is retried; a bad retry changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use proptest::prelude::*;
use wantls::{Error, Received, RetryFault, Step, Usage, Want, WriteMode};
use wantls_testkit::{Suite, Tls, carry, established};

/// Moves up to `n` bytes, or as many as there is space for.
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

fn queued(tls: &mut Tls) -> Vec<u8> {
    tls.tls_out().bytes().to_vec()
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 >> 3) as u8).collect()
}

#[derive(Clone, Copy, Debug)]
enum Attempt {
    Same,
    Shorter,
    Moved,
}

fn attempts() -> impl Strategy<Value = Vec<(Attempt, usize)>> {
    let attempt = prop_oneof![Just(Attempt::Same), Just(Attempt::Shorter), Just(Attempt::Moved)];
    proptest::collection::vec((attempt, prop_oneof![0..40_usize, 0..20_000_usize]), 0..20)
}

proptest! {
    #[test]
    fn a_write_arrives_once_whatever_is_retried(
        suite in Suite::strategy(),
        len in 1..60_000_usize,
        fragment in prop_oneof![Just(16384_usize), 1000..16384_usize],
        moving in any::<bool>(),
        attempts in attempts(),
    ) {
        let (mut client, mut server) = established(suite);
        client.set_write_mode(WriteMode::Whole { moving });
        client.set_max_fragment(fragment);
        let (data, elsewhere, mut got) = (bytes(len), bytes(len), Vec::new());
        let finish = std::iter::repeat((Attempt::Same, usize::MAX));
        for (attempt, drained) in attempts.into_iter().chain(finish) {
            let (committed, before) = (client.committed(), queued(&mut client));
            let refused = |fault| Err(Error::Usage(Usage::BadWriteRetry { committed, fault }));
            let (arguments, refusal) = match attempt {
                Attempt::Shorter if committed > 0 => (&data[..committed - 1], Some(RetryFault::Shorter)),
                Attempt::Moved if committed > 0 && !moving => (&elsewhere[..], Some(RetryFault::Moved)),
                Attempt::Moved if moving => (&elsewhere[..], None),
                Attempt::Same | Attempt::Shorter | Attempt::Moved => (&data[..], None),
            };
            let answer = client.write(arguments);
            if let Some(fault) = refusal {
                prop_assert_eq!(answer, refused(fault));
                prop_assert_eq!(client.committed(), committed);
                prop_assert!(queued(&mut client) == before, "a refused retry sends something");
            } else if let Step::Done(n) = answer.unwrap() {
                prop_assert_eq!(n, len);
                prop_assert!(queued(&mut client).is_empty(), "done means gone");
                prop_assert!(got == data, "{} of {} bytes, or others", got.len(), len);
                return Ok(());
            } else {
                let sealed = client.committed();
                prop_assert!(sealed >= committed && sealed <= len);
                prop_assert!(queued(&mut client).len() <= fragment + suite.overhead(), "a record at a time");
            }
            carry_some(&mut client, &mut server, drained);
            read_all(&mut server, &mut got);
        }
    }

    #[test]
    fn a_write_goes_on_in_accept_mode(suite in Suite::strategy(), len in 1..60_000_usize, cut in 0..60_000_usize) {
        let (mut client, mut server) = established(suite);
        client.set_write_mode(WriteMode::Whole { moving: false });
        let (data, mut got) = (bytes(len), Vec::new());
        prop_assert_eq!(client.write(&data), Ok(Step::Want(Want::Write)));
        let committed = client.committed();
        client.set_write_mode(WriteMode::Accept);
        if committed > 1 {
            let fault = RetryFault::Shorter;
            prop_assert_eq!(client.write(&data[..1]), Err(Usage::BadWriteRetry { committed, fault }.into()));
        }
        // What is sealed counts as taken, wherever the slices are cut.
        let (a, b) = data.split_at(cut.min(len));
        let Step::Done(mut taken) = client.write_vectored(&[a, b]).unwrap() else { panic!("nothing taken") };
        prop_assert!(taken >= committed);
        prop_assert_eq!(client.committed(), 0, "the write is over");
        while got.len() < len {
            carry(&mut client, &mut server);
            read_all(&mut server, &mut got);
            if taken < len && let Step::Done(n) = client.write(&data[taken..]).unwrap() {
                taken += n;
            }
        }
        prop_assert!(got == data);
    }
}

#[test]
fn a_longer_retry_adds_records_and_keeps_the_first() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    client.set_write_mode(WriteMode::Whole { moving: true });
    assert_eq!(client.write(&[1; 1000]), Ok(Step::Want(Want::Write)));
    let mut got = Vec::new();
    // What was sealed is frozen: the retry's own first bytes are not looked at.
    while client.write(&[2; 1500]).unwrap() != Step::Done(1500) {
        carry(&mut client, &mut server);
        let mut record = [0; 5000];
        let Step::Done(Received::Data(n)) = server.read(&mut record).unwrap() else { panic!("no record") };
        got.push(record[..n.get()].to_vec());
    }
    assert_eq!(got, [vec![1; 1000], vec![2; 500]]);
}

#[test]
fn a_key_update_waits_for_the_end_of_the_write_and_then_goes_first() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    let (key_update, record) = (5 + 22, 10 + 22);
    client.set_write_mode(WriteMode::Whole { moving: false });
    let data = bytes(40_000);
    assert_eq!(client.write(&data), Ok(Step::Want(Want::Write)));
    server.key_update(true).unwrap();
    carry(&mut server, &mut client);
    assert_eq!(client.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    assert_eq!(client.key_update_due(), Some(false));
    let (mut got, mut sizes) = (Vec::new(), Vec::new());
    while client.write(&data).unwrap() != Step::Done(data.len()) {
        sizes.push(queued(&mut client).len());
        carry(&mut client, &mut server);
        read_all(&mut server, &mut got);
    }
    assert_eq!(
        sizes,
        [16384 + 22, 16384 + 22, 40_000 - 2 * 16384 + 22],
        "not between two records of a write"
    );
    assert!(got == data);
    assert_eq!(client.write(&[7; 10]), Ok(Step::Want(Want::Write)));
    assert_eq!(
        (queued(&mut client).len(), client.committed()),
        (key_update, 0),
        "nothing else is sealed with it"
    );
    carry(&mut client, &mut server);
    assert_eq!(client.write(&[8; 10]), Ok(Step::Want(Want::Write)), "so any retry is legal");
    assert_eq!(queued(&mut client).len(), record);
}

#[test]
fn nothing_follows_close_notify() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    server.key_update(true).unwrap();
    carry(&mut server, &mut client);
    assert_eq!(client.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    assert_eq!(client.shutdown(), Ok(Step::Want(Want::Write)));
    let closing = queued(&mut client);
    assert_eq!(client.handshake(), Ok(Step::Done(())));
    assert!(queued(&mut client) == closing, "the answer that is due is not sent any more");
}
