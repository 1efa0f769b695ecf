//! Rule 12: `interest()` and `progress_without_io` are exact. Random schedules show it for every call (see
//! `schedules.rs`); here it is walked through, byte by byte. [`Checked`] holds each answer against the questions.

use wantls::{Phase, Received, Role, Step, Want};
use wantls_testkit::raw::content;
use wantls_testkit::{Checked, RawPeer, accept, connect};

use crate::{BOTH, turn};

#[test]
fn a_session_received_byte_by_byte_progresses_at_the_last_byte_of_each_record_and_never_before() {
    for suite in BOTH {
        let (mut raw, tls) = RawPeer::pair(suite, Role::Client);
        let mut tls = Checked::new(tls, 2 * (5 + 16384 + 17) + 96, false);
        let mut records = vec![
            (raw.seal(content::APPLICATION_DATA, b"one"), 3),
            (raw.seal(content::APPLICATION_DATA, b""), 0),
            (raw.seal(content::APPLICATION_DATA, b"second"), 6),
        ];
        if suite == BOTH[0] {
            records.push((raw.seal(content::HANDSHAKE, &[24, 0, 0, 1, 1]), 0));
            raw.next_write_key();
        }
        records.push((raw.seal(content::APPLICATION_DATA, b"last"), 4));
        for (record, data) in records {
            for (i, byte) in record.iter().enumerate() {
                assert!(!tls.tls().pending().progress_without_io, "byte {i}");
                assert_eq!(tls.read(&mut [0; 100]), Ok(Step::Want(Want::Read)));
                tls.receive(|space| {
                    space[0] = *byte;
                    1
                });
            }
            assert!(tls.tls().pending().progress_without_io);
            for _ in 0..data {
                assert!(matches!(tls.read(&mut [0; 1]), Ok(Step::Done(Received::Data(_)))));
            }
            assert_eq!(tls.read(&mut [0; 1]), Ok(Step::Want(Want::Read)));
        }
    }
}

/// During the handshake the engine can be asked only by a step. It is asked once: a `true` is never idle twice.
#[test]
fn a_handshake_byte_by_byte_wants_what_moves_it() {
    for suite in BOTH {
        let out = 2 * (5 + 16384 + 17) + 96;
        let mut client = Checked::new(connect(&wantls_testkit::client(suite)), out, false);
        let mut server = Checked::new(accept(&wantls_testkit::server(suite)), out, false);
        let mut done = false;
        for _ in 0..20_000 {
            for side in [0, 1] {
                let (from, to) = turn(&mut client, &mut server, side);
                let step = from.handshake().unwrap();
                if step == Step::Want(Want::Read) {
                    assert_eq!(from.handshake(), Ok(Step::Want(Want::Read)));
                }
                if let Some(byte) = from.to_send().first().copied() {
                    from.sent(1);
                    to.receive(|space| {
                        space[0] = byte;
                        1
                    });
                }
            }
            let open = |end: &Checked| end.tls().phase() == Phase::Open && !end.tls().interest().write;
            if open(&client) && open(&server) {
                assert_eq!(client.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
                done = true;
                break;
            }
        }
        assert!(done, "{suite:?}: the handshake does not end");
    }
}
