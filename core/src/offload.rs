//! Records that another party protects: the keys of an established connection, handed out, and the protocol that stays.

use alloc::boxed::Box;
use core::fmt;

use arrayvec::ArrayVec;

use crate::alert::{ALERT_LEN, CLOSE_NOTIFY, NO_RENEGOTIATION, WARNING, last_alert};
use crate::connection::Connection;
use crate::error::{Error, Usage};
use crate::handshake::{Secret, Session};
use crate::parked::Parked;
use crate::phase::{Event, Phase};
use crate::post_handshake::KeyUpdate;
use crate::read::Outcome;
use crate::record::aead::{Algorithm, NONCE_LEN};
use crate::record::{ContentType, Version};

impl Parked {
    /// **Hands out the connection's secrets**, for another party to protect its records with: the kernel, or a network
    /// card. From then on there is no other copy of the record layer's state, and the party's own is the only true one.
    ///
    /// What is under way in spite of the rest goes on: a message of the peer of which a part was processed, a KeyUpdate
    /// that has not been sent.
    #[must_use]
    pub fn into_offload(self) -> Offload {
        let tls = self.into_connection();
        let sealed = tls.traffic.as_ref().map_or(0, |traffic| traffic.keys().0.seq);
        Offload { tls, closing: false, alert: None, sealed }
    }
}

/// A connection whose records another party seals and opens: its keys, and what TLS wants beyond records.
///
/// The other party tells of every record that it opened by [`received`](Self::received), and sends what
/// [`control`](Self::control) has, by itself in a record, before any more application data.
pub struct Offload {
    tls: Box<Connection<[u8; 0]>>,
    /// Our close_notify is due.
    closing: bool,
    /// The alert that a fatal error calls for.
    alert: Option<[u8; ALERT_LEN]>,
    /// The most records that the write key can have protected.
    sealed: u64,
}

/// The key of one direction. **A secret**: whoever sees it can read and forge what it protects.
#[derive(Clone, Copy)]
pub struct TrafficKey<'a> {
    /// What the key is for.
    pub algorithm: Algorithm,
    /// The key: 16 or 32 bytes, as the algorithm has it.
    pub key: &'a [u8],
    /// The nonce of record `n` is this, with `n` XORed into the last eight bytes, big-endian (RFC 8446 section 5.3, RFC
    /// 7905 section 2). For AES-GCM in TLS 1.2 the first four bytes are the salt, and the last eight of each nonce were
    /// sent as the explicit part of the records so far (RFC 5288 section 3): one that goes on has to use others.
    pub iv: &'a [u8; NONCE_LEN],
    /// The number of the next record.
    pub seq: u64,
}

/// What a record of the peer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a new read key has to be taken"]
pub enum Incoming {
    /// Data for the application.
    Data,
    /// Nothing that matters outside.
    Nothing,
    /// The peer's KeyUpdate: every record behind it needs the new [`read_key`](Offload::read_key).
    NewReadKey,
    /// The peer's close_notify: no data follows.
    Closed,
}

/// A record other than application data that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    content_type: ContentType,
    content: ArrayVec<u8, 5>,
}

impl Control {
    /// Its content type (RFC 8446 section 5.1): 21 for alerts, 22 for handshake messages.
    #[must_use]
    pub fn content_type(&self) -> u8 {
        self.content_type as u8
    }

    /// Its plaintext: 2 or 5 bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

/// What is to be sent first.
#[derive(Clone, Copy)]
enum Due {
    LastAlert([u8; ALERT_LEN]),
    Close,
    Refusal,
    KeyUpdate(KeyUpdate),
}

impl Offload {
    /// The parked connection again, where the other party has refused the keys.
    ///
    /// Only for keys that have protected and opened nothing since they were handed out: otherwise a nonce would be used
    /// twice, which gives the key away, and nothing would decrypt.
    #[must_use]
    pub fn into_parked(self) -> Parked {
        Parked::from_connection(self.tls)
    }

    // --- the keys ---

    /// The version, which decides how keys and nonces are used.
    #[must_use]
    pub fn version(&self) -> Version {
        self.tls.traffic.as_ref().map_or(Version::Tls13, |traffic| traffic.version)
    }

    /// The key for what we send. **A secret.**
    ///
    /// # Errors
    /// [`Usage::HandshakeNotFinished`], which no connection that was handed out answers.
    pub fn write_key(&self) -> Result<TrafficKey<'_>, Usage> {
        self.keys().map(|(write, _)| traffic_key(write))
    }

    /// The key for what the peer sends. **A secret.**
    ///
    /// # Errors
    /// As [`write_key`](Self::write_key).
    pub fn read_key(&self) -> Result<TrafficKey<'_>, Usage> {
        self.keys().map(|(_, read)| traffic_key(read))
    }

    fn keys(&self) -> Result<(&Secret, &Secret), Usage> {
        self.tls.traffic.as_ref().map(|traffic| traffic.keys()).ok_or(Usage::HandshakeNotFinished)
    }

    // --- what came ---

    /// A record of the peer was opened; `content` is its plaintext, or a part of it.
    ///
    /// A part is enough for data and handshake messages; an alert has to be whole.
    ///
    /// # Errors
    /// [`Error::Peer`] for a fatal alert, [`Error::Protocol`] for what has no place here, with an alert for
    /// [`control`](Self::control); the error that ended the connection.
    pub fn received(&mut self, content_type: u8, content: &[u8]) -> Result<Incoming, Error> {
        if !self.tls.phase.can_read() && self.tls.fault.is_none() {
            return Ok(Incoming::Closed);
        }
        self.guarded(|tls| {
            let typ = ContentType::try_from(content_type)?;
            let Some(traffic) = tls.traffic.as_mut() else {
                return Err(Usage::HandshakeNotFinished.into());
            };
            let read_keys = traffic.read_keys;
            let outcome = traffic.on_content(typ, content)?;
            let new_key = traffic.read_keys != read_keys;
            tls.act(outcome)?;
            Ok(match outcome {
                Outcome::Data => Incoming::Data,
                Outcome::Closed => Incoming::Closed,
                Outcome::Nothing | Outcome::Asked(_) if new_key => Incoming::NewReadKey,
                Outcome::Nothing | Outcome::Asked(_) => Incoming::Nothing,
            })
        })
    }

    /// The transport has ended. Whether it was inside a record can't be told from here, so
    /// [`EofPolicy::Close`](crate::EofPolicy::Close) does not count.
    ///
    /// # Errors
    /// [`Error::Truncated`], unless the peer's close_notify came before.
    pub fn received_eof(&mut self) -> Result<Incoming, Error> {
        if !self.tls.phase.can_read() && self.tls.fault.is_none() {
            return Ok(Incoming::Closed);
        }
        self.guarded(|_| Err(Error::Truncated))
    }

    // --- what is to be sent ---

    /// Whether application data may be sent now: nothing has ended the connection or closed our direction, and the write
    /// key may protect more. A key that has protected as many records as it may is changed first (RFC 8446 section 5.5).
    ///
    /// # Errors
    /// [`Usage::WriteAfterShutdown`]; [`Error::KeyExhausted`] in TLS 1.2; the error that ended the connection.
    pub fn check_writable(&mut self) -> Result<(), Error> {
        if self.closing {
            return Err(Usage::WriteAfterShutdown.into());
        }
        let sealed = self.sealed;
        self.guarded(|tls| {
            tls.check_writable()?;
            match &tls.traffic {
                Some(traffic) if sealed < traffic.limit() => {}
                Some(traffic) if traffic.version == Version::Tls12 => return Err(Error::KeyExhausted),
                _ => {
                    tls.key_update_due.get_or_insert(KeyUpdate::NotRequested);
                }
            }
            Ok(())
        })
    }

    /// The write key has protected up to `records` records of application data more. Who can't count them says how many
    /// they can have been.
    pub fn protected(&mut self, records: u64) {
        self.sealed = self.sealed.saturating_add(records);
    }

    /// Schedules a KeyUpdate: [`Connection::key_update`].
    ///
    /// # Errors
    /// As there.
    pub fn key_update(&mut self, request_peer: bool) -> Result<(), Error> {
        if self.closing {
            return Err(Usage::WriteAfterShutdown.into());
        }
        // There is no room to seal it here, so it stays due.
        self.tls.key_update(request_peer)
    }

    /// Schedules our close_notify; nothing can be written from now on. What was due besides is given up.
    ///
    /// # Errors
    /// The error that ended the connection.
    pub fn close(&mut self) -> Result<(), Error> {
        self.tls.check_fault()?;
        self.closing |= self.tls.phase.can_write();
        Ok(())
    }

    /// Ends the connection for a fault that the other party has found: a record that does not decrypt, for instance. The
    /// alert is for [`control`](Self::control).
    pub fn fail(&mut self, error: Error) -> Error {
        match self.guarded(|_| Err::<(), _>(error.clone())) {
            Err(error) => error,
            Ok(()) => error,
        }
    }

    /// The record to send before anything else, if there is one. After it was sent, call
    /// [`control_sent`](Self::control_sent), and ask again.
    #[must_use]
    pub fn control(&self) -> Option<Control> {
        let alert = |content: [u8; ALERT_LEN]| (ContentType::Alert, content.into_iter().collect());
        let (content_type, content) = match self.due()? {
            Due::LastAlert(content) => alert(content),
            Due::Close => alert([WARNING, CLOSE_NOTIFY]),
            Due::Refusal => alert([WARNING, NO_RENEGOTIATION]),
            Due::KeyUpdate(update) => (ContentType::Handshake, update.message().into()),
        };
        Some(Control { content_type, content })
    }

    /// The record that [`control`](Self::control) had was sent. `true`: it was a KeyUpdate, and every record behind it
    /// needs the new [`write_key`](Self::write_key).
    ///
    /// # Errors
    /// [`Error::Crypto`] if there is no new key.
    pub fn control_sent(&mut self) -> Result<bool, Error> {
        match self.due() {
            None => {}
            Some(Due::LastAlert(_)) => self.alert = None,
            Some(Due::Close) => {
                self.closing = false;
                (self.tls.key_update_due, self.tls.refusal_due) = (None, false);
                self.tls.phase = self.tls.phase.after(Event::LocalClosed);
            }
            Some(Due::Refusal) => self.tls.refusal_due = false,
            Some(Due::KeyUpdate(update)) => {
                self.tls.key_update_due = None;
                self.sealed = 0;
                self.guarded(|tls| tls.key_update_sent(update))?;
                return Ok(true);
            }
        }
        self.protected(1);
        Ok(false)
    }

    fn due(&self) -> Option<Due> {
        if let Some(alert) = self.alert {
            return Some(Due::LastAlert(alert));
        }
        match self.tls.key_update_due {
            _ if !self.tls.phase.can_write() => None,
            _ if self.closing => Some(Due::Close),
            _ if self.tls.refusal_due => Some(Due::Refusal),
            update => update.map(Due::KeyUpdate),
        }
    }

    /// Does `call`, unless the connection has ended; if that ends it, the alert for the peer becomes due.
    fn guarded<R>(
        &mut self,
        call: impl FnOnce(&mut Connection<[u8; 0]>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.tls.check_fault()?;
        let may_speak = self.tls.phase.can_write();
        call(&mut self.tls).map_err(|error| {
            let error = self.tls.fail(error);
            if may_speak && error.is_fatal() {
                self.alert = last_alert(&error);
            }
            error
        })
    }

    // --- questions ---

    /// The facts of the handshake.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.tls.session()
    }

    /// Where the connection is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.tls.phase()
    }

    /// The error that ended the connection, if one did.
    #[must_use]
    pub fn fault(&self) -> Option<&Error> {
        self.tls.fault()
    }
}

fn traffic_key(secret: &Secret) -> TrafficKey<'_> {
    TrafficKey { algorithm: secret.algorithm, key: secret.key(), iv: &secret.iv, seq: secret.seq }
}

/// Without the secrets.
impl fmt::Debug for TrafficKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrafficKey")
            .field("algorithm", &self.algorithm)
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Offload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload")
            .field("version", &self.version())
            .field("phase", &self.phase())
            .field("control", &self.control())
            .finish_non_exhaustive()
    }
}
