//! Alerts: the last words and the warnings (RFC 8446 section 6, RFC 5246 section 7.2).

use rustls::AlertDescription;

use crate::connection::Connection;
use crate::error::{Error, ProtocolError};
use crate::phase::Event;
use crate::record::{ContentType, Version};
use crate::traffic::Traffic;

pub(crate) const WARNING: u8 = 1;
pub(crate) const FATAL: u8 = 2;
pub(crate) const CLOSE_NOTIFY: u8 = 0;
pub(crate) const USER_CANCELED: u8 = 90;
pub(crate) const NO_RENEGOTIATION: u8 = 100;

/// Bytes of an alert: level and description.
pub(crate) const ALERT_LEN: usize = 2;

/// What a peer's alert means for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Closed,
    Ignored,
}

impl Traffic {
    /// Judges an alert's plaintext. In TLS 1.3 its level says nothing: all but two are fatal.
    pub(crate) fn on_alert(&mut self, alert: &[u8]) -> Result<Meaning, Error> {
        let &[level, description] = alert else {
            return Err(ProtocolError::BadAlert.into());
        };
        if level != WARNING && level != FATAL {
            return Err(ProtocolError::BadAlertLevel(level).into());
        }
        match (self.version, level, description) {
            (Version::Tls13, _, CLOSE_NOTIFY) | (Version::Tls12, WARNING, CLOSE_NOTIFY) => {
                Ok(Meaning::Closed)
            }
            (Version::Tls13, _, USER_CANCELED) | (Version::Tls12, WARNING, _) => {
                self.fruitless.warning()?;
                Ok(Meaning::Ignored)
            }
            (Version::Tls13, WARNING, _) => Err(ProtocolError::BadAlert.into()),
            (Version::Tls12 | Version::Tls13, _, _) => Err(Error::Peer(AlertDescription::from(description))),
        }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Ends the connection: queues the alert that `error` calls for, once, and remembers the error.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        if self.fault.is_none() && error.is_fatal() {
            let may_speak = self.phase.can_write();
            self.phase = self.phase.after(Event::Failed);
            self.fault = Some(error.clone());
            if let (true, Some(alert)) = (may_speak, last_alert(&error)) {
                self.send_last_alert(alert);
            }
        }
        error
    }

    /// Seals the alert if there are keys and room: the reserve keeps the room.
    fn send_last_alert(&mut self, alert: [u8; ALERT_LEN]) {
        let Some(traffic) = self.traffic.as_mut() else { return };
        let needed = ALERT_LEN + traffic.sealer.overhead();
        if self.output.room() >= needed {
            let space = self.output.space(needed);
            let sealed = traffic.sealer.seal(ContentType::Alert, &alert, space);
            // The connection is over; an alert that can't be sealed any more changes nothing.
            self.output.queued(sealed.unwrap_or(0));
        }
    }
}

/// The alert that ends the connection for an error found after the handshake. In the handshake the engine sends
/// its own.
pub(crate) fn last_alert(error: &Error) -> Option<[u8; ALERT_LEN]> {
    let fatal = |alert: AlertDescription| Some([FATAL, alert.into()]);
    match error {
        Error::Protocol(error) => fatal(error.alert()),
        // As OpenSSL does since 3.0.
        Error::Truncated => fatal(AlertDescription::DecodeError),
        Error::RecordTooLarge { .. } | Error::Crypto(_) => fatal(AlertDescription::InternalError),
        // Nothing is wrong: what was sent is complete.
        Error::KeyExhausted => Some([WARNING, CLOSE_NOTIFY]),
        Error::Usage(_) | Error::Peer(_) | Error::Handshake(_) | Error::HandshakeTooLarge { .. } => None,
    }
}
