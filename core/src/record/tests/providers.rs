//! The bytes that the real AEADs make: published records, records made by hand, and each provider against every
//! other.

use alloc::boxed::Box;
use alloc::vec;

use proptest::prelude::proptest;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use super::*;
use crate::ProtocolError;
use crate::record::aead::{Aead, RecordCrypto};
use crate::record::header::{HEADER_LEN, Header};
use crate::record::open::Opener;
use crate::record::seal::Sealer;
use crate::record::testing::{PROVIDERS, hex, key_len, record};

fn key(crypto: &dyn RecordCrypto, algorithm: Algorithm) -> Box<dyn Aead> {
    let bytes: Vec<u8> = (0x40..).take(key_len(algorithm)).collect();
    crypto.key(algorithm, &bytes).unwrap()
}

fn sealer(crypto: &dyn RecordCrypto, version: Version, algorithm: Algorithm, seq: u64) -> Sealer {
    Sealer::new(version, algorithm, key(crypto, algorithm), IV, seq)
}

fn opener(crypto: &dyn RecordCrypto, version: Version, algorithm: Algorithm, seq: u64) -> Opener {
    Opener::new(version, algorithm, key(crypto, algorithm), IV, seq)
}

/// The records under application keys in RFC 8448 section 3: the client's two, and the server's second and third
/// (its first is the ticket).
#[test]
fn the_records_of_rfc_8448() {
    let data: Vec<u8> = (0..50).collect();
    let sides = [
        (
            hex("17422dda596ed5d9acd890e3c63f5051"),
            hex("5b78923dee08579033e523d9"),
            0,
            hex("1703030043 a23f7054b62c94d0affafe8228ba55cb efacea42f914aa66bcab3f2b9819a8a5
                 b46b395bd54a9a20441e2b62974e1f5a 6292a2977014bd1e3deae63aeebb2169 4915e4"),
            hex("1703030013 c9872760655666b74d7ff1153efd6db6d0b0e3"),
        ),
        (
            hex("9f02283b6c9c07efc26bb9f2ac92e356"),
            hex("cf782b88dd83549aadf1e984"),
            1,
            hex("1703030043 2e937e11ef4ac740e538ad36005fc4a4 6932fc3225d05f82aa1b36e30efaf97d
                 90e6dffc602dcb501a59a8fcc49c4bf2 e5f0a21c0047c2abf332540dd032e167 c2955d"),
            hex("1703030013 b58fd67166ebf599d24720cfbe7efa7a8864a9"),
        ),
    ];
    for (name, crypto) in PROVIDERS {
        for (key, iv, first, application_data, alert) in &sides {
            let iv = *iv.first_chunk().unwrap();
            let key = || crypto.key(Algorithm::Aes128Gcm, key).unwrap();
            let mut sealer = Sealer::new(Version::Tls13, Algorithm::Aes128Gcm, key(), iv, *first);
            let mut opener = Opener::new(Version::Tls13, Algorithm::Aes128Gcm, key(), iv, *first);
            let messages = [
                (ContentType::ApplicationData, &data[..], application_data),
                (ContentType::Alert, &[1, 0][..], alert),
            ];
            for (typ, plaintext, expected) in messages {
                let mut out = vec![0; expected.len()];
                assert_eq!(sealer.seal(typ, plaintext, &mut out), Ok(expected.len()), "{name}");
                assert_eq!(&out, expected, "{name}");
                let opened = opener.open_in_place(&mut out).unwrap();
                assert_eq!((opened.typ, &out[opened.start..opened.end]), (typ, plaintext), "{name}");
            }
        }
    }
}

/// TLS 1.2 has no published records: they are put together here from the RFCs' words alone, with the libraries'
/// own calls.
#[cfg(feature = "rustcrypto")]
#[test]
fn records_put_together_by_hand() {
    use aes_gcm::aead::{AeadInOut, KeyInit, consts::U12, consts::U16};

    fn raw<C>(algorithm: Algorithm, nonce: [u8; 12], aad: &[u8], text: &[u8]) -> Vec<u8>
    where
        C: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit,
    {
        let key: Vec<u8> = (0x40..).take(key_len(algorithm)).collect();
        let mut text = text.to_vec();
        let cipher = C::new_from_slice(&key).unwrap();
        let tag = cipher.encrypt_inout_detached(&nonce.into(), aad, (&mut text[..]).into()).unwrap();
        [&text[..], &tag[..]].concat()
    }

    // RFC 5246 section 6.2.3.3: number, type, version, length.
    let aad12 = [0, 0, 0, 0, 0, 0, 0x01, 0xff, 22, 3, 3, 0, 3];
    // IV XOR number: the last two bytes change.
    let nonce = [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xab, 0x54];
    let gcm12 = |body: Vec<u8>| record(22, &[&nonce[4..], &body].concat());
    // RFC 8446 section 5.2: the header as sent; 3 bytes, a type, a tag.
    let aad13 = [23, 3, 3, 0, 20];
    let (a128, a256, chacha) = (Algorithm::Aes128Gcm, Algorithm::Aes256Gcm, Algorithm::Chacha20Poly1305);
    type A128 = aes_gcm::Aes128Gcm;
    type A256 = aes_gcm::Aes256Gcm;
    type Chacha = chacha20poly1305::ChaCha20Poly1305;
    let expected = [
        (Version::Tls12, a128, gcm12(raw::<A128>(a128, nonce, &aad12, b"abc"))),
        (Version::Tls12, a256, gcm12(raw::<A256>(a256, nonce, &aad12, b"abc"))),
        (Version::Tls12, chacha, record(22, &raw::<Chacha>(chacha, nonce, &aad12, b"abc"))),
        (Version::Tls13, a128, record(23, &raw::<A128>(a128, nonce, &aad13, b"abc\x16"))),
        (Version::Tls13, a256, record(23, &raw::<A256>(a256, nonce, &aad13, b"abc\x16"))),
        (Version::Tls13, chacha, record(23, &raw::<Chacha>(chacha, nonce, &aad13, b"abc\x16"))),
    ];
    for (name, crypto) in PROVIDERS {
        for (version, algorithm, bytes) in &expected {
            let mut out = vec![0; bytes.len()];
            let mut sealer = sealer(*crypto, *version, *algorithm, 0x1ff);
            assert_eq!(sealer.seal(ContentType::Handshake, b"abc", &mut out), Ok(bytes.len()));
            assert_eq!(&out, bytes, "{name} {version} {algorithm:?}");
        }
    }
}

#[test]
fn no_bit_can_be_flipped() {
    // A prime step under Miri: all parts of the record are still met.
    let step = if cfg!(miri) { 61 } else { 1 };
    for (name, crypto) in PROVIDERS {
        for version in VERSIONS {
            for algorithm in ALGORITHMS {
                let mut sealer = sealer(*crypto, version, algorithm, 9);
                let mut opener = opener(*crypto, version, algorithm, 9);
                let mut bytes = vec![0; 11 + sealer.overhead()];
                sealer.seal(ContentType::ApplicationData, b"hello world", &mut bytes).unwrap();
                for bit in (0..bytes.len() * 8).step_by(step) {
                    let mut flipped = bytes.clone();
                    flipped[bit / 8] ^= 1 << (bit % 8);
                    let header = Header::parse(&flipped).unwrap().check(version);
                    let expected = header.err().unwrap_or(ProtocolError::BadRecordMac);
                    let mut out = [0; 64];
                    let what = (name, version, algorithm, bit);
                    let apart = opener.open_to(&flipped, &mut out);
                    assert!(matches!(apart, Ok(None)) || apart == Err(expected), "{what:?}: {apart:?}");
                    assert_eq!(out, [0; 64]);
                    assert_eq!(opener.open_in_place(&mut flipped), Err(expected), "{what:?}");
                }
                assert!(opener.open_in_place(&mut bytes).is_ok());
            }
        }
    }
}

#[test]
fn replay_and_reordering_are_refused() {
    for (_, crypto) in PROVIDERS {
        for version in VERSIONS {
            for algorithm in ALGORITHMS {
                let mut sealer = sealer(*crypto, version, algorithm, 0);
                let mut records = [[0; 64]; 2];
                let mut len = 0;
                for record in &mut records {
                    len = sealer.seal(ContentType::ApplicationData, b"abc", record).unwrap();
                }
                let [first, second] = &records;
                let mut opener = opener(*crypto, version, algorithm, 0);
                let mut open = |record: &[u8; 64]| opener.open_in_place(&mut { *record }[..len]).map(|_| ());
                assert_eq!(open(second), Err(ProtocolError::BadRecordMac));
                assert_eq!(open(first), Ok(()));
                assert_eq!(open(first), Err(ProtocolError::BadRecordMac));
                assert_eq!(open(second), Ok(()));
            }
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// What any provider seals, every provider opens, in place and apart; and all seal the same bytes.
    #[test]
    fn every_provider_opens_what_another_seals(
        version in version(),
        algorithm in algorithm(),
        typ in content_type(),
        seq in seq(),
        plaintext in plaintext(),
    ) {
        let mut all = Vec::new();
        for (_, crypto) in PROVIDERS {
            let bytes = seal_twice(*crypto, version, algorithm, typ, seq, &plaintext)?;
            for (_, other) in PROVIDERS {
                opens(*other, version, algorithm, typ, seq, &plaintext, &bytes)?;
            }
            all.push(bytes);
        }
        prop_assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }

    /// A record that the peer padded, anywhere within the limit.
    #[test]
    fn padded_records_open_everywhere(
        algorithm in algorithm(),
        typ in content_type(),
        plaintext in plaintext(),
        padding in 0..longest(),
    ) {
        let padding = padding.min(MAX_PLAINTEXT - plaintext.len());
        let mut inner = plaintext.clone();
        inner.push(typ as u8);
        inner.resize(inner.len() + padding, 0);
        for (_, crypto) in PROVIDERS {
            let mut bytes = record(23, &vec![0; inner.len() + 16]);
            let (header, body) = bytes.split_first_chunk_mut::<HEADER_LEN>().unwrap();
            key(*crypto, algorithm).seal(&IV, header, &inner, &[], body).unwrap();
            opens(*crypto, Version::Tls13, algorithm, typ, 0, &plaintext, &bytes)?;
        }
    }
}

/// Seals in both ways, which have to agree.
fn seal_twice(
    crypto: &dyn RecordCrypto,
    version: Version,
    algorithm: Algorithm,
    typ: ContentType,
    seq: u64,
    plaintext: &[u8],
) -> Result<Vec<u8>, TestCaseError> {
    let mut apart = sealer(crypto, version, algorithm, seq);
    let mut in_place = sealer(crypto, version, algorithm, seq);
    let len = plaintext.len() + apart.overhead();
    let (mut a, mut b) = (vec![0; len], vec![0xff; len]);
    prop_assert_eq!(apart.seal(typ, plaintext, &mut a), Ok(len));
    b[in_place.plaintext_offset()..][..plaintext.len()].copy_from_slice(plaintext);
    prop_assert_eq!(in_place.seal_in_place(typ, plaintext.len(), &mut b), Ok(len));
    prop_assert_eq!(&a, &b);
    let header = Header::parse(&a).unwrap();
    prop_assert_eq!(header.record_len(), len);
    prop_assert_eq!(header.check(version), Ok(()));
    Ok(a)
}

/// Opens in both ways, and checks what comes out.
fn opens(
    crypto: &dyn RecordCrypto,
    version: Version,
    algorithm: Algorithm,
    typ: ContentType,
    seq: u64,
    plaintext: &[u8],
    record: &[u8],
) -> Result<(), TestCaseError> {
    let mut copy = record.to_vec();
    let mut in_place = opener(crypto, version, algorithm, seq);
    let opened = in_place.open_in_place(&mut copy);
    prop_assert_eq!(opened.map(|o| (o.typ, &copy[o.start..o.end])), Ok((typ, plaintext)));
    prop_assert_eq!(in_place.seq(), seq + 1);

    let mut out = vec![0xff; record.len()];
    let mut apart = opener(crypto, version, algorithm, seq);
    if let Some((opened, len)) = apart.open_to(record, &mut out).unwrap() {
        prop_assert_eq!((opened, &out[..len]), (typ, plaintext));
        prop_assert_eq!(apart.seq(), seq + 1);
    } else {
        prop_assert_eq!(apart.seq(), seq);
    }
    Ok(())
}
