//! A grant can't be claimed beyond what it offers, and one that is dropped has changed nothing.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use wantls::{Error, Received, Step, Usage, Want};
use wantls_testkit::{Suite, Tls, established};

fn records(from: &mut Tls, data: &[u8]) -> Vec<u8> {
    assert_eq!(from.write(data), Ok(Step::Done(data.len())));
    let out = from.tls_out();
    let bytes = out.bytes().to_vec();
    out.consume(bytes.len()).unwrap();
    bytes
}

#[test]
fn claims_beyond_the_offer_are_refused_and_change_nothing() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    let offered = server.tls_in().space().len();
    let error = server.tls_in().commit(offered + 1).unwrap_err();
    assert_eq!(error, Error::Usage(Usage::GrantExceeded { given: offered + 1, offered }));
    assert_eq!(server.tls_in().space().len(), offered);

    assert_eq!(client.write(b"data"), Ok(Step::Done(4)));
    let offered = client.tls_out().bytes().len();
    let error = client.tls_out().consume(offered + 1).unwrap_err();
    assert_eq!(error, Error::Usage(Usage::GrantExceeded { given: offered + 1, offered }));
    assert_eq!(client.tls_out().bytes().len(), offered);
    assert_eq!(client.consume(1), Err(Error::Usage(Usage::GrantExceeded { given: 1, offered: 0 })));
}

#[test]
fn a_commit_without_a_look_at_the_space_stays_inside_the_buffer() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    // Leave the received bytes near the end of the buffer, so that the space depends on a move.
    let big = records(&mut client, &[7; 16_384]);
    let next = records(&mut client, &[8; 16_384]);
    let mut grant = server.tls_in();
    let space = grant.space();
    space[..big.len()].copy_from_slice(&big);
    let part = space.len() - big.len();
    let part = part.min(next.len());
    space[big.len()..][..part].copy_from_slice(&next[..part]);
    grant.commit(big.len() + part).unwrap();
    let mut out = vec![0; 16_384];
    assert!(matches!(server.read(&mut out), Ok(Step::Done(Received::Data(_)))));

    let grant = server.tls_in();
    let most = 1 << 20;
    assert!(matches!(grant.commit(most), Err(Error::Usage(Usage::GrantExceeded { .. }))));
    let free = server.tls_in().space().len();
    server.tls_in().commit(free).unwrap();
    // What was committed is not a record, so reading fails or wants; it does not panic.
    let _ = server.read(&mut out);
    assert_eq!(server.tls_in().space().len(), server.tls_in().space().len());
}

#[test]
fn a_dropped_grant_changes_nothing() {
    let (mut client, mut server) = established(Suite::Tls13Aes128);
    let record = records(&mut client, b"data");
    server.tls_in().space()[..record.len()].copy_from_slice(&record);
    assert_eq!(server.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    assert_eq!(client.write(b"more"), Ok(Step::Done(4)));
    let before = client.tls_out().bytes().to_vec();
    let _ = client.tls_out();
    assert_eq!(client.tls_out().bytes(), before);
}
