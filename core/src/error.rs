//! Errors, sorted by who has to act.
//!
//! Every [`Error`] but [`Error::Usage`] is fatal: the connection remembers it and returns it from then on,
//! and what it had already accepted or queued (an alert included) can still be taken from `tls_out`.
//! A [`Usage`] error is the caller's own, and has changed nothing.

use rustls::AlertDescription;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller asked for what can't be done now. Nothing changed; the connection goes on.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The peer ended the connection with a fatal alert. Nothing is sent in answer (RFC 8446 section 6.2).
    #[error("the peer closed the connection with the alert {0:?}")]
    Peer(AlertDescription),
    /// The peer broke the protocol. The alert [`ProtocolError::alert`] is in `tls_out`; not if a record of the handshake
    /// named a wrong version, as the handshake engine has the keys then.
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The handshake failed: a certificate that does not verify, no common version, a malformed message.
    /// The alert, where one is due, is in `tls_out`.
    #[error("the handshake failed: {0}")]
    Handshake(rustls::Error),
    /// The transport ended before the peer's close_notify: data may be missing (RFC 8446 section 6.1).
    /// All plaintext that arrived whole was delivered before this.
    #[error("the transport ended without close_notify: data may be missing")]
    Truncated,
    /// A handshake message does not fit into `tls_in`. Give a larger buffer, or configure the peer to send a
    /// shorter certificate chain.
    #[error("a handshake message needs {needed} bytes of tls_in, which holds {capacity}")]
    HandshakeTooLarge {
        /// Bytes of `tls_in` known to be needed so far; the message may turn out to be longer.
        needed: usize,
        /// Bytes that `tls_in` has.
        capacity: usize,
    },
    /// A legal record does not fit into `tls_in`. Give a larger buffer (see [`crate::buffers`]), or have the
    /// peer send smaller records.
    #[error("a record needs {needed} bytes of tls_in, which holds {capacity}")]
    RecordTooLarge {
        /// Bytes of `tls_in` that the record needs.
        needed: usize,
        /// Bytes that `tls_in` has.
        capacity: usize,
    },
    /// The write key has protected as many records as is safe, and TLS 1.2 has no way to change it.
    /// A close_notify is in `tls_out`; open a new connection.
    #[error("the write key is used up, and TLS 1.2 can't change it: open a new connection")]
    KeyExhausted,
    /// The key schedule or the record crypto failed: a fault of the crypto provider, not of the peer.
    #[error("the crypto provider failed: {0}")]
    Crypto(rustls::Error),
}

impl Error {
    /// Whether the connection is over. Only [`Error::Usage`] is not fatal.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Usage(_))
    }
}

/// A call that can't be done now. The caller has to act; nothing changed, and nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Usage {
    /// A write after this side's close_notify (`SSL_write(3)`; OpenSSL's "protocol is shutdown").
    #[error("this side has already sent close_notify: nothing can be written any more")]
    WriteAfterShutdown,
    /// A retry in [`WriteMode::Whole`](crate::WriteMode::Whole) that is not the same call: shorter than what
    /// is already committed, or from another address without `moving`. Repeat the write with the first
    /// `committed` bytes unchanged.
    #[error("bad write retry: {committed} bytes are committed already; repeat the call with them in front")]
    BadWriteRetry {
        /// Bytes of the unfinished write that are sealed already.
        committed: usize,
        /// What was wrong.
        fault: RetryFault,
    },
    /// More bytes were committed, or consumed, than the grant had offered.
    #[error("{given} bytes were claimed of {offered} offered")]
    GrantExceeded {
        /// Bytes that the caller named.
        given: usize,
        /// Bytes that the grant held.
        offered: usize,
    },
    /// The call needs an established connection: run `handshake` first.
    #[error("the handshake has not finished")]
    HandshakeNotFinished,
    /// KeyUpdate exists only in TLS 1.3 (RFC 8446 section 4.6.3).
    #[error("TLS 1.2 has no KeyUpdate")]
    NoKeyUpdate,
    /// A read into an empty buffer while data waits (`SSL_read(3)` with a length of 0).
    #[error("a read into an empty buffer: data waits")]
    EmptyBuffer,
    /// A connection with something under way can't be parked: a handshake, an unfinished write, unread plaintext, a
    /// part of a record, or bytes that have not left `tls_out`. Bring it to an end, then park.
    #[error("the connection is not idle")]
    NotIdle,
    /// Application data waits unread in front of the peer's close_notify: read until
    /// [`Received::Closed`](crate::Received::Closed), then call `shutdown` again.
    #[error("application data waits unread: read it, then shut down")]
    UnreadData,
}

/// What made a retry illegal; see [`Usage::BadWriteRetry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryFault {
    /// Fewer bytes than are committed already (OpenSSL's "bad length").
    Shorter,
    /// Another address, and moving is not allowed (OpenSSL's "bad write retry").
    Moved,
}

/// What the peer did wrong after the handshake. Each has its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A record longer than the protocol allows (RFC 8446 section 5.2: 2^14 + 256; RFC 5246 section 6.2.3: 2^14 + 2048).
    #[error("a record of {0} bytes is longer than the protocol allows")]
    RecordOverflow(usize),
    /// The plaintext of a record is longer than 2^14 bytes.
    #[error("a record's plaintext is longer than 2^14 bytes")]
    PlaintextOverflow,
    /// A record that does not decrypt: damaged, replayed, reordered or forged.
    #[error("a record does not decrypt")]
    BadRecordMac,
    /// A record header with a version other than 0x0303.
    #[error("a record header names the version {0:#06x}")]
    RecordVersion(u16),
    /// An unknown content type, or one that has no place here.
    #[error("a record of content type {0} has no place here")]
    UnexpectedContentType(u8),
    /// A TLS 1.3 record with nothing but padding (RFC 8446 section 5.4).
    #[error("a record holds nothing but padding")]
    NoContentType,
    /// change_cipher_spec after the handshake (RFC 8446 section 5).
    #[error("change_cipher_spec after the handshake")]
    ChangeCipherSpec,
    /// An empty handshake or alert record (RFC 8446 section 5.1).
    #[error("an empty record of content type {0}")]
    EmptyRecord(u8),
    /// Too many application records without data in a row.
    #[error("too many empty records")]
    TooManyEmptyRecords,
    /// An alert that is not two bytes long, or a TLS 1.3 warning that may not be one (RFC 8446 section 6).
    #[error("a malformed alert")]
    BadAlert,
    /// An alert with a level that is neither warning nor fatal.
    #[error("an alert of level {0}")]
    BadAlertLevel(u8),
    /// Too many warning alerts in a row.
    #[error("too many warning alerts")]
    TooManyWarnings,
    /// Another record between the parts of a handshake message (RFC 8446 section 5.1).
    #[error("a handshake message is interleaved with other records")]
    Interleaved,
    /// A handshake message that has no place after the handshake.
    #[error("a handshake message of type {0} has no place after the handshake")]
    UnexpectedHandshake(u8),
    /// A handshake message longer than any that is legal here.
    #[error("a handshake message of {0} bytes is too long")]
    HandshakeTooLong(usize),
    /// A KeyUpdate that does not end its record (RFC 8446 section 5.1).
    #[error("a KeyUpdate does not end its record")]
    KeyUpdateNotAligned,
    /// A KeyUpdate of a wrong length.
    #[error("a malformed KeyUpdate")]
    BadKeyUpdate,
    /// A KeyUpdate with an unknown request value (RFC 8446 section 4.6.3).
    #[error("a KeyUpdate with the request value {0}")]
    BadKeyUpdateRequest(u8),
    /// Too many KeyUpdates without data between them.
    #[error("too many KeyUpdates")]
    TooManyKeyUpdates,
    /// Too many tickets without data between them.
    #[error("too many session tickets")]
    TooManyTickets,
    /// Too many renegotiation requests without data between them.
    #[error("too many renegotiation requests")]
    TooManyRenegotiations,
    /// A request to renegotiate, where [`Renegotiation::Abort`](crate::Renegotiation::Abort) is set.
    #[error("a request to renegotiate")]
    Renegotiation,
    /// A session ticket that names an extension twice (RFC 8446 section 4.2).
    #[error("a session ticket names an extension twice")]
    DuplicateExtension,
    /// A NewSessionTicket that does not parse.
    #[error("a malformed session ticket")]
    BadTicket,
    /// The read sequence number is used up.
    #[error("the read sequence number is used up")]
    SequenceExhausted,
}

impl ProtocolError {
    /// The alert that is sent for it (RFC 8446 section 6.2).
    #[must_use]
    pub fn alert(self) -> AlertDescription {
        match self {
            Self::RecordOverflow(_) | Self::PlaintextOverflow => AlertDescription::RecordOverflow,
            Self::BadRecordMac => AlertDescription::BadRecordMac,
            Self::RecordVersion(_) => AlertDescription::ProtocolVersion,
            Self::BadAlert | Self::BadKeyUpdate | Self::BadTicket => AlertDescription::DecodeError,
            Self::HandshakeTooLong(_)
            | Self::BadKeyUpdateRequest(_)
            | Self::BadAlertLevel(_)
            | Self::DuplicateExtension => AlertDescription::IllegalParameter,
            Self::Renegotiation => AlertDescription::NoRenegotiation,
            Self::SequenceExhausted => AlertDescription::InternalError,
            Self::UnexpectedContentType(_)
            | Self::NoContentType
            | Self::ChangeCipherSpec
            | Self::EmptyRecord(_)
            | Self::TooManyEmptyRecords
            | Self::TooManyWarnings
            | Self::Interleaved
            | Self::UnexpectedHandshake(_)
            | Self::KeyUpdateNotAligned
            | Self::TooManyKeyUpdates
            | Self::TooManyTickets
            | Self::TooManyRenegotiations => AlertDescription::UnexpectedMessage,
        }
    }
}

/// Why a context or a connection can't be made. The configuration has to change.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A buffer is smaller than the configuration needs.
    #[error("{which} has {given} bytes; this configuration needs at least {needed}")]
    BufferTooSmall {
        /// `"tls_in"` or `"tls_out"`.
        which: &'static str,
        /// The smallest size that works, in bytes.
        needed: usize,
        /// The size given, in bytes.
        given: usize,
    },
    /// The config offers a suite that the record crypto can't do. Leave it out of the rustls provider, or give
    /// another [`RecordCrypto`](crate::RecordCrypto).
    #[error("the record crypto can't do {0:?}, which the config offers")]
    UnsupportedSuite(rustls::CipherSuite),
    /// The config has no cipher suite, or no version, at all.
    #[error("the config offers no cipher suite")]
    NoSuites,
    /// The config turns 0-RTT on, which wantls does not do.
    #[error("the config turns early data on, which wantls does not support")]
    EarlyData,
    /// An exporter was asked for with an empty output, or more bytes than are kept.
    #[error("an exporter has to give 1 to {max} bytes, not {asked}")]
    Exporter {
        /// Bytes asked for.
        asked: usize,
        /// The most that can be asked for.
        max: usize,
    },
    /// rustls refused the configuration.
    #[error("rustls refused the configuration: {0}")]
    Config(rustls::Error),
}
