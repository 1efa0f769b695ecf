//! The limits: the AEAD without a protocol, and a copy.

use std::hint::black_box;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use wantls::{TAG_LEN, Version};
use wantls_testkit::Suite;

use super::{Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Seal, buffer};

/// aws-lc-rs with the lengths of the records of a suite: its additional data, its inner content type, its tag.
pub(crate) struct RawAead;

impl Peer for RawAead {
    fn name(&self) -> &'static str {
        "raw_aead"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Key::new(suite)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        Some(Box::new(RawOpen { key: Key::new(suite), opening, ..RawOpen::new(suite, opening) }))
    }
}

struct Key {
    key: LessSafeKey,
    seq: u64,
    aad: Vec<u8>,
    inner_type: Vec<u8>,
    out: Vec<u8>,
}

impl Key {
    fn new(suite: Suite) -> Self {
        let algorithm = algorithm(suite);
        let key = vec![7; algorithm.key_len()];
        let (aad_len, inner_type) = match suite.version() {
            Version::Tls13 => (5, vec![23]),
            _ => (13, vec![]),
        };
        Self {
            key: LessSafeKey::new(UnboundKey::new(algorithm, &key).unwrap()),
            seq: 0,
            aad: vec![23; aad_len],
            inner_type,
            out: buffer(MAX_PLAINTEXT + 1 + TAG_LEN),
        }
    }

    /// Seals one record to the front of `out`; returns its length.
    fn seal_record(&mut self, plaintext: &[u8]) -> usize {
        self.seq += 1;
        let len = plaintext.len() + self.inner_type.len() + TAG_LEN;
        let (ciphertext, rest) = self.out[..len].split_at_mut(plaintext.len());
        self.key
            .seal_out_of_place_scatter(
                nonce(self.seq),
                Aad::from(&self.aad),
                plaintext,
                ciphertext,
                &self.inner_type,
                rest,
            )
            .unwrap();
        len
    }
}

impl Seal for Key {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            for plaintext in data.chunks(MAX_PLAINTEXT) {
                let len = self.seal_record(plaintext);
                black_box(&self.out[..len]);
            }
        }
    }
}

/// Sealed records in a row, without headers.
struct RawOpen {
    key: Key,
    opening: Opening,
    records: Vec<u8>,
    /// The number of the first record, and the length of each.
    first: u64,
    lengths: Vec<usize>,
    /// Where a record is received to.
    incoming: Vec<u8>,
    out: Vec<u8>,
}

impl RawOpen {
    fn new(suite: Suite, opening: Opening) -> Self {
        Self {
            key: Key::new(suite),
            opening,
            records: Vec::new(),
            first: 0,
            lengths: Vec::new(),
            incoming: buffer(MAX_PLAINTEXT + 1 + TAG_LEN),
            out: buffer(MAX_PLAINTEXT + 1),
        }
    }
}

impl Open for RawOpen {
    fn load(&mut self, data: &[u8], times: usize) {
        self.records.clear();
        self.lengths.clear();
        self.first = self.key.seq + 1;
        for _ in 0..times {
            for plaintext in data.chunks(MAX_PLAINTEXT) {
                let len = self.key.seal_record(plaintext);
                self.records.extend_from_slice(&self.key.out[..len]);
                self.lengths.push(len);
            }
        }
    }

    fn open(&mut self) -> usize {
        let Self { key, opening, records, first, lengths, incoming, out } = self;
        let mut rest = records.as_mut_slice();
        let mut opened = 0;
        for (seq, &len) in (*first..).zip(lengths.iter()) {
            let (record, behind) = rest.split_at_mut(len);
            rest = behind;
            let record = match opening.feed {
                Feed::Loaded => record,
                Feed::Received => {
                    incoming[..len].copy_from_slice(record);
                    &mut incoming[..len]
                }
            };
            let (text, tag) = record.split_at_mut(len - TAG_LEN);
            let aad = Aad::from(&key.aad);
            let plain = match opening.give {
                Give::Lent => {
                    key.key.open_in_place_separate_tag(nonce(seq), aad, tag, text).unwrap();
                    text
                }
                Give::Copied => {
                    let out = &mut out[..text.len()];
                    key.key.open_separate_gather(nonce(seq), aad, text, tag, out).unwrap();
                    out
                }
            };
            opened += black_box(plain).len() - key.inner_type.len();
        }
        opened
    }
}

/// `memcpy(3)` of the same pieces: what any protection has to be dearer than.
pub(crate) struct Memcpy;

impl Peer for Memcpy {
    fn name(&self) -> &'static str {
        "memcpy"
    }

    fn seal(&self, _: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Copier { data: Vec::new(), out: buffer(MAX_PLAINTEXT), times: 0 }))
    }

    fn open(&self, _: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        // To lend what is there already costs no copy at all.
        (opening != Opening { feed: Feed::Loaded, give: Give::Lent })
            .then(|| Box::new(Copier { data: Vec::new(), out: buffer(MAX_PLAINTEXT), times: 0 }) as _)
    }
}

struct Copier {
    data: Vec<u8>,
    out: Vec<u8>,
    times: usize,
}

impl Seal for Copier {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            for piece in data.chunks(MAX_PLAINTEXT) {
                self.out[..piece.len()].copy_from_slice(piece);
                black_box(&self.out);
            }
        }
    }
}

impl Open for Copier {
    fn load(&mut self, data: &[u8], times: usize) {
        self.data = data.repeat(times);
        self.times = times;
    }

    fn open(&mut self) -> usize {
        let piece = (self.data.len() / self.times).min(MAX_PLAINTEXT);
        for piece in self.data.chunks(piece) {
            self.out[..piece.len()].copy_from_slice(piece);
            black_box(&self.out);
        }
        self.data.len()
    }
}

fn algorithm(suite: Suite) -> &'static Algorithm {
    match suite {
        Suite::Tls13Aes128 | Suite::Tls12Aes128 => &AES_128_GCM,
        Suite::Tls13Aes256 | Suite::Tls12Aes256 => &AES_256_GCM,
        Suite::Tls13Chacha | Suite::Tls12Chacha => &CHACHA20_POLY1305,
    }
}

fn nonce(seq: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - 8..].copy_from_slice(&seq.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}
