//! A kernel in miniature: it does with the structures of `linux/tls.h` what `net/tls` does, and knows nothing else of a
//! connection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};

use wantls::crypto::AwsLcRs;
use wantls::{Aead, Algorithm, RecordCrypto, Step, TAG_LEN};
use wantls_ktls::{CryptoInfo, Direction, Socket};
use wantls_testkit::Tls;

const TLS12: u16 = 0x0303;
const TLS13: u16 = 0x0304;
/// `E_KEYEXPIRED`: a KeyUpdate was received, and the new key is not set.
const EKEYEXPIRED: i32 = libc::EKEYEXPIRED;

/// What the kernel refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refuses {
    Nothing,
    /// As a kernel without the module.
    Everything,
    Keys(Direction),
    /// As before Linux 6.14.
    NewKeys,
}

/// One direction: what the structure says, and the state that the kernel keeps.
struct Half {
    version: u16,
    chacha: bool,
    aead: Box<dyn Aead>,
    /// Salt and IV in one piece.
    nonce: [u8; 12],
    rec_seq: u64,
}

impl Half {
    /// Takes the structure apart by the offsets of the C compiler.
    fn new(info: &[u8]) -> Self {
        use core::mem::offset_of;
        use libc::{
            tls12_crypto_info_aes_gcm_128 as Aes128, tls12_crypto_info_aes_gcm_256 as Aes256,
            tls12_crypto_info_chacha20_poly1305 as Chacha,
        };
        let number = |at: usize| u16::from_ne_bytes([info[at], info[at + 1]]);
        let (algorithm, len, iv, key, salt, seq) = match number(2) {
            51 => (
                Algorithm::Aes128Gcm,
                size_of::<Aes128>(),
                offset_of!(Aes128, iv),
                offset_of!(Aes128, key),
                offset_of!(Aes128, salt),
                offset_of!(Aes128, rec_seq),
            ),
            52 => (
                Algorithm::Aes256Gcm,
                size_of::<Aes256>(),
                offset_of!(Aes256, iv),
                offset_of!(Aes256, key),
                offset_of!(Aes256, salt),
                offset_of!(Aes256, rec_seq),
            ),
            54 => (
                Algorithm::Chacha20Poly1305,
                size_of::<Chacha>(),
                offset_of!(Chacha, iv),
                offset_of!(Chacha, key),
                offset_of!(Chacha, salt),
                offset_of!(Chacha, rec_seq),
            ),
            other => panic!("cipher {other}"),
        };
        assert_eq!(info.len(), len, "the kernel takes no other length");
        let nonce = [&info[salt..seq], &info[iv..key]].concat();
        Self {
            version: number(0),
            chacha: algorithm == Algorithm::Chacha20Poly1305,
            aead: AwsLcRs.key(algorithm, &info[key..salt]).unwrap(),
            nonce: nonce.try_into().unwrap(),
            rec_seq: u64::from_be_bytes(info[seq..].try_into().unwrap()),
        }
    }

    /// Whether the nonce travels with the record: TLS 1.2 with AES-GCM.
    fn explicit(&self) -> bool {
        self.version == TLS12 && !self.chacha
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = self.nonce;
        if !self.explicit() {
            for (byte, seq) in nonce[4..].iter_mut().zip(self.rec_seq.to_be_bytes()) {
                *byte ^= seq;
            }
        }
        nonce
    }

    fn aad(&self, header: [u8; 5], len: usize) -> Vec<u8> {
        match self.version {
            TLS13 => header.to_vec(),
            _ => [&self.rec_seq.to_be_bytes(), &header[..3], &(len as u16).to_be_bytes()].concat(),
        }
    }

    /// `tls_advance_record_sn`.
    fn advance(&mut self) {
        self.rec_seq += 1;
        if self.explicit() {
            let iv = u64::from_be_bytes(self.nonce[4..].try_into().unwrap());
            self.nonce[4..].copy_from_slice(&iv.wrapping_add(1).to_be_bytes());
        }
    }

    fn seal(&mut self, typ: u8, content: &[u8]) -> Vec<u8> {
        let (outer, inner): (u8, &[u8]) = if self.version == TLS13 { (23, &[typ]) } else { (typ, &[]) };
        let nonce = self.nonce();
        let explicit: &[u8] = if self.explicit() { &nonce[4..] } else { &[] };
        let len = explicit.len() + content.len() + inner.len() + TAG_LEN;
        let header = [outer, 3, 3, (len >> 8) as u8, len as u8];
        let mut sealed = vec![0; content.len() + inner.len() + TAG_LEN];
        self.aead.seal(&nonce, &self.aad(header, content.len()), content, inner, &mut sealed).unwrap();
        let record = [&header, explicit, &sealed].concat();
        self.advance();
        record
    }

    fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        let header = *record.first_chunk().unwrap();
        let (mut nonce, mut sealed) = (self.nonce(), record[5..].to_vec());
        if self.explicit() {
            nonce[4..].copy_from_slice(&sealed[..8]);
            sealed.drain(..8);
        }
        let len = sealed.len() - TAG_LEN;
        self.aead.open_in_place(&nonce, &self.aad(header, len), &mut sealed).ok()?;
        sealed.truncate(len);
        let typ = match self.version {
            TLS13 => loop {
                match sealed.pop() {
                    Some(0) => {}
                    typ => break typ.unwrap(),
                }
            },
            _ => header[0],
        };
        self.advance();
        Some((typ, sealed))
    }
}

/// A socket of that kernel, and the wire behind it.
pub(crate) struct Kernel {
    pub(crate) refuses: Refuses,
    attached: bool,
    tx: Option<Half>,
    rx: Option<Half>,
    /// What was sent and the peer has not got.
    pub(crate) sent: Vec<u8>,
    /// What the peer has sent and was not received.
    pub(crate) incoming: VecDeque<u8>,
    pub(crate) eof: bool,
    /// Sending answers `WouldBlock`.
    pub(crate) full: bool,
    /// Plaintext that did not fit into the caller's buffer.
    rest: (u8, Vec<u8>),
    expired: bool,
}

impl core::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kernel").field("refuses", &self.refuses).finish_non_exhaustive()
    }
}

impl Kernel {
    pub(crate) fn new(refuses: Refuses) -> Self {
        Self {
            refuses,
            attached: false,
            tx: None,
            rx: None,
            sent: Vec::new(),
            incoming: VecDeque::new(),
            eof: false,
            full: false,
            rest: (0, Vec::new()),
            expired: false,
        }
    }

    /// Gives the peer what was sent, as far as it has space, and takes what it has sent.
    pub(crate) fn exchange(&mut self, peer: &mut Tls) {
        while !self.sent.is_empty() {
            let mut grant = peer.tls_in();
            let n = grant.space().len().min(self.sent.len());
            if n == 0 {
                break;
            }
            grant.space()[..n].copy_from_slice(&self.sent[..n]);
            grant.commit(n).unwrap();
            self.sent.drain(..n);
        }
        let out = peer.tls_out();
        self.incoming.extend(out.bytes());
        let n = out.bytes().len();
        out.consume(n).unwrap();
    }

    fn next_record(&mut self) -> Option<Vec<u8>> {
        let header: Vec<u8> = self.incoming.iter().take(5).copied().collect();
        let &[_, _, _, high, low] = header.as_slice() else { return None };
        let len = 5 + usize::from(u16::from_be_bytes([high, low]));
        (self.incoming.len() >= len).then(|| self.incoming.drain(..len).collect())
    }
}

impl Socket for Kernel {
    fn attach(&mut self) -> Result<()> {
        if self.refuses == Refuses::Everything {
            return Err(Error::from_raw_os_error(libc::ENOENT));
        }
        self.attached = true;
        Ok(())
    }

    fn set_key(&mut self, direction: Direction, info: &CryptoInfo) -> Result<()> {
        assert!(self.attached);
        if self.refuses == Refuses::Keys(direction) {
            return Err(Error::from_raw_os_error(libc::ENOPROTOOPT));
        }
        let half = match direction {
            Direction::Write => &mut self.tx,
            Direction::Read => &mut self.rx,
        };
        if half.is_some() && self.refuses == Refuses::NewKeys {
            return Err(Error::from_raw_os_error(libc::EBUSY));
        }
        *half = Some(Half::new(info.as_bytes()));
        if direction == Direction::Read {
            self.expired = false;
        }
        Ok(())
    }

    fn send(&mut self, content_type: u8, content: &[u8]) -> Result<usize> {
        if self.full {
            return Err(ErrorKind::WouldBlock.into());
        }
        let tx = self.tx.as_mut().unwrap();
        for piece in content.chunks(16_384) {
            self.sent.extend(tx.seal(content_type, piece));
        }
        Ok(content.len())
    }

    fn recv(&mut self, space: &mut [u8]) -> Result<(u8, usize)> {
        if self.rest.1.is_empty() {
            if self.expired {
                return Err(Error::from_raw_os_error(EKEYEXPIRED));
            }
            self.rest = match self.next_record() {
                Some(record) => {
                    let opened = self.rx.as_mut().unwrap().open(&record);
                    opened.ok_or_else(|| Error::from_raw_os_error(libc::EBADMSG))?
                }
                None if self.eof => (23, Vec::new()),
                None => return Err(ErrorKind::WouldBlock.into()),
            };
            // What `tls_check_pending_rekey` looks for.
            self.expired = self.rest.0 == 22 && self.rest.1.first() == Some(&24);
        }
        let n = space.len().min(self.rest.1.len());
        space[..n].copy_from_slice(&self.rest.1[..n]);
        self.rest.1.drain(..n);
        Ok((self.rest.0, n))
    }

    fn sendfile(&mut self, file: &File, offset: u64, len: usize) -> Result<usize> {
        use std::os::unix::fs::FileExt;
        // No more than a socket's buffer has room for.
        let mut space = vec![0; len.min(40_000)];
        let n = file.read_at(&mut space, offset)?;
        self.send(23, &space[..n])
    }
}

/// Moves bytes until nothing moves, reading nothing but what is no data.
pub(crate) fn settle(a: &mut Tls, b: &mut Tls) {
    loop {
        let moved = wantls_testkit::carry(a, b) + wantls_testkit::carry(b, a);
        for tls in [&mut *a, &mut *b] {
            assert!(matches!(tls.fill_buf(), Ok(Step::Want(_))), "no data is on its way");
        }
        if moved == 0 {
            break;
        }
    }
}
