//! An established connection's keys and what it has to keep count of.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::connection::{Role, Settings};
use crate::error::{Error, ProtocolError};
use crate::handshake::{Established, KeySchedule, Secret, Session};
use crate::post_handshake::Assembler;
use crate::record::Version;
use crate::record::aead::{Aead, AeadError, NONCE_LEN, RecordCrypto};
use crate::record::open::Opener;
use crate::record::seal::Sealer;

/// KeyUpdate messages in a row, without data, that a peer may send. BoringSSL's figure.
const MAX_KEY_UPDATES: u16 = 32;
/// Empty application records in a row. OpenSSL's and BoringSSL's figure.
const MAX_EMPTY_RECORDS: u16 = 32;
/// Ignored warning alerts in a row. OpenSSL's and BoringSSL's figure.
const MAX_WARNINGS: u16 = 4;
/// Session tickets in a row; servers send one to four.
const MAX_TICKETS: u16 = 32;
/// Refused renegotiations in a row.
const MAX_RENEGOTIATIONS: u16 = 4;

/// Both directions after the handshake.
pub(crate) struct Traffic {
    pub(crate) role: Role,
    pub(crate) version: Version,
    pub(crate) sealer: Sealer,
    pub(crate) opener: Opener,
    pub(crate) assembler: Assembler,
    pub(crate) fruitless: Fruitless,
    /// Handshake messages of the peer since the handshake.
    pub(crate) messages: u64,
    /// How often the read key was changed.
    pub(crate) read_keys: u64,
    schedule: Box<dyn KeySchedule>,
    crypto: Arc<dyn RecordCrypto>,
    /// The keys in use, to wake up with after [`sleep`](Self::sleep).
    write: Secret,
    read: Secret,
    /// Records that one write key may protect.
    limit: u64,
}

impl Traffic {
    pub(crate) fn new(
        established: Established,
        settings: &Settings,
        role: Role,
    ) -> Result<(Session, Self), Error> {
        let Established { session, write, read, schedule, confidentiality_limit } = established;
        let (version, crypto) = (session.version, settings.crypto.clone());
        let traffic = Self {
            role,
            version,
            sealer: sealer(crypto.as_ref(), version, &write)?,
            opener: opener(crypto.as_ref(), version, &read)?,
            assembler: Assembler::new(settings.max_ticket),
            fruitless: Fruitless::default(),
            messages: 0,
            read_keys: 0,
            schedule,
            crypto,
            write,
            read,
            limit: confidentiality_limit.min(settings.rekey_after),
        };
        Ok((session, traffic))
    }

    /// Whether the write key has protected as many records as it may.
    pub(crate) fn write_key_is_used_up(&self) -> bool {
        self.sealer.seq() >= self.limit
    }

    pub(crate) fn next_write_key(&mut self) -> Result<(), Error> {
        self.write = self.schedule.next_write()?;
        self.sealer = sealer(self.crypto.as_ref(), self.version, &self.write)?;
        Ok(())
    }

    pub(crate) fn next_read_key(&mut self) -> Result<(), Error> {
        self.read = self.schedule.next_read()?;
        self.opener = opener(self.crypto.as_ref(), self.version, &self.read)?;
        self.read_keys += 1;
        Ok(())
    }

    /// What the keys for writing and reading were made from. The sequence numbers are true after
    /// [`sleep`](Self::sleep) and for keys that have not been used.
    pub(crate) fn keys(&self) -> (&Secret, &Secret) {
        (&self.write, &self.read)
    }

    /// Records that one write key may protect.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Gives up the prepared keys, which are large, and keeps what they were made from. Nothing can be sealed or
    /// opened until [`wake`](Self::wake).
    pub(crate) fn sleep(&mut self) {
        (self.write.seq, self.read.seq) = (self.sealer.seq(), self.opener.seq());
        let (version, write, read) = (self.version, &self.write, &self.read);
        self.sealer = Sealer::new(version, write.algorithm, Box::new(Asleep), write.iv, write.seq);
        self.opener = Opener::new(version, read.algorithm, Box::new(Asleep), read.iv, read.seq);
    }

    /// Prepares the keys again.
    pub(crate) fn wake(&mut self) -> Result<(), Error> {
        self.sealer = sealer(self.crypto.as_ref(), self.version, &self.write)?;
        self.opener = opener(self.crypto.as_ref(), self.version, &self.read)?;
        Ok(())
    }

    /// Hands a ticket to the key schedule.
    pub(crate) fn store_ticket(&mut self, body: &[u8]) -> Result<(), Error> {
        Ok(self.schedule.ticket(body)?)
    }
}

fn key(crypto: &dyn RecordCrypto, secret: &Secret) -> Result<Box<dyn Aead>, Error> {
    crypto.key(secret.algorithm, secret.key()).map_err(|_| {
        Error::Crypto(rustls::Error::General("the record crypto refused the traffic key".into()))
    })
}

fn sealer(crypto: &dyn RecordCrypto, version: Version, secret: &Secret) -> Result<Sealer, Error> {
    Ok(Sealer::new(version, secret.algorithm, key(crypto, secret)?, secret.iv, secret.seq))
}

fn opener(crypto: &dyn RecordCrypto, version: Version, secret: &Secret) -> Result<Opener, Error> {
    Ok(Opener::new(version, secret.algorithm, key(crypto, secret)?, secret.iv, secret.seq))
}

/// Stands for a key that is not prepared; it has no size, so boxing it does not allocate.
struct Asleep;

impl Aead for Asleep {
    fn seal(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &[u8], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Err(AeadError)
    }

    fn seal_in_place(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Err(AeadError)
    }

    fn open_in_place(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Err(AeadError)
    }
}

/// Counts of what a peer may send without getting anywhere. Data sets them back; see RFC 8446 section 5.4 and
/// appendix C.3 on why there has to be an end.
#[derive(Debug, Default)]
pub(crate) struct Fruitless {
    empty: u16,
    warnings: u16,
    key_updates: u16,
    tickets: u16,
    renegotiations: u16,
}

impl Fruitless {
    pub(crate) fn data(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn empty_record(&mut self) -> Result<(), ProtocolError> {
        count(&mut self.empty, MAX_EMPTY_RECORDS, ProtocolError::TooManyEmptyRecords)
    }

    pub(crate) fn warning(&mut self) -> Result<(), ProtocolError> {
        count(&mut self.warnings, MAX_WARNINGS, ProtocolError::TooManyWarnings)
    }

    pub(crate) fn key_update(&mut self) -> Result<(), ProtocolError> {
        count(&mut self.key_updates, MAX_KEY_UPDATES, ProtocolError::TooManyKeyUpdates)
    }

    /// We asked for a KeyUpdate: the answer is not the peer's idea, and an upload may ask as often as it likes.
    pub(crate) fn key_update_asked(&mut self) {
        self.key_updates = self.key_updates.saturating_sub(1);
    }

    pub(crate) fn ticket(&mut self) -> Result<(), ProtocolError> {
        count(&mut self.tickets, MAX_TICKETS, ProtocolError::TooManyTickets)
    }

    pub(crate) fn renegotiation(&mut self) -> Result<(), ProtocolError> {
        count(&mut self.renegotiations, MAX_RENEGOTIATIONS, ProtocolError::TooManyRenegotiations)
    }
}

fn count(counter: &mut u16, most: u16, error: ProtocolError) -> Result<(), ProtocolError> {
    if *counter >= most {
        return Err(error);
    }
    *counter += 1;
    Ok(())
}
