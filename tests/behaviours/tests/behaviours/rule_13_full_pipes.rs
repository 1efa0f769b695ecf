//! Rule 13: two full pipes don't deadlock: `pump` tries both directions, and a send that would block never keeps a
//! receive from happening.

use wantls::{Received, Step, Want};
use wantls_testkit::{Link, Tls, established};
use wantls_transport::{Stream, pump};

use crate::{BOTH, pattern};

/// Reads what is there; whether anything was.
fn read(tls: &mut Tls, got: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 3000];
    match tls.read(&mut buffer).unwrap() {
        Step::Done(Received::Data(n)) => {
            got.extend_from_slice(&buffer[..n.get()]);
            true
        }
        _ => false,
    }
}

#[test]
fn both_ends_write_until_both_are_full_and_then_both_progress() {
    for suite in BOTH {
        for capacity in [1, 100, 20_000] {
            let (mut client, mut server) = established(suite);
            let (mut a, mut b) = Link::open_pair(capacity);
            let data = pattern(300_000);
            let mut sent = [0, 0];
            // Nobody reads until nothing moves any more.
            let mut stuck = false;
            while !stuck {
                stuck = true;
                for (i, (tls, link)) in [(&mut client, &mut a), (&mut server, &mut b)].into_iter().enumerate()
                {
                    if let Step::Done(n) = tls.write(&data[sent[i]..]).unwrap() {
                        sent[i] += n;
                        stuck &= n == 0;
                    }
                    stuck &= !pump(tls, link).unwrap().progressed();
                }
            }
            assert!(sent.iter().all(|n| *n > 0 && *n < data.len()), "{sent:?}");
            assert!(client.interest().write && server.interest().write, "both are full");
            // Now one side reads. It never has to write for it, and the other gets room.
            let mut got = [Vec::new(), Vec::new()];
            for round in 0.. {
                assert!(round < 2_000_000, "stuck: {:?}", got.each_ref().map(Vec::len));
                for (i, (tls, link)) in [(&mut client, &mut a), (&mut server, &mut b)].into_iter().enumerate()
                {
                    let _ = pump(tls, link).unwrap();
                    while read(tls, &mut got[i]) {}
                    if sent[i] < data.len()
                        && let Step::Done(n) = tls.write(&data[sent[i]..]).unwrap()
                    {
                        sent[i] += n;
                    }
                }
                if got.iter().all(|got| got.len() == data.len()) {
                    break;
                }
            }
            assert!(got.iter().all(|got| *got == data));
        }
    }
}

#[test]
fn a_blocked_stream_write_still_receives() {
    for suite in BOTH {
        let (client, mut server) = established(suite);
        let (a, mut b) = Link::open_pair(10);
        let mut stream = Stream::new(client, a);
        assert_eq!(server.write(b"from the other side"), Ok(Step::Done(19)));
        // Full, and nobody takes anything from the link.
        while let Step::Done(_) = stream.write(&[0; 16384]).unwrap() {}
        for _ in 0..20 {
            let out = server.tls_out();
            if !out.bytes().is_empty()
                && let Ok(wantls_transport::Sent::Bytes(n)) =
                    wantls_transport::Transport::send(&mut b, out.bytes())
            {
                out.consume(n.get()).unwrap();
            }
            assert_eq!(stream.write(&[0; 16384]).unwrap(), Step::Want(Want::Write));
        }
        assert!(stream.tls().pending().tls_in > 19, "it was received while the write was blocked");
        let mut buffer = [0; 30];
        assert!(matches!(stream.read(&mut buffer), Ok(Step::Done(Received::Data(_)))));
        assert_eq!(&buffer[..19], b"from the other side");
    }
}
