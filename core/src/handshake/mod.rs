//! The seam to the handshake engine: what wantls needs of one, and nothing of how it works.
//!
//! The engine turns handshake bytes into handshake bytes until it is finished, and then gives up its traffic
//! secrets for good. What has to happen to them later (KeyUpdate, tickets) goes through [`KeySchedule`].
//! Another engine is another file beside [`rustls`](self::rustls).

mod drive;
mod exporter;
pub(crate) mod rustls;
mod session;

use alloc::boxed::Box;

use zeroize::Zeroizing;

use crate::error::{Error, ProtocolError};
use crate::record::aead::{Algorithm, NONCE_LEN};
pub use session::{Exported, Exporter, MAX_EXPORT, Session};

/// A handshake in progress.
pub(crate) trait Engine: Send + Sync {
    /// Works on `input`, the whole records that it was shown and has not released, and puts at most one piece
    /// into `output`, which has room for the largest.
    fn step(&mut self, input: &mut [u8], output: &mut [u8]) -> Progress;

    /// After [`Status::Failed`]: puts the next piece that is still owed, the alert above all, into `output`, which
    /// has room for the largest. `None`: nothing is owed.
    fn last_words(&mut self, output: &mut [u8]) -> Option<usize>;

    /// After [`Status::Finished`]: the facts and the secrets.
    fn finish(self: Box<Self>, exporters: &[Exporter]) -> Result<Established, Error>;
}

/// What a step of the engine did.
pub(crate) struct Progress {
    /// Bytes at the front of the input that it is done with.
    pub(crate) released: usize,
    /// Bytes that it put into the output.
    pub(crate) written: usize,
    pub(crate) status: Status,
    /// The version is agreed on: from here on every record of the peer but an alert has to name 0x0303.
    pub(crate) version_known: bool,
}

/// How a step of the engine ended.
pub(crate) enum Status {
    /// There is more to do with the same input.
    Continue,
    /// Another record is needed.
    NeedRecord,
    /// The handshake is complete.
    Finished,
    /// The handshake failed. What is left to send comes from [`Engine::last_words`].
    Failed(Error),
}

/// A finished handshake.
pub(crate) struct Established {
    pub(crate) session: Session,
    pub(crate) write: Secret,
    pub(crate) read: Secret,
    pub(crate) schedule: Box<dyn KeySchedule>,
    /// Records that one write key may protect (RFC 8446 section 5.5).
    pub(crate) confidentiality_limit: u64,
}

/// The key, nonce base and next sequence number of one direction.
pub(crate) struct Secret {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) key_len: usize,
    pub(crate) iv: [u8; NONCE_LEN],
    pub(crate) seq: u64,
}

impl Secret {
    pub(crate) fn key(&self) -> &[u8] {
        &self.key[..self.key_len]
    }
}

/// What stays of the engine after the handshake.
pub(crate) trait KeySchedule: Send + Sync {
    /// The write secret that follows our KeyUpdate (RFC 8446 section 7.2).
    fn next_write(&mut self) -> Result<Secret, Error>;

    /// The read secret that follows the peer's KeyUpdate.
    fn next_read(&mut self) -> Result<Secret, Error>;

    /// Stores a session ticket: the body of a NewSessionTicket message (RFC 8446 section 4.6.1).
    fn ticket(&mut self, body: &[u8]) -> Result<(), ProtocolError>;
}
