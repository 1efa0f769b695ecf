//! What is written, byte by byte, and when a sequence number is spent.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::{any, proptest};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::record::seal::{SealError, Sealer};
use crate::record::testing::{Glass, tag};

fn sealer(glass: &Glass, version: Version, algorithm: Algorithm, seq: u64) -> Sealer {
    Sealer::new(version, algorithm, glass.boxed(), IV, seq)
}

/// The IV with the number 0x0102030405060708 mixed in, by hand.
const NONCE: [u8; NONCE_LEN] = [0xa0, 0xa1, 0xa2, 0xa3, 0xa5, 0xa7, 0xa5, 0xa3, 0xad, 0xaf, 0xad, 0xa3];

#[test]
fn records_are_laid_out_as_their_rfc_says() {
    let tls12_aad: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 21, 3, 3, 0, 2];
    let expected: [(Vec<u8>, &[u8]); 3] = [
        ([&[23, 3, 3, 0, 19, 1, 0, 21][..], &tag(&NONCE)].concat(), &[23, 3, 3, 0, 19]),
        ([&[21, 3, 3, 0, 26][..], &NONCE[4..], &[1, 0], &tag(&NONCE)].concat(), tls12_aad),
        ([&[21, 3, 3, 0, 18, 1, 0][..], &tag(&NONCE)].concat(), tls12_aad),
    ];
    for ((version, algorithm, offset, overhead), (bytes, aad)) in FRAMINGS.into_iter().zip(expected) {
        let glass = Glass::default();
        let mut sealer = sealer(&glass, version, algorithm, 0x0102_0304_0506_0708);
        assert_eq!((sealer.plaintext_offset(), sealer.overhead()), (offset, overhead));

        let mut out = [0x55; 64];
        assert_eq!(sealer.seal(ContentType::Alert, &[1, 0], &mut out), Ok(bytes.len()));
        assert_eq!(out[..bytes.len()], bytes);
        assert!(out[bytes.len()..].iter().all(|b| *b == 0x55), "wrote behind the record");
        assert_eq!(glass.calls(), [(NONCE, aad.to_vec())]);
        assert_eq!(sealer.seq(), 0x0102_0304_0506_0709);
    }
}

#[test]
fn sealing_in_place_writes_the_same_record() {
    for (version, algorithm, offset, _) in FRAMINGS {
        for len in [0, 1, 2, 100, MAX_PLAINTEXT] {
            let plaintext = vec![0x77; len];
            let (mut a, mut b) = (vec![0; len + 64], vec![0x55; len + 64]);
            let (one, other) = (Glass::default(), Glass::default());
            let mut apart = sealer(&one, version, algorithm, 5);
            let mut in_place = sealer(&other, version, algorithm, 5);
            b[offset..][..len].copy_from_slice(&plaintext);
            let n = apart.seal(ContentType::Handshake, &plaintext, &mut a).unwrap();
            assert_eq!(in_place.seal_in_place(ContentType::Handshake, len, &mut b), Ok(n));
            assert_eq!(a[..n], b[..n]);
            assert!(b[n..].iter().all(|b| *b == 0x55), "wrote behind the record");
            assert_eq!(one.calls(), other.calls());
            assert_eq!(in_place.seq(), 6);
        }
    }
}

#[test]
fn a_record_takes_2_to_the_14_bytes_and_no_more() {
    for (version, algorithm, _, overhead) in FRAMINGS {
        let glass = Glass::default();
        let mut sealer = sealer(&glass, version, algorithm, 0);
        let plaintext = vec![1; 16385];
        let mut out = vec![0; 17000];
        let typ = ContentType::ApplicationData;
        assert_eq!(sealer.seal(typ, &plaintext, &mut out), Err(SealError::Aead));
        assert_eq!(sealer.seal_in_place(typ, 16385, &mut out), Err(SealError::Aead));
        assert_eq!(sealer.seal_in_place(typ, usize::MAX, &mut out), Err(SealError::Aead));
        assert_eq!((sealer.seq(), glass.calls().len()), (0, 0));
        assert_eq!(sealer.seal(typ, &plaintext[..16384], &mut out), Ok(16384 + overhead));
    }
}

#[test]
fn without_room_nothing_happens() {
    for (version, algorithm, _, overhead) in FRAMINGS {
        let glass = Glass::default();
        let mut sealer = sealer(&glass, version, algorithm, 7);
        let needed = 10 + overhead;
        for room in 0..needed {
            let mut out = vec![0x55; room];
            let refused = Err(SealError::Room { needed });
            assert_eq!(sealer.seal(ContentType::Alert, &[1; 10], &mut out), refused);
            assert_eq!(sealer.seal_in_place(ContentType::Alert, 10, &mut out), refused);
            assert!(out.iter().all(|b| *b == 0x55));
        }
        assert_eq!((sealer.seq(), glass.calls().len()), (7, 0));
        assert_eq!(sealer.seal(ContentType::Alert, &[1; 10], &mut vec![0; needed]), Ok(needed));
    }
}

#[test]
fn the_sequence_number_ends_and_does_not_wrap() {
    for (version, algorithm, _, _) in FRAMINGS {
        let glass = Glass::default();
        let mut sealer = sealer(&glass, version, algorithm, u64::MAX - 1);
        let typ = ContentType::ApplicationData;
        let mut out = [0x55; 64];
        assert!(sealer.seal(typ, &[1; 10], &mut out).is_ok());
        out.fill(0x55);
        for _ in 0..3 {
            assert_eq!(sealer.seq(), u64::MAX);
            assert_eq!(sealer.seal(typ, &[1; 10], &mut out), Err(SealError::Exhausted));
            assert_eq!(sealer.seal_in_place(typ, 10, &mut out), Err(SealError::Exhausted));
        }
        assert_eq!(out, [0x55; 64]);
        assert_eq!(glass.calls().len(), 1);
    }
}

/// One call of a schedule: how much plaintext, how much room, in place or not, and whether the AEAD works.
type Attempt = (usize, usize, bool, bool);

proptest! {
    #![proptest_config(config(256))]

    /// Whatever fails in between, no nonce reaches the AEAD twice, and only calls that reached it cost a number.
    #[test]
    fn no_nonce_is_used_twice(
        version in version(),
        algorithm in algorithm(),
        first in seq(),
        attempts in proptest::collection::vec((0..64usize, 0..100usize, any::<bool>(), any::<bool>()), 1..40),
    ) {
        nonces_differ(version, algorithm, first, &attempts)?;
    }
}

fn nonces_differ(
    version: Version,
    algorithm: Algorithm,
    first: u64,
    attempts: &[Attempt],
) -> Result<(), TestCaseError> {
    let glass = Glass::default();
    let mut sealer = sealer(&glass, version, algorithm, first);
    for &(len, room, in_place, broken) in attempts {
        glass.set_broken(broken);
        let (before, calls) = (sealer.seq(), glass.calls().len());
        let mut out = vec![0; room];
        let typ = ContentType::ApplicationData;
        let sealed = if in_place {
            sealer.seal_in_place(typ, len, &mut out)
        } else {
            sealer.seal(typ, &vec![1; len], &mut out)
        };
        let expected = if room < len + sealer.overhead() {
            Err(SealError::Room { needed: len + sealer.overhead() })
        } else if before == u64::MAX {
            Err(SealError::Exhausted)
        } else if broken {
            Err(SealError::Aead)
        } else {
            Ok(len + sealer.overhead())
        };
        prop_assert_eq!(sealed, expected);
        let reached = glass.calls().len() - calls;
        prop_assert_eq!(sealer.seq() - before, reached as u64);
        prop_assert_eq!(reached == 1, matches!(sealed, Ok(_) | Err(SealError::Aead)));
    }
    let mut nonces: Vec<_> = glass.calls().into_iter().map(|(nonce, _)| nonce).collect();
    let used = nonces.len();
    nonces.sort_unstable();
    nonces.dedup();
    prop_assert_eq!(nonces.len(), used);
    prop_assert!(nonces.iter().all(|nonce| nonce[..4] == IV[..4]));
    Ok(())
}
