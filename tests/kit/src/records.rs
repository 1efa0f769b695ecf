//! Arbitrary records at an established connection: what a hostile peer that holds the keys can send, and what anybody
//! can who does not.
//!
//! The same driver serves proptest, the fuzz target `records` and the committed corpus.

use wantls::crypto::AwsLcRs;
use wantls::rustls::AlertDescription;
use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, ClientContext, Error, Received, Role, ServerContext, Step, Version};

use crate::choices::Replay;
use crate::raw::{Record, content};
use crate::{Checked, Choices, NAME, RawPeer, Suite, toy};

/// Bytes of `tls_out` of the connection under test.
const OUT: usize = 17_000;

/// What a record carries that is not to arrive as it is.
const DAMAGED: &[u8] = b"damaged";

/// Runs one script.
///
/// # Panics
/// If the connection does not do what it promises; the bytes are printed.
pub fn run(bytes: &[u8]) {
    let _replay = Replay { driver: "records", bytes };
    toy::reseed(0);
    let mut choices = Choices::new(bytes);
    let mut attack = Attack::new(&mut choices);
    while let Some(choice) = choices.try_byte() {
        attack.step(choice, &mut choices);
    }
    attack.finish();
}

struct Attack {
    raw: RawPeer,
    tls: Checked,
    /// Application data that was sealed in order, and may be read.
    sent: Vec<u8>,
    got: usize,
    /// Something was sent that does not decrypt: nothing behind it may be read.
    broken: bool,
    /// `shutdown` was called.
    shut: bool,
    /// What the connection has sent.
    received: Vec<Record>,
}

impl Attack {
    fn new(choices: &mut Choices<'_>) -> Self {
        let suite = choices.one_of(&Suite::ALL);
        let role = choices.one_of(&[Role::Client, Role::Server]);
        let tls_in = choices.one_of(&[40_000, 17_000, 2048]);
        let buffers = Buffers::heap_of(tls_in, OUT);
        let (raw, tls) = match role {
            Role::Client => {
                let context = ClientContext::new(toy::client_config(suite), AwsLcRs).unwrap().max_ticket(300);
                let mut tls = context.connect(ServerName::try_from(NAME).unwrap(), buffers).unwrap();
                (RawPeer::server(toy::server_config(suite), &mut tls), tls)
            }
            Role::Server => {
                let context = ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap();
                let mut tls = context.accept(buffers).unwrap();
                (RawPeer::client(toy::client_config(suite), &mut tls), tls)
            }
        };
        let tls = Checked::new(tls, OUT, false);
        let [broken, shut] = [false; 2];
        Self { raw, tls, sent: Vec::new(), got: 0, broken, shut, received: Vec::new() }
    }

    fn step(&mut self, choice: u8, choices: &mut Choices<'_>) {
        match choice {
            0..60 => self.data(choices),
            60..90 => self.message(choices),
            90..125 => self.record(choices),
            125..130 => self.oversized(choices),
            130..140 => self.garbage(choices),
            140..150 => self.damaged(choices),
            150..190 => self.read(choices.size()),
            190..200 => self.fill_buf(choices.size()),
            200..215 => self.write(choices.size()),
            215..225 => drop(self.tls.key_update(choices.byte() & 1 == 1)),
            225..230 => self.shutdown(),
            230..232 => self.tls.eof(),
            _ => self.take(),
        }
    }

    /// Application data as it should be; padded, and empty, too.
    fn data(&mut self, choices: &mut Choices<'_>) {
        let (len, padding) = (choices.size().min(16384), usize::from(choices.byte()));
        let start = self.sent.len();
        let payload: Vec<u8> = (start..start + len).map(|i| ((i * 7) >> 2) as u8).collect();
        let padding = padding.min(16384 - len);
        let record = self.raw.seal_padded(content::APPLICATION_DATA, &payload, padding);
        if self.deliver(&record) && !self.broken {
            self.sent.extend_from_slice(&payload);
        }
    }

    /// A handshake message with a right header, whole or split over two records.
    fn message(&mut self, choices: &mut Choices<'_>) {
        let typ = choices.one_of(&[24, 4, 0, 1, 13, 20]);
        let len = usize::from(choices.byte());
        let mut body = choices.take(len).to_vec();
        if typ == 24 && choices.byte() < 200 {
            body = vec![choices.byte() & 1];
        }
        let head = [typ, 0, 0, body.len() as u8];
        let message = [head.as_slice(), &body].concat();
        let split = usize::from(choices.byte()) % message.len();
        let mut delivered = true;
        for part in [&message[..split], &message[split..]] {
            if !part.is_empty() {
                let record = self.raw.seal(content::HANDSHAKE, part);
                delivered &= self.deliver(&record);
            }
        }
        if typ == 24 && delivered && self.raw.version() == Version::Tls13 {
            self.raw.next_write_key();
        }
    }

    /// Any content type with any payload.
    fn record(&mut self, choices: &mut Choices<'_>) {
        let typ = choices.one_of(&[21, 22, 20, 23, 24, 0, 255]);
        let len = usize::from(choices.byte());
        let payload = choices.take(len).to_vec();
        let record = self.raw.seal(typ, &payload);
        let data = self.data_in(typ, &payload);
        if self.deliver(&record) && !self.broken {
            self.sent.extend_from_slice(data);
        }
    }

    /// The application data that a record carries. In TLS 1.3 a type of 0 is padding, and the type stands before it.
    fn data_in<'p>(&self, typ: u8, payload: &'p [u8]) -> &'p [u8] {
        let (typ, payload) = match payload.iter().rposition(|b| *b != 0) {
            Some(last) if typ == 0 && self.raw.version() == Version::Tls13 => {
                (payload[last], &payload[..last])
            }
            _ => (typ, payload),
        };
        if typ == content::APPLICATION_DATA { payload } else { &[] }
    }

    /// A record that is longer than one may be: its plaintext, or all of it.
    fn oversized(&mut self, choices: &mut Choices<'_>) {
        let over = 1 + usize::from(choices.byte()) * 10;
        let record = self.raw.seal(content::APPLICATION_DATA, &vec![7; 16384 + over]);
        self.broken = true;
        self.deliver(&record);
    }

    fn garbage(&mut self, choices: &mut Choices<'_>) {
        let len = choices.size();
        let bytes = choices.take(len);
        self.broken |= !bytes.is_empty();
        self.deliver(bytes);
    }

    /// A right record with one bit changed, one that comes twice, or one left out.
    fn damaged(&mut self, choices: &mut Choices<'_>) {
        let mut record = self.raw.seal(content::APPLICATION_DATA, DAMAGED);
        let at = usize::from(choices.byte());
        if at < record.len() {
            record[at] ^= 1 << (choices.byte() % 8);
            self.broken = true;
            self.deliver(&record);
        } else if at % 2 == 0 {
            if self.deliver(&record) && !self.broken {
                self.sent.extend_from_slice(DAMAGED);
            }
            self.broken = true;
            self.deliver(&record);
        }
        self.broken = true;
    }

    /// Gives bytes to the connection, reading where there is no space. Whether all of them were taken.
    fn deliver(&mut self, mut bytes: &[u8]) -> bool {
        // More rounds than records fit into `tls_in`: each round reads one.
        for round in 0.. {
            assert!(round < 5000, "no end");
            let n = self.tls.receive(|space| {
                let n = space.len().min(bytes.len());
                space[..n].copy_from_slice(&bytes[..n]);
                n
            });
            bytes = &bytes[n..];
            if bytes.is_empty() {
                return true;
            }
            if n == 0 && !self.tls.tls().pending().progress_without_io {
                break;
            }
            self.read(20_000);
        }
        // The connection is over, or closed: what it did not take is lost, and so is what follows.
        assert!(!self.tls.tls().interest().read);
        self.broken = true;
        false
    }

    fn read(&mut self, len: usize) {
        let mut buffer = vec![0; len];
        if let Ok(Step::Done(Received::Data(n))) = self.tls.read(&mut buffer) {
            self.check_data(&buffer[..n.get()]);
            self.got += n.get();
        }
    }

    fn fill_buf(&mut self, most: usize) {
        let mut lent = Vec::new();
        let answer = self.tls.fill_buf(|bytes| {
            lent.extend_from_slice(bytes);
            most.min(bytes.len())
        });
        if answer == Ok(Step::Done(())) {
            self.check_data(&lent);
            self.got += most.min(lent.len());
        }
    }

    fn check_data(&self, data: &[u8]) {
        let expected = self.sent.get(self.got..self.got + data.len());
        assert!(expected == Some(data), "what was read is not what was sealed");
    }

    fn write(&mut self, len: usize) {
        let answer = self.tls.write(&vec![3; len]);
        assert!(!matches!(answer, Ok(Step::Done(_))) || !self.shut);
    }

    fn shutdown(&mut self) {
        if self.tls.shutdown().is_ok() {
            self.shut = true;
        }
    }

    /// The transport takes all that is queued; every record has to open.
    fn take(&mut self) {
        let bytes = self.tls.to_send().to_vec();
        if !bytes.is_empty() {
            self.tls.sent(bytes.len());
            self.received.extend(self.raw.open(&bytes));
        }
    }

    fn finish(&mut self) {
        for round in 0.. {
            assert!(round < 5000, "no end");
            if !self.tls.tls().pending().progress_without_io {
                break;
            }
            self.read(20_000);
        }
        self.take();
        self.check_last_words();
    }

    /// A fault has sent its alert, once and at the end, if we could still speak.
    fn check_last_words(&self) {
        let fatal = |r: &Record| r.typ == content::ALERT && r.payload.first() == Some(&2);
        let alerts: Vec<&Record> = self.received.iter().filter(|r| fatal(r)).collect();
        let expected = match self.tls.tls().fault() {
            Some(Error::Protocol(error)) => Some(error.alert()),
            Some(Error::Truncated) => Some(AlertDescription::DecodeError),
            Some(Error::RecordTooLarge { .. }) => Some(AlertDescription::InternalError),
            Some(Error::Peer(_)) | None => None,
            Some(other) => panic!("no record can cause {other:?}"),
        };
        match expected.filter(|_| !self.shut) {
            None => assert!(alerts.is_empty(), "{alerts:?}"),
            Some(alert) => {
                assert_eq!(alerts.len(), 1);
                assert_eq!(self.received.last().unwrap().payload, [2, u8::from(alert)]);
            }
        }
    }
}
