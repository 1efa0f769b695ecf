//! Records that are replayed, reordered, oversized, damaged or misplaced: each has its error, and the peer sees its
//! alert.

use wantls::{Error, ProtocolError, Role, Step, Version, Want};
use wantls_testkit::raw::{content, offer, split_records};
use wantls_testkit::{RawPeer, Suite, Tls, established, toy};

use crate::{BOTH, read_all, turn};

/// Gives `bytes` to the connection and expects `error`, after `data`, and the alert of it at the peer.
fn assert_refused(raw: &mut RawPeer, tls: &mut Tls, bytes: &[u8], data: &[u8], error: ProtocolError) {
    offer(tls, bytes);
    let mut got = Vec::new();
    assert_eq!(read_all(tls, &mut got), Err(Error::Protocol(error)));
    assert_eq!(got, data, "{error:?}");
    let records = raw.receive(tls);
    assert_eq!(records.len(), 1, "{error:?}");
    assert_eq!((records[0].typ, &records[0].payload[..]), (content::ALERT, &[2, error.alert().into()][..]));
}

/// Calls `check` with a fresh connection for each suite and role.
fn everywhere(check: impl Fn(&mut RawPeer, &mut Tls, Suite)) {
    for suite in Suite::ALL {
        for role in [Role::Client, Role::Server] {
            let (mut raw, mut tls) = RawPeer::pair(suite, role);
            check(&mut raw, &mut tls, suite);
        }
    }
}

#[test]
fn a_replayed_record_is_refused() {
    everywhere(|raw, tls, _| {
        let record = raw.seal(content::APPLICATION_DATA, b"once");
        assert_refused(raw, tls, &[&record[..], &record].concat(), b"once", ProtocolError::BadRecordMac);
    });
}

#[test]
fn reordered_and_missing_records_are_refused() {
    everywhere(|raw, tls, _| {
        let [one, two] = [b"one", b"two"].map(|data| raw.seal(content::APPLICATION_DATA, data));
        assert_refused(raw, tls, &[two, one].concat(), b"", ProtocolError::BadRecordMac);
    });
    everywhere(|raw, tls, _| {
        let [one, _, three] = [b"one", b"two", b"thr"].map(|data| raw.seal(content::APPLICATION_DATA, data));
        assert_refused(raw, tls, &[one, three].concat(), b"one", ProtocolError::BadRecordMac);
    });
}

#[test]
fn a_record_of_another_connection_or_our_own_is_refused() {
    everywhere(|raw, tls, suite| {
        let (mut other, _) = RawPeer::pair(suite, tls.role());
        let record = other.seal(content::APPLICATION_DATA, b"foreign");
        assert_refused(raw, tls, &record, b"", ProtocolError::BadRecordMac);
    });
    everywhere(|raw, tls, _| {
        assert_eq!(tls.write(b"reflected"), Ok(Step::Done(9)));
        let ours = tls.tls_out().bytes().to_vec();
        let _ = raw.receive(tls);
        assert_refused(raw, tls, &ours, b"", ProtocolError::BadRecordMac);
    });
}

#[test]
fn any_bit_of_a_record_that_changes_is_found() {
    for suite in Suite::ALL {
        let len = RawPeer::pair(suite, Role::Client).0.seal(content::APPLICATION_DATA, b"integrity").len();
        for at in 0..len {
            let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
            let mut record = raw.seal(content::APPLICATION_DATA, b"integrity");
            record[at] ^= 1 << (at % 8);
            // A length that has grown is found with the bytes of the next record.
            let next = raw.seal(content::APPLICATION_DATA, &[0; 16000]);
            offer(&mut tls, &[&record[..], &next].concat());
            let error = tls.read(&mut [0; 9]).unwrap_err();
            assert!(matches!(error, Error::Protocol(_)), "byte {at}: {error:?}");
            let Error::Protocol(error) = error else { continue };
            assert_eq!(raw.receive(&mut tls)[0].payload, [2, error.alert().into()], "byte {at}");
        }
    }
}

#[test]
fn lengths_beyond_the_limits_are_refused_by_the_header() {
    everywhere(|raw, tls, suite| {
        let most: u16 = if suite.version() == Version::Tls13 { 16384 + 256 } else { 16384 + 2048 };
        let [l1, l0] = (most + 1).to_be_bytes();
        let error = ProtocolError::RecordOverflow(usize::from(most) + 1);
        assert_refused(raw, tls, &[23, 3, 3, l1, l0], b"", error);
    });
    everywhere(|raw, tls, suite| {
        let most: u16 = if suite.version() == Version::Tls13 { 16384 + 256 } else { 16384 + 2048 };
        let [l1, l0] = most.to_be_bytes();
        offer(tls, &[23, 3, 3, l1, l0]);
        assert_eq!(tls.read(&mut [0; 9]), Ok(Step::Want(Want::Read)), "the longest is waited for");
        assert!(raw.receive(tls).is_empty());
    });
}

#[test]
fn a_plaintext_of_16384_bytes_is_read_and_one_more_is_refused() {
    everywhere(|raw, tls, _| {
        let full = vec![7; 16384];
        let good = raw.seal(content::APPLICATION_DATA, &full);
        assert_eq!(offer(tls, &good), good.len());
        let mut got = Vec::new();
        assert_eq!(read_all(tls, &mut got), Ok(false));
        assert_eq!(got, full);
        let long = raw.seal(content::APPLICATION_DATA, &vec![7; 16385]);
        assert_refused(raw, tls, &long, b"", ProtocolError::PlaintextOverflow);
    });
}

#[test]
fn misplaced_and_unknown_content_is_refused() {
    use ProtocolError as E;
    everywhere(|raw, tls, suite| {
        // In TLS 1.3 a protected change_cipher_spec is an unexpected inner type, in TLS 1.2 it is one by its header.
        let error = match suite.version() {
            Version::Tls13 => E::UnexpectedContentType(20),
            _ => E::ChangeCipherSpec,
        };
        let record = raw.seal(content::CHANGE_CIPHER_SPEC, &[1]);
        assert_refused(raw, tls, &record, b"", error);
    });
    everywhere(|raw, tls, _| {
        assert_refused(raw, tls, &[20, 3, 3, 0, 1, 1], b"", E::ChangeCipherSpec);
    });
    for typ in [0, 19, 24, 25, 255] {
        everywhere(|raw, tls, _| {
            assert_refused(raw, tls, &[typ, 3, 3, 0, 1], b"", E::UnexpectedContentType(typ));
        });
    }
    for typ in [19, 24, 255] {
        everywhere(|raw, tls, _| {
            let record = raw.seal(typ, b"data");
            assert_refused(raw, tls, &record, b"", E::UnexpectedContentType(typ));
        });
    }
    everywhere(|raw, tls, _| {
        assert_refused(raw, tls, &[23, 3, 1, 0, 30], b"", E::RecordVersion(0x0301));
    });
    // Plaintext where everything has to be protected.
    everywhere(|raw, tls, suite| {
        let alert = [21, 3, 3, 0, 2, 2, 80];
        let error = match suite.version() {
            Version::Tls13 => E::UnexpectedContentType(21),
            _ => E::BadRecordMac,
        };
        assert_refused(raw, tls, &alert, b"", error);
    });
}

#[test]
fn malformed_contents_are_refused() {
    use ProtocolError as E;
    for (typ, payload, error) in [
        (content::ALERT, &[][..], E::EmptyRecord(21)),
        (content::HANDSHAKE, &[], E::EmptyRecord(22)),
        (content::ALERT, &[1], E::BadAlert),
        (content::ALERT, &[1, 0, 0], E::BadAlert),
        (content::ALERT, &[3, 0], E::BadAlertLevel(3)),
        (content::ALERT, &[0, 0], E::BadAlertLevel(0)),
        (content::HANDSHAKE, &[2, 0, 0, 0], E::UnexpectedHandshake(2)),
        (content::HANDSHAKE, &[13, 0, 0, 0], E::UnexpectedHandshake(13)),
    ] {
        everywhere(|raw, tls, _| {
            let record = raw.seal(typ, payload);
            assert_refused(raw, tls, &record, b"", error);
        });
    }
}

#[test]
fn padding_is_taken_off_and_nothing_but_padding_is_refused() {
    for padding in [0, 1, 15, 16, 17, 255, 16000] {
        let (mut raw, mut tls) = RawPeer::pair(Suite::Tls13Aes128, Role::Client);
        let record = raw.seal_padded(content::APPLICATION_DATA, b"in front\0\0", padding);
        offer(&mut tls, &record);
        let mut got = Vec::new();
        assert_eq!(read_all(&mut tls, &mut got), Ok(false));
        assert_eq!(got, b"in front\0\0");
        let record = raw.seal_inner(&vec![0; padding.max(1)]);
        assert_refused(&mut raw, &mut tls, &record, b"", ProtocolError::NoContentType);
    }
}

/// What is done to a record of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trick {
    Replay,
    Drop,
    Swap,
}

/// Each record of a real session, at its phase: twice, left out, or in the place of its neighbour.
#[test]
fn replayed_missing_and_swapped_records_at_every_phase_end_the_connection() {
    for suite in BOTH {
        let (mut client, mut server) = toy_pair(suite);
        // Sender and content type of each.
        let mut all = Vec::new();
        let honest = session(&mut client, &mut server, &mut |side, bytes| {
            all.extend(split_records(&bytes).iter().map(|record| (side, record[0])));
            bytes
        });
        assert_eq!(honest, [Ok(Step::Done(true)), Ok(Step::Done(true))]);
        assert!(all.len() > 10, "{} records", all.len());
        for (at, (from, typ)) in all.iter().copied().enumerate() {
            for trick in [Trick::Replay, Trick::Drop, Trick::Swap] {
                let is_last = !all[at + 1..].iter().any(|(side, _)| *side == from);
                // In TLS 1.3 change_cipher_spec means nothing; behind a close everything is ignored.
                let means_nothing = typ == content::CHANGE_CIPHER_SPEC && suite.version() == Version::Tls13;
                if means_nothing || trick == Trick::Replay && is_last {
                    continue;
                }
                let (mut client, mut server) = toy_pair(suite);
                let (mut count, mut changed) = (0, false);
                let ends = session(&mut client, &mut server, &mut |_, bytes| {
                    let mut records = split_records(&bytes);
                    if let Some(i) = usize::checked_sub(at, count).filter(|i| *i < records.len()) {
                        count += records.len();
                        changed |= play(trick, &mut records, i);
                        return records.concat();
                    }
                    count += records.len();
                    bytes
                });
                if changed {
                    check_hurt(ends, 1 - from, &format!("{suite:?} {trick:?} {at}"));
                }
            }
        }
    }
}

/// `false`: a lone record has no neighbour.
fn play(trick: Trick, records: &mut Vec<Vec<u8>>, i: usize) -> bool {
    match trick {
        Trick::Replay => records.insert(i, records[i].clone()),
        Trick::Drop => drop(records.remove(i)),
        Trick::Swap if i + 1 < records.len() => records.swap(i, i + 1),
        Trick::Swap => return false,
    }
    true
}

/// The receiver has found it out, and has told the sender unless they had closed before.
fn check_hurt(ends: [Result<Step<bool>, Error>; 2], hurt: usize, context: &str) {
    let Err(error) = &ends[hurt] else { panic!("{context}: nothing was found") };
    let other = &ends[1 - hurt];
    let told = match error {
        // A handshake in plaintext is over with a record of the wrong version, and without an alert.
        Error::Protocol(ProtocolError::RecordVersion(_)) => other.is_err(),
        Error::Protocol(error) => *other == Err(Error::Peer(error.alert())),
        _ => other.is_err(),
    };
    assert!(told || *other == Ok(Step::Done(true)), "{context}: {error:?} here, {other:?} there");
}

fn toy_pair(suite: Suite) -> (Tls, Tls) {
    use rustls::pki_types::ServerName;
    use wantls::crypto::AwsLcRs;
    use wantls::{Buffers, ClientContext, ServerContext};
    let name = ServerName::try_from(wantls_testkit::NAME).unwrap();
    let client = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap();
    let server = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
    (client.connect(name, Buffers::heap()).unwrap(), server.accept(Buffers::heap()).unwrap())
}

/// A handshake, a message each way, and both closes; all bytes go through `way`, with their sender. What each end was told in the end.
fn session(
    client: &mut Tls,
    server: &mut Tls,
    way: &mut impl FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> [Result<Step<bool>, Error>; 2] {
    let mut got = [Vec::new(), Vec::new()];
    let mut wrote = [false; 2];
    for _ in 0..20 {
        for side in [0, 1] {
            let (from, to) = turn(client, server, side);
            let _ = from.handshake();
            if !wrote[side] {
                wrote[side] = matches!(from.write(b"message"), Ok(Step::Done(7)));
            } else if !got[side].is_empty() {
                let _ = from.shutdown();
            }
            let bytes = way(side, wantls_testkit::raw::take(from));
            offer(to, &bytes);
            let _ = read_all(to, &mut got[1 - side]);
        }
    }
    client.tls_in_eof();
    server.tls_in_eof();
    assert!(got.iter().all(|got| b"message".starts_with(got)), "wrong data: {got:?}");
    let [a, b] = &mut got;
    [read_all(client, a).map(Step::Done), read_all(server, b).map(Step::Done)]
}

#[test]
fn a_pair_of_honest_ends_is_not_refused_anything() {
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        let ends = session(&mut client, &mut server, &mut |_, bytes| bytes);
        assert_eq!(ends, [Ok(Step::Done(true)), Ok(Step::Done(true))]);
    }
}
