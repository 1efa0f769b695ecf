//! The model's transport and records: real sizes, real order, no cryptography.
//!
//! A record has the header and the length of the real one. Its tag holds the key epoch and the sequence
//! number, so that what would not authenticate does not open here either.

use crate::setup::Version;

/// Retry flags of a BIO; they belong to the BIO, not to the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Retry {
    #[default]
    No,
    Read,
    Write,
}

/// Bytes in flight in one direction.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    bytes: Vec<u8>,
    head: usize,
    capacity: usize,
    /// No more bytes will come in.
    pub(super) closed: bool,
}

impl Fifo {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.head
    }

    pub(super) fn room(&self) -> usize {
        if self.closed { 0 } else { self.capacity - self.len() }
    }

    /// What can be asked of the other side in one go.
    pub(super) fn limit(&self, n: usize) -> usize {
        n.min(self.capacity)
    }

    /// Takes what fits and says how much that is.
    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.room());
        if self.head == self.bytes.len() {
            self.bytes.clear();
            self.head = 0;
        }
        self.bytes.extend_from_slice(&bytes[..n]);
        n
    }

    /// Moves up to `n` bytes to the end of `into` and says how many.
    pub(super) fn pop(&mut self, n: usize, into: &mut Vec<u8>) -> usize {
        let n = n.min(self.len());
        into.extend_from_slice(&self.bytes[self.head..self.head + n]);
        self.head += n;
        n
    }
}

/// Content types (RFC 8446, section 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Alert,
    Handshake,
    Data,
}

impl Kind {
    const fn number(self) -> u8 {
        match self {
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::Data => 23,
        }
    }

    const fn from_number(n: u8) -> Option<Self> {
        match n {
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::Data),
            _ => None,
        }
    }
}

/// A key and the number of the next record under it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Cipher {
    epoch: u32,
    sequence: u64,
}

impl Cipher {
    pub(super) fn update(&mut self) {
        *self = Self { epoch: self.epoch + 1, sequence: 0 };
    }

    fn tag(self, kind: Kind) -> [u8; 16] {
        let mut tag = [0x5a; 16];
        tag[0] = kind.number();
        tag[1..5].copy_from_slice(&self.epoch.to_be_bytes());
        tag[5..13].copy_from_slice(&self.sequence.to_be_bytes());
        tag
    }

    /// One record with `plain`.
    pub(super) fn seal(&mut self, version: Version, kind: Kind, plain: &[u8]) -> Vec<u8> {
        let mut record = Vec::with_capacity(version.wire(plain.len()));
        let body = version.wire(plain.len()) - HEADER;
        let length = u16::try_from(body).expect("records are short").to_be_bytes();
        let outer = match version {
            Version::Tls12 => kind.number(),
            Version::Tls13 => Kind::Data.number(),
        };
        record.extend_from_slice(&[outer, 3, 3, length[0], length[1]]);
        match version {
            Version::Tls12 => record.extend_from_slice(&self.sequence.to_be_bytes()),
            Version::Tls13 => {}
        }
        record.extend_from_slice(plain);
        match version {
            Version::Tls12 => {}
            Version::Tls13 => record.push(kind.number()),
        }
        record.extend_from_slice(&self.tag(kind));
        self.sequence += 1;
        record
    }

    /// The type and plaintext of a record body, or nothing if it would not authenticate.
    pub(super) fn open(&mut self, version: Version, header: &[u8], body: &[u8]) -> Option<(Kind, Vec<u8>)> {
        let (inner, tag) = body.split_last_chunk::<16>()?;
        let (kind, plain) = match version {
            Version::Tls12 => (Kind::from_number(*header.first()?)?, inner.get(8..)?),
            Version::Tls13 => {
                let (kind, plain) = inner.split_last()?;
                (Kind::from_number(*kind)?, plain)
            }
        };
        (*tag == self.tag(kind)).then(|| {
            self.sequence += 1;
            (kind, plain.to_vec())
        })
    }
}

/// Bytes of a record header.
pub(super) const HEADER: usize = 5;
