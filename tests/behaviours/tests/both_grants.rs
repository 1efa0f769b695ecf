//! `tls_both` lends what the two grants lend, and both sides can be moved at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use wantls::{Received, Step};
use wantls_testkit::{Suite, Tls, accept, client, connect, server};

/// Moves up to `most` bytes from one connection to the other, both lent by `tls_both`.
fn carry(from: &mut Tls, to: &mut Tls, most: usize) -> usize {
    let (_, bytes) = from.tls_both();
    let (space, _) = to.tls_both();
    let n = bytes.len().min(space.len()).min(most);
    space[..n].copy_from_slice(&bytes[..n]);
    to.tls_in().commit(n).unwrap();
    from.tls_out().consume(n).unwrap();
    n
}

#[test]
fn a_session_runs_on_both_grants_at_once() {
    for suite in Suite::ALL {
        for most in [1, 1000, 100_000] {
            let (mut a, mut b) = (connect(&client(suite)), accept(&server(suite)));
            let (mut got, mut back, mut buffer) = (Vec::new(), Vec::new(), [0; 100]);
            let mut sent = [false, false];
            while got.len() < 5 || back.len() < 5 {
                let [a_sent, b_sent] = &mut sent;
                for (tls, sent, into) in [(&mut a, a_sent, &mut back), (&mut b, b_sent, &mut got)] {
                    *sent = *sent || matches!(tls.write(b"hello").unwrap(), Step::Done(5));
                    if let Step::Done(Received::Data(n)) = tls.read(&mut buffer).unwrap() {
                        into.extend_from_slice(&buffer[..n.get()]);
                    }
                    let expected = (tls.tls_in().space().len(), tls.tls_out().bytes().len());
                    let (space, bytes) = tls.tls_both();
                    assert_eq!((space.len(), bytes.len()), expected);
                }
                carry(&mut a, &mut b, most);
                carry(&mut b, &mut a, most);
            }
            assert_eq!((got.as_slice(), back.as_slice()), (&b"hello"[..], &b"hello"[..]), "{suite:?}");
        }
    }
}

#[test]
fn nothing_is_lent_once_the_transport_has_ended() {
    let mut tls = connect(&client(Suite::Tls13Aes128));
    let _ = tls.handshake().unwrap();
    tls.tls_in_eof();
    let (space, bytes) = tls.tls_both();
    assert!(space.is_empty() && !bytes.is_empty());
}
