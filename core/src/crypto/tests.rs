//! Every provider against published vectors, and against the lengths that the trait promises to refuse.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use alloc::vec;
use alloc::vec::Vec;

use crate::record::aead::{Aead, AeadError, Algorithm, NONCE_LEN, TAG_LEN};
use crate::record::testing::{ALGORITHMS, PROVIDERS, hex, key_len};

struct Vector {
    algorithm: Algorithm,
    key: Vec<u8>,
    nonce: [u8; NONCE_LEN],
    aad: Vec<u8>,
    plaintext: Vec<u8>,
    /// Ciphertext and tag.
    sealed: Vec<u8>,
}

/// RFC 8439 section 2.8.2, and test cases 4 and 16 of the GCM specification (McGrew and Viega).
fn vectors() -> [Vector; 3] {
    let gcm_plaintext = hex("d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
         1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39");
    let gcm_nonce = *hex("cafebabefacedbaddecaf888").first_chunk().unwrap();
    let gcm_aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    [
        Vector {
            algorithm: Algorithm::Aes128Gcm,
            key: hex("feffe9928665731c6d6a8f9467308308"),
            nonce: gcm_nonce,
            aad: gcm_aad.clone(),
            plaintext: gcm_plaintext.clone(),
            sealed: hex("42831ec2217774244b7221b784d0d49c e3aa212f2c02a4e035c17e2329aca12e
                 21d514b25466931c7d8f6a5aac84aa05 1ba30b396a0aac973d58e091
                 5bc94fbc3221a5db94fae95ae7121a47"),
        },
        Vector {
            algorithm: Algorithm::Aes256Gcm,
            key: hex("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308"),
            nonce: gcm_nonce,
            aad: gcm_aad,
            plaintext: gcm_plaintext,
            sealed: hex("522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
                 8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662
                 76fc6ece0f4e1768cddf8853bb2d551b"),
        },
        Vector {
            algorithm: Algorithm::Chacha20Poly1305,
            key: (0x80..=0x9f).collect(),
            nonce: *hex("070000004041424344454647").first_chunk().unwrap(),
            aad: hex("50515253c0c1c2c3c4c5c6c7"),
            plaintext: b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                for the future, sunscreen would be it."
                .to_vec(),
            sealed: hex("d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6
                 3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36
                 92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
                 3ff4def08e4b7a9de576d26586cec64b 6116
                 1ae10b594f09e26a7e902ecbd0600691"),
        },
    ]
}

#[test]
fn published_vectors_seal_and_open_in_every_way() {
    for (name, crypto) in PROVIDERS {
        for v in vectors() {
            let what = (name, v.algorithm);
            assert!(crypto.supports(v.algorithm), "{what:?}");
            let key = crypto.key(v.algorithm, &v.key).unwrap();

            let mut out = vec![0; v.sealed.len()];
            key.seal(&v.nonce, &v.aad, &v.plaintext, &[], &mut out).unwrap();
            assert_eq!(out, v.sealed, "{what:?}");

            out.fill(0);
            let (last, front) = v.plaintext.split_last().unwrap();
            key.seal(&v.nonce, &v.aad, front, &[*last], &mut out).unwrap();
            assert_eq!(out, v.sealed, "extra byte, {what:?}");

            out[..v.plaintext.len()].copy_from_slice(&v.plaintext);
            out[v.plaintext.len()..].fill(0);
            key.seal_in_place(&v.nonce, &v.aad, &mut out).unwrap();
            assert_eq!(out, v.sealed, "{what:?}");

            key.open_in_place(&v.nonce, &v.aad, &mut out).unwrap();
            assert_eq!(out[..v.plaintext.len()], v.plaintext, "{what:?}");

            let mut plaintext = vec![0; v.plaintext.len()];
            if let Some(opened) = key.open(&v.nonce, &v.aad, &v.sealed, &mut plaintext) {
                opened.unwrap();
                assert_eq!(plaintext, v.plaintext, "{what:?}");
            }
        }
    }
}

/// The record layer's throughput rests on it: without, every read copies.
#[test]
fn opening_from_buffer_to_buffer_is_offered_where_the_library_has_it() {
    for (name, crypto) in PROVIDERS {
        for algorithm in ALGORITHMS {
            let key = crypto.key(algorithm, &vec![7; key_len(algorithm)]).unwrap();
            let offered = key.open(&[0; NONCE_LEN], &[], &[0; TAG_LEN], &mut []).is_some();
            assert_eq!(offered, *name != "ring", "{name} {algorithm:?}");
        }
    }
}

#[test]
fn whatever_is_not_authentic_is_refused() {
    for (name, crypto) in PROVIDERS {
        for v in vectors() {
            let key = crypto.key(v.algorithm, &v.key).unwrap();
            let what = (name, v.algorithm);
            let mut sealed = v.sealed.clone();
            *sealed.last_mut().unwrap() ^= 1;
            refused(key.as_ref(), &v.nonce, &v.aad, &sealed, &what);
            let mut sealed = v.sealed.clone();
            sealed[0] ^= 1;
            refused(key.as_ref(), &v.nonce, &v.aad, &sealed, &what);
            let mut nonce = v.nonce;
            nonce[0] ^= 1;
            refused(key.as_ref(), &nonce, &v.aad, &v.sealed, &what);
            refused(key.as_ref(), &v.nonce, &v.aad[1..], &v.sealed, &what);
        }
    }
}

fn refused(key: &dyn Aead, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8], what: &dyn core::fmt::Debug) {
    assert_eq!(key.open_in_place(nonce, aad, &mut sealed.to_vec()), Err(AeadError), "{what:?}");
    let opened = key.open(nonce, aad, sealed, &mut vec![0; sealed.len() - TAG_LEN]);
    assert!(matches!(opened, None | Some(Err(AeadError))), "{what:?}");
}

#[test]
fn only_keys_of_the_right_length_are_taken() {
    for (name, crypto) in PROVIDERS {
        for algorithm in ALGORITHMS {
            for len in [0, 1, 15, 16, 17, 24, 31, 32, 33, 64] {
                let taken = crypto.key(algorithm, &vec![7; len]).is_ok();
                assert_eq!(taken, len == key_len(algorithm), "{name} {algorithm:?} {len}");
            }
        }
    }
}

#[test]
fn lengths_that_do_not_fit_are_an_error_not_a_panic() {
    for (_, crypto) in PROVIDERS {
        for algorithm in ALGORITHMS {
            let key = crypto.key(algorithm, &vec![7; key_len(algorithm)]).unwrap();
            let nonce = [0; NONCE_LEN];
            for len in (0..40).filter(|len| *len != 4 + 1 + TAG_LEN) {
                let sealed = key.seal(&nonce, &[], &[1; 4], &[23], &mut vec![0; len]);
                assert_eq!(sealed, Err(AeadError), "{algorithm:?} {len}");
            }
            for len in 0..TAG_LEN {
                let short = &mut vec![0; len];
                assert_eq!(key.seal_in_place(&nonce, &[], short), Err(AeadError));
                assert_eq!(key.open_in_place(&nonce, &[], short), Err(AeadError));
                assert!(!matches!(key.open(&nonce, &[], short, &mut []), Some(Ok(()))));
            }
            let mut sealed = vec![0; 8 + TAG_LEN];
            key.seal_in_place(&nonce, &[], &mut sealed).unwrap();
            for len in [0, 7, 9] {
                let opened = key.open(&nonce, &[], &sealed, &mut vec![0; len]);
                assert!(!matches!(opened, Some(Ok(()))), "{algorithm:?} {len}");
            }
        }
    }
}
