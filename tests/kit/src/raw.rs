//! A scripted peer: rustls makes the handshake, then the test holds the keys and may send any record.
//!
//! The framing is written down a second time here, on purpose: it checks the record layer as much as it feeds it.

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::pki_types::ServerName;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, ConnectionTrafficSecrets, ExtractedSecrets, ServerConfig};
use std::sync::Arc;
use wantls::crypto::AwsLcRs;
use wantls::{Aead, Algorithm, NONCE_LEN, RecordCrypto, Role, Step, TAG_LEN, Version, Want};

use crate::{NAME, Suite, Tls, accept, client_config, connect, server_config};

/// Content types (RFC 8446 section 5.1).
pub mod content {
    #![allow(missing_docs, reason = "the names are the RFC's")]
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    pub const ALERT: u8 = 21;
    pub const HANDSHAKE: u8 = 22;
    pub const APPLICATION_DATA: u8 = 23;
}

/// What a record carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The content type: the inner one, for TLS 1.3.
    pub typ: u8,
    /// The plaintext, without padding.
    pub payload: Vec<u8>,
}

/// A peer that is past the handshake and does nothing by itself.
pub struct RawPeer {
    version: Version,
    read: Direction,
    write: Direction,
    kernel: Kernel,
    /// Bytes of the connection under test that were not opened yet.
    inbox: Vec<u8>,
}

impl std::fmt::Debug for RawPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawPeer").field("version", &self.version).finish_non_exhaustive()
    }
}

enum Kernel {
    Client(KernelConnection<ClientConnectionData>),
    Server(KernelConnection<ServerConnectionData>),
}

impl RawPeer {
    /// An established connection in the given role, and its scripted peer in the other.
    #[must_use]
    pub fn pair(suite: Suite, role: Role) -> (Self, Tls) {
        match role {
            Role::Client => {
                let mut tls = connect(&crate::client(suite));
                (Self::server(server_config(suite), &mut tls), tls)
            }
            Role::Server => {
                let mut tls = accept(&crate::server(suite));
                (Self::client(client_config(suite), &mut tls), tls)
            }
        }
    }

    /// Makes the handshake with `tls`, a server, and takes over the client's part.
    ///
    /// # Panics
    /// If the handshake fails.
    pub fn client(mut config: ClientConfig, tls: &mut Tls) -> Self {
        config.enable_secret_extraction = true;
        let name = ServerName::try_from(NAME).unwrap();
        let mut raw = UnbufferedClientConnection::new(Arc::new(config), name).unwrap();
        let inbox = make_handshake!(raw, tls);
        let version = version(raw.protocol_version());
        let (secrets, kernel) = raw.dangerous_into_kernel_connection().unwrap();
        let mut new = Self::new(version, secrets, Kernel::Client(kernel), inbox);
        // The tickets are not what a test is about.
        new.receive(tls);
        new
    }

    /// Makes the handshake with `tls`, a client, and takes over the server's part.
    ///
    /// # Panics
    /// If the handshake fails.
    pub fn server(mut config: ServerConfig, tls: &mut Tls) -> Self {
        config.enable_secret_extraction = true;
        let mut raw = UnbufferedServerConnection::new(Arc::new(config)).unwrap();
        let inbox = make_handshake!(raw, tls);
        let version = version(raw.protocol_version());
        let (secrets, kernel) = raw.dangerous_into_kernel_connection().unwrap();
        // The tickets are not what a test is about.
        assert_eq!(tls.read(&mut []), Ok(Step::Want(Want::Read)));
        Self::new(version, secrets, Kernel::Server(kernel), inbox)
    }

    fn new(version: Version, secrets: ExtractedSecrets, kernel: Kernel, inbox: Vec<u8>) -> Self {
        Self {
            version,
            read: Direction::new(version, secrets.rx),
            write: Direction::new(version, secrets.tx),
            kernel,
            inbox,
        }
    }

    /// A record of `typ`, sealed as it should be. Nothing is checked: any type, any length up to 65000 bytes.
    pub fn seal(&mut self, typ: u8, payload: &[u8]) -> Vec<u8> {
        self.seal_padded(typ, payload, 0)
    }

    /// A record with zeros behind the content type (RFC 8446 section 5.4); in TLS 1.2 without them.
    pub fn seal_padded(&mut self, typ: u8, payload: &[u8], padding: usize) -> Vec<u8> {
        match self.version {
            Version::Tls13 => {
                let inner = [payload, &[typ], vec![0; padding].as_slice()].concat();
                self.write.seal(content::APPLICATION_DATA, &inner)
            }
            _ => self.write.seal(typ, payload),
        }
    }

    /// A TLS 1.3 record whose inner plaintext is `inner` as it stands, the content type included.
    pub fn seal_inner(&mut self, inner: &[u8]) -> Vec<u8> {
        self.write.seal(content::APPLICATION_DATA, inner)
    }

    /// Seals a record and gives all of it to `tls`.
    ///
    /// # Panics
    /// If `tls` has no space for it.
    pub fn send(&mut self, tls: &mut Tls, typ: u8, payload: &[u8]) {
        let record = self.seal(typ, payload);
        deliver(tls, &record);
    }

    /// Sends a KeyUpdate and changes the write key.
    pub fn send_key_update(&mut self, tls: &mut Tls, request: u8) {
        self.send(tls, content::HANDSHAKE, &[24, 0, 0, 1, request]);
        self.next_write_key();
    }

    /// Takes and opens all that `tls` has queued. A KeyUpdate changes the read key.
    ///
    /// # Panics
    /// If a record does not open.
    pub fn receive(&mut self, tls: &mut Tls) -> Vec<Record> {
        let out = tls.tls_out();
        self.inbox.extend_from_slice(out.bytes());
        let n = out.bytes().len();
        out.consume(n).unwrap();
        self.records()
    }

    /// Opens `bytes`, taken from the connection under test, as far as they make whole records.
    ///
    /// # Panics
    /// If a record does not open.
    pub fn open(&mut self, bytes: &[u8]) -> Vec<Record> {
        self.inbox.extend_from_slice(bytes);
        self.records()
    }

    fn records(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        while let Some(len) = record_len(&self.inbox) {
            let bytes: Vec<u8> = self.inbox.drain(..len).collect();
            let record = self.read.open(&bytes);
            let updates = self.version == Version::Tls13
                && record.typ == content::HANDSHAKE
                && record.payload.first() == Some(&24);
            if updates {
                self.next_read_key();
            }
            records.push(record);
        }
        records
    }

    /// Changes the write key, as after a KeyUpdate of ours.
    pub fn next_write_key(&mut self) {
        let secrets = match &mut self.kernel {
            Kernel::Client(kernel) => kernel.update_tx_secret(),
            Kernel::Server(kernel) => kernel.update_tx_secret(),
        };
        self.write = Direction::new(self.version, secrets.unwrap());
    }

    /// Changes the read key, as after a KeyUpdate of the connection under test.
    pub fn next_read_key(&mut self) {
        let secrets = match &mut self.kernel {
            Kernel::Client(kernel) => kernel.update_rx_secret(),
            Kernel::Server(kernel) => kernel.update_rx_secret(),
        };
        self.read = Direction::new(self.version, secrets.unwrap());
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }
}

/// Runs an unbuffered handshake against `tls`; gives what `tls` has sent behind it. A macro, as the two sides share
/// no trait.
macro_rules! make_handshake {
    ($raw:ident, $tls:ident) => {{
        let (mut incoming, mut arrived, mut outgoing) = (Vec::new(), Vec::new(), Vec::new());
        let mut finished = false;
        for _ in 0..200 {
            let UnbufferedStatus { discard, state, .. } = $raw.process_tls_records(&mut incoming);
            let blocked = match state.unwrap() {
                ConnectionState::EncodeTlsData(mut piece) => {
                    let mut buffer = vec![0; 20_000];
                    let n = piece.encode(&mut buffer).unwrap();
                    outgoing.extend_from_slice(&buffer[..n]);
                    false
                }
                ConnectionState::TransmitTlsData(sent) => {
                    sent.done();
                    false
                }
                ConnectionState::BlockedHandshake => true,
                ConnectionState::WriteTraffic(_) => {
                    finished = true;
                    true
                }
                other => panic!("unexpected in the handshake: {other:?}"),
            };
            incoming.drain(..discard);
            if !blocked {
                continue;
            }
            deliver($tls, &core::mem::take(&mut outgoing));
            let step = $tls.handshake().unwrap();
            take_output($tls, &mut arrived);
            if finished && !$raw.is_handshaking() && step == Step::Done(()) {
                break;
            }
            // One record at a time: the next may be for whoever holds the keys.
            if let Some(len) = record_len(&arrived) {
                incoming.extend(arrived.drain(..len));
            }
        }
        assert!(finished && !$raw.is_handshaking(), "the handshake does not end");
        arrived
    }};
}
use make_handshake;

/// One direction's keys.
struct Direction {
    version: Version,
    algorithm: Algorithm,
    aead: Box<dyn Aead>,
    iv: [u8; NONCE_LEN],
    seq: u64,
}

impl Direction {
    fn new(version: Version, (seq, secrets): (u64, ConnectionTrafficSecrets)) -> Self {
        let (algorithm, key, iv) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (Algorithm::Aes128Gcm, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (Algorithm::Aes256Gcm, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (Algorithm::Chacha20Poly1305, key, iv),
            _ => panic!("an algorithm that is not known here"),
        };
        let aead = AwsLcRs.key(algorithm, key.as_ref()).unwrap();
        Self { version, algorithm, aead, iv: iv.as_ref().try_into().unwrap(), seq }
    }

    /// Bytes of the nonce that travel with the record.
    fn explicit_len(&self) -> usize {
        let gcm = self.algorithm != Algorithm::Chacha20Poly1305;
        if self.version == Version::Tls12 && gcm { 8 } else { 0 }
    }

    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        for (byte, seq) in nonce[4..].iter_mut().zip(self.seq.to_be_bytes()) {
            *byte ^= seq;
        }
        nonce
    }

    fn aad(&self, header: &[u8], plaintext_len: usize) -> Vec<u8> {
        if self.version == Version::Tls13 {
            return header.to_vec();
        }
        let len = u16::try_from(plaintext_len).unwrap().to_be_bytes();
        [&self.seq.to_be_bytes(), &header[..3], &len].concat()
    }

    fn seal(&mut self, typ: u8, text: &[u8]) -> Vec<u8> {
        let explicit = self.explicit_len();
        let len = u16::try_from(explicit + text.len() + TAG_LEN).unwrap().to_be_bytes();
        let header = [typ, 3, 3, len[0], len[1]];
        let nonce = self.nonce();
        let mut sealed = vec![0; text.len() + TAG_LEN];
        self.aead.seal(&nonce, &self.aad(&header, text.len()), text, &[], &mut sealed).unwrap();
        self.seq += 1;
        [&header, &nonce[NONCE_LEN - explicit..], &sealed].concat()
    }

    fn open(&mut self, record: &[u8]) -> Record {
        let (header, body) = record.split_at(5);
        let (explicit, sealed) = body.split_at(self.explicit_len());
        let mut nonce = self.nonce();
        nonce[NONCE_LEN - explicit.len()..].copy_from_slice(explicit);
        let text_len = sealed.len() - TAG_LEN;
        let mut text = sealed.to_vec();
        self.aead.open_in_place(&nonce, &self.aad(header, text_len), &mut text).expect("a record must open");
        self.seq += 1;
        text.truncate(text_len);
        let mut typ = header[0];
        if self.version == Version::Tls13 {
            assert_eq!(typ, content::APPLICATION_DATA, "from outside, all TLS 1.3 records look alike");
            let end = text.iter().rposition(|&b| b != 0).expect("a content type");
            typ = text[end];
            text.truncate(end);
        }
        Record { typ, payload: text }
    }
}

/// Bytes of the record at the front of `bytes`, if it is whole.
#[must_use]
pub fn record_len(bytes: &[u8]) -> Option<usize> {
    let &[_, _, _, l1, l0, ..] = bytes else { return None };
    let len = 5 + usize::from(u16::from_be_bytes([l1, l0]));
    (bytes.len() >= len).then_some(len)
}

/// Cuts `bytes` into records; what is left over is dropped.
#[must_use]
pub fn split_records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some(len) = record_len(bytes) {
        records.push(bytes[..len].to_vec());
        bytes = &bytes[len..];
    }
    records
}

/// Gives all of `bytes` to `tls`.
///
/// # Panics
/// If there is not enough space.
pub fn deliver(tls: &mut Tls, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let taken = offer(tls, bytes);
    assert_eq!(taken, bytes.len(), "tls_in has no space");
}

/// Gives `bytes` to `tls` as far as there is space; returns how many.
pub fn offer(tls: &mut Tls, bytes: &[u8]) -> usize {
    let mut grant = tls.tls_in();
    let space = grant.space();
    let n = space.len().min(bytes.len());
    space[..n].copy_from_slice(&bytes[..n]);
    grant.commit(n).unwrap();
    n
}

/// Takes all that `tls` has queued.
pub fn take(tls: &mut Tls) -> Vec<u8> {
    let mut bytes = Vec::new();
    take_output(tls, &mut bytes);
    bytes
}

fn take_output(tls: &mut Tls, into: &mut Vec<u8>) {
    loop {
        let out = tls.tls_out();
        let n = out.bytes().len();
        if n == 0 {
            return;
        }
        into.extend_from_slice(out.bytes());
        out.consume(n).unwrap();
    }
}

fn version(version: Option<rustls::ProtocolVersion>) -> Version {
    if version == Some(rustls::ProtocolVersion::TLSv1_3) { Version::Tls13 } else { Version::Tls12 }
}
