//! What is accepted, what is refused, and what is left behind.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::{any, proptest};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::ProtocolError;
use crate::record::open::{Opened, Opener};
use crate::record::seal::Sealer;
use crate::record::testing::{Glass, record, tag};

fn opener(glass: &Glass, version: Version, algorithm: Algorithm) -> Opener {
    Opener::new(version, algorithm, glass.boxed(), IV, 0)
}

fn tls13(glass: &Glass) -> Opener {
    opener(glass, Version::Tls13, Algorithm::Aes128Gcm)
}

/// A record of the framing with `text`: the inner plaintext at TLS 1.3, where the outer type is always 23.
fn sealed(version: Version, algorithm: Algorithm, typ: u8, text: &[u8]) -> Vec<u8> {
    let explicit: &[u8] = match (version, algorithm) {
        (Version::Tls12, Algorithm::Aes128Gcm) => &IV[4..],
        _ => &[],
    };
    record(typ, &[explicit, text, &tag(&IV)].concat())
}

fn sealed13(inner: &[u8]) -> Vec<u8> {
    sealed(Version::Tls13, Algorithm::Aes128Gcm, 23, inner)
}

/// Opens one record with a new opener in both ways, which have to agree, and gives what they said.
fn open_both(
    glass: &Glass,
    version: Version,
    algorithm: Algorithm,
    record: &[u8],
) -> Result<(ContentType, Vec<u8>), ProtocolError> {
    let (mut copy, mut out) = (record.to_vec(), vec![0x55; record.len() + 10]);
    let mut in_place = opener(glass, version, algorithm);
    let opened = in_place.open_in_place(&mut copy);
    let opened = opened.map(|Opened { typ, start, end }| (typ, copy[start..end].to_vec()));

    let mut apart = opener(glass, version, algorithm);
    match apart.open_to(record, &mut out) {
        Ok(None) => {
            assert_eq!(apart.seq(), 0);
            assert!(out.iter().all(|b| *b == 0x55), "None, but out was touched");
        }
        Ok(Some((typ, len))) => {
            assert_eq!(opened, Ok((typ, out[..len].to_vec())));
            assert_eq!(in_place.seq(), apart.seq());
            assert!(out[len..].iter().all(|b| matches!(b, 0 | 0x55)), "left bytes behind the plaintext");
        }
        Err(error) => {
            assert_eq!(opened, Err(error));
            assert!(out.iter().all(|b| matches!(b, 0 | 0x55)), "left bytes after an error");
        }
    }
    opened
}

#[test]
fn what_was_sealed_is_opened_by_number() {
    for (version, algorithm, offset, overhead) in FRAMINGS {
        let glass = Glass::default();
        let mut sealer = Sealer::new(version, algorithm, glass.boxed(), IV, 41);
        let mut opener = Opener::new(version, algorithm, glass.boxed(), IV, 41);
        for (seq, typ) in (41..).zip(TYPES) {
            let mut out = vec![0; 3 + overhead];
            sealer.seal(typ, b"abc", &mut out).unwrap();
            assert_eq!(opener.seq(), seq);
            assert_eq!(opener.open_in_place(&mut out), Ok(Opened { typ, start: offset, end: offset + 3 }));
            assert_eq!(&out[offset..offset + 3], b"abc");
        }
        let calls = glass.calls();
        assert!(calls.chunks_exact(2).all(|pair| pair[0] == pair[1]), "nonce or additional data differ");
        assert_eq!((opener.seq(), calls.len()), (44, 6));
    }
}

#[test]
fn a_gcm_peer_may_choose_its_explicit_nonce() {
    let glass = Glass::default();
    let explicit = [9, 9, 9, 9, 1, 2, 3, 4];
    let nonce = [0xa0, 0xa1, 0xa2, 0xa3, 9, 9, 9, 9, 1, 2, 3, 4];
    let bytes = record(23, &[&explicit[..], b"abc", &tag(&nonce)].concat());
    let opened = open_both(&glass, Version::Tls12, Algorithm::Aes256Gcm, &bytes);
    assert_eq!(opened, Ok((ContentType::ApplicationData, b"abc".to_vec())));
    assert!(glass.calls().iter().all(|(used, _)| *used == nonce));
}

#[test]
fn too_short_for_the_tag_is_no_record() {
    for (version, algorithm, _, overhead) in FRAMINGS {
        let glass = Glass::gullible();
        for body in 0..overhead - 5 {
            let opened = open_both(&glass, version, algorithm, &record(23, &vec![23; body]));
            assert_eq!(opened, Err(ProtocolError::BadRecordMac), "{body}");
        }
        assert_eq!(glass.calls().len(), 0);
        let opened = open_both(&glass, version, algorithm, &record(23, &vec![23; overhead - 5]));
        assert_eq!(opened, Ok((ContentType::ApplicationData, vec![])));
    }
}

#[test]
fn only_a_whole_record_is_opened() {
    for (version, algorithm, _, _) in FRAMINGS {
        let glass = Glass::gullible();
        let whole = sealed(version, algorithm, 23, &[23; 10]);
        let longer = [&whole[..], &[23]].concat();
        for bytes in (0..whole.len()).map(|n| &whole[..n]).chain([&longer[..]]) {
            assert_eq!(open_both(&glass, version, algorithm, bytes), Err(ProtocolError::BadRecordMac));
        }
        assert!(open_both(&glass, version, algorithm, &whole).is_ok());
    }
}

#[test]
fn a_header_is_refused_before_the_aead_runs() {
    let glass = Glass::gullible();
    let refuse = |version, bytes: &[u8]| open_both(&glass, version, Algorithm::Aes128Gcm, bytes).unwrap_err();
    for version in VERSIONS {
        assert_eq!(refuse(version, &record(20, &[1; 40])), ProtocolError::ChangeCipherSpec);
        assert_eq!(refuse(version, &record(24, &[1; 40])), ProtocolError::UnexpectedContentType(24));
        let mut old = record(23, &[1; 40]);
        old[2] = 1;
        assert_eq!(refuse(version, &old), ProtocolError::RecordVersion(0x0301));
    }
    let long = refuse(Version::Tls13, &record(23, &vec![1; 16641]));
    assert_eq!(long, ProtocolError::RecordOverflow(16641));
    let long = refuse(Version::Tls12, &record(23, &vec![1; 18433]));
    assert_eq!(long, ProtocolError::RecordOverflow(18433));
    assert_eq!(refuse(Version::Tls13, &record(21, &[1; 40])), ProtocolError::UnexpectedContentType(21));
    assert_eq!(glass.calls().len(), 0);
}

#[test]
fn a_plaintext_has_2_to_the_14_bytes_and_no_more() {
    for (version, algorithm, _, _) in FRAMINGS {
        // The inner content type comes on top at TLS 1.3, whether or not the rest is padding.
        let max = if version == Version::Tls13 { 16385 } else { 16384 };
        // Miri takes seconds for each.
        let fills: &[u8] = if cfg!(miri) { &[0] } else { &[0, 1, 23] };
        for &fill in fills {
            let mut text = vec![fill; max + 1];
            text[10] = 23;
            text[max - 1] = if fill == 0 { 0 } else { 23 };
            let glass = Glass::default();
            let refused = open_both(&glass, version, algorithm, &sealed(version, algorithm, 23, &text));
            assert_eq!(refused, Err(ProtocolError::PlaintextOverflow));
            assert_eq!(glass.calls().len(), 0);
            let opened = open_both(&glass, version, algorithm, &sealed(version, algorithm, 23, &text[..max]));
            let len = if version == Version::Tls13 && fill == 0 { 10 } else { 16384 };
            assert_eq!(opened, Ok((ContentType::ApplicationData, text[..len].to_vec())));
        }
    }
}

#[test]
fn padding_is_stripped_and_nothing_else() {
    let glass = Glass::default();
    for padding in (0..70).chain([16384 - 3]) {
        let inner = [&[7, 0, 0, 22][..], &vec![0; padding]].concat();
        let opened = open_both(&glass, Version::Tls13, Algorithm::Aes128Gcm, &sealed13(&inner));
        assert_eq!(opened, Ok((ContentType::Handshake, vec![7, 0, 0])), "{padding} bytes of padding");
    }
}

#[test]
fn nothing_but_padding_is_refused() {
    let glass = Glass::default();
    for len in (1..70).chain([16385]) {
        let opened = open_both(&glass, Version::Tls13, Algorithm::Aes128Gcm, &sealed13(&vec![0; len]));
        assert_eq!(opened, Err(ProtocolError::NoContentType), "{len}");
    }
}

#[test]
fn inner_types_have_their_place() {
    let glass = Glass::default();
    for typ in 1..=u8::MAX {
        let opened = open_both(&glass, Version::Tls13, Algorithm::Aes128Gcm, &sealed13(&[9, typ, 0]));
        let expected = match typ {
            21 => Ok((ContentType::Alert, vec![9])),
            22 => Ok((ContentType::Handshake, vec![9])),
            23 => Ok((ContentType::ApplicationData, vec![9])),
            _ => Err(ProtocolError::UnexpectedContentType(typ)),
        };
        assert_eq!(opened, expected);
    }
}

#[test]
fn only_application_data_may_be_empty() {
    for (version, algorithm, _, _) in FRAMINGS {
        for typ in TYPES {
            let glass = Glass::default();
            let bytes = match version {
                Version::Tls13 => sealed13(&[typ as u8, 0, 0]),
                Version::Tls12 => sealed(version, algorithm, typ as u8, &[]),
            };
            let expected = if typ == ContentType::ApplicationData {
                Ok((typ, vec![]))
            } else {
                Err(ProtocolError::EmptyRecord(typ as u8))
            };
            assert_eq!(open_both(&glass, version, algorithm, &bytes), expected);
        }
    }
}

#[test]
fn a_forgery_spends_no_number() {
    for (version, algorithm, offset, _) in FRAMINGS {
        let glass = Glass::default();
        let mut opener = opener(&glass, version, algorithm);
        let good = sealed(version, algorithm, 23, b"abc\x17");
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        let mut out = [0x55; 10];
        assert_eq!(opener.open_to(&forged, &mut out), Err(ProtocolError::BadRecordMac));
        assert_eq!(out, [0, 0, 0, 0, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55], "forged plaintext was left");
        assert_eq!(opener.open_in_place(&mut forged), Err(ProtocolError::BadRecordMac));
        assert_eq!(opener.seq(), 0);
        let opened = opener.open_in_place(&mut good.clone()).unwrap();
        assert_eq!((opened.start, opener.seq()), (offset, 1));
    }
}

#[test]
fn the_sequence_number_ends_and_does_not_wrap() {
    for (version, algorithm, _, overhead) in FRAMINGS {
        let glass = Glass::default();
        let mut sealer = Sealer::new(version, algorithm, glass.boxed(), IV, u64::MAX - 1);
        let mut opener = Opener::new(version, algorithm, glass.boxed(), IV, u64::MAX - 1);
        let mut bytes = vec![0; 3 + overhead];
        sealer.seal(ContentType::ApplicationData, b"abc", &mut bytes).unwrap();
        assert!(opener.open_in_place(&mut bytes.clone()).is_ok());
        for _ in 0..3 {
            assert_eq!(opener.open_in_place(&mut bytes), Err(ProtocolError::SequenceExhausted));
            let apart = opener.open_to(&bytes, &mut [0; 64]);
            assert_eq!(apart, Err(ProtocolError::SequenceExhausted));
            assert_eq!(opener.seq(), u64::MAX);
        }
        assert_eq!(glass.calls().len(), 2);
    }
}

#[test]
fn opening_apart_needs_room_for_type_and_padding() {
    let glass = Glass::default();
    let mut opener = tls13(&glass);
    let bytes = sealed13(b"abc\x17\0\0");
    for room in 0..6 {
        let mut out = vec![0x55; room];
        assert_eq!(opener.open_to(&bytes, &mut out), Ok(None), "{room}");
        assert!(out.iter().all(|b| *b == 0x55));
    }
    assert_eq!((opener.seq(), glass.calls().len()), (0, 0));
    let mut out = [0x55; 6];
    assert_eq!(opener.open_to(&bytes, &mut out), Ok(Some((ContentType::ApplicationData, 3))));
    assert_eq!(&out, b"abc\0\0\0");
    assert_eq!(opener.seq(), 1);
}

#[test]
fn opening_apart_is_declined_where_it_can_not_be() {
    let mut out = [0x55; 64];
    let mut in_place_only = tls13(&Glass::in_place_only());
    let mut bytes = sealed13(b"abc\x17");
    assert_eq!(in_place_only.open_to(&bytes, &mut out), Ok(None));
    assert_eq!(in_place_only.seq(), 0);
    assert!(in_place_only.open_in_place(&mut bytes).is_ok());

    // At TLS 1.2 the header tells that the application's buffer is the wrong place.
    let glass = Glass::default();
    let mut tls12 = opener(&glass, Version::Tls12, Algorithm::Chacha20Poly1305);
    for typ in [21, 22] {
        let bytes = sealed(Version::Tls12, Algorithm::Chacha20Poly1305, typ, &[1, 0]);
        assert_eq!(tls12.open_to(&bytes, &mut out), Ok(None));
    }
    assert_eq!((tls12.seq(), glass.calls().len()), (0, 0));
    assert_eq!(out, [0x55; 64]);
}

#[test]
fn what_opens_to_an_alert_is_handed_over_as_one() {
    let mut out = [0x55; 8];
    let opened = tls13(&Glass::default()).open_to(&sealed13(&[2, 40, 21]), &mut out);
    assert_eq!(opened, Ok(Some((ContentType::Alert, 2))));
    assert_eq!(out, [2, 40, 0, 0x55, 0x55, 0x55, 0x55, 0x55]);
}

proptest! {
    #![proptest_config(config(2000))]

    /// Bytes from nowhere: whatever comes is answered, never with a panic, and never with a range outside.
    #[test]
    fn arbitrary_bytes_are_answered(
        version in version(),
        algorithm in algorithm(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        answered(version, algorithm, &bytes)?;
    }

    /// The same with a plausible header and a key that the peer has, to reach what lies behind the tag.
    #[test]
    fn arbitrary_bodies_are_answered(
        version in version(),
        algorithm in algorithm(),
        typ in 19..=24u8,
        body in proptest::collection::vec(any::<u8>(), 0..100),
        last in 18..=24u8,
        padding in 0..40usize,
        tag in any::<[u8; 16]>(),
    ) {
        let body = [&body[..], &[last], &vec![0; padding], &tag].concat();
        answered(version, algorithm, &record(typ, &body))?;
        answered(version, algorithm, &record(23, &body))?;
    }
}

fn answered(version: Version, algorithm: Algorithm, bytes: &[u8]) -> Result<(), TestCaseError> {
    let refused = open_both(&Glass::default(), version, algorithm, bytes);
    prop_assert!(refused.is_err(), "Glass's tags don't come about by chance");

    let mut copy = bytes.to_vec();
    let mut opener = opener(&Glass::gullible(), version, algorithm);
    if let Ok(Opened { typ, start, end }) = opener.open_in_place(&mut copy) {
        prop_assert!(start <= end && end <= bytes.len() - 16);
        prop_assert!(typ != ContentType::ChangeCipherSpec);
        prop_assert!(typ == ContentType::ApplicationData || start < end);
        prop_assert_eq!(&copy[..start], &bytes[..start]);
    }
    let _agree = open_both(&Glass::gullible(), version, algorithm, bytes);
    Ok(())
}
