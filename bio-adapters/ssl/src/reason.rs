//! Reason codes (`openssl/sslerr.h`): the part of an OpenSSL error that programs look at.

use core::fmt;

use wantls::rustls;
use wantls::{Error, ProtocolError, RetryFault, Usage};

/// A reason code of libssl, `SSL_R_*`, as `ERR_GET_REASON` gives it. [`Display`](fmt::Display) writes its name, or for
/// an unknown one its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(u32);

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl Reason {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0 {
                    $($number => f.write_str(stringify!($name)),)*
                    number => write!(f, "{number}"),
                }
            }
        }
    };
}

reasons! {
    /// `SSL_key_update` with an unknown type.
    INVALID_KEY_UPDATE_TYPE = 120,
    /// `SSL_key_update` while the handshake, or another key update, is under way.
    STILL_IN_INIT = 121,
    /// The peer sent a malformed KeyUpdate.
    BAD_KEY_UPDATE = 122,
    /// A retry from another address; `SSL_key_update` or `SSL_sendfile` while a record of a write waits.
    BAD_WRITE_RETRY = 127,
    /// The peer sent too many KeyUpdates.
    TOO_MANY_KEY_UPDATES = 132,
    /// The peer's certificate does not verify.
    CERTIFICATE_VERIFY_FAILED = 134,
    /// `SSL_do_handshake` without a role.
    CONNECTION_TYPE_NOT_SET = 144,
    /// A record with more plaintext than is legal.
    DATA_LENGTH_TOO_LONG = 146,
    /// A record longer than is legal.
    ENCRYPTED_LENGTH_TOO_LONG = 150,
    /// A handshake message longer than is legal, or than the buffers hold.
    EXCESSIVE_MESSAGE_SIZE = 152,
    /// A handshake message of a wrong length.
    LENGTH_MISMATCH = 159,
    /// A handshake message that has to end its record and does not.
    NOT_ON_RECORD_BOUNDARY = 182,
    /// Both sides have no cipher suite, or nothing else that is needed, in common.
    NO_SHARED_CIPHER = 193,
    /// The peer sent no certificate.
    PEER_DID_NOT_RETURN_A_CERTIFICATE = 199,
    /// A malformed alert.
    INVALID_ALERT = 205,
    /// A write after our own close_notify.
    PROTOCOL_IS_SHUTDOWN = 207,
    /// Both sides have no application protocol in common.
    NO_APPLICATION_PROTOCOL = 235,
    /// A handshake message that has no place here.
    UNEXPECTED_MESSAGE = 244,
    /// A record that has no place here.
    UNEXPECTED_RECORD = 245,
    /// An alert of an unknown level.
    UNKNOWN_ALERT_TYPE = 246,
    /// Both sides have no version in common.
    UNSUPPORTED_PROTOCOL = 258,
    /// change_cipher_spec where it has no place.
    UNEXPECTED_CCS_MESSAGE = 262,
    /// The call makes no sense in this protocol version.
    WRONG_SSL_VERSION = 266,
    /// A record that names another version.
    WRONG_VERSION_NUMBER = 267,
    /// A negative length; a retry shorter than what is committed.
    BAD_LENGTH = 271,
    /// No role was set; `SSL_sendfile` before the handshake has finished.
    UNINITIALIZED = 276,
    /// A record that does not decrypt.
    DECRYPTION_FAILED_OR_BAD_RECORD_MAC = 281,
    /// Data where `SSL_shutdown` waits for close_notify.
    APPLICATION_DATA_AFTER_CLOSE_NOTIFY = 291,
    /// A handshake message interleaved with other records.
    MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA = 293,
    /// The transport ended without close_notify.
    UNEXPECTED_EOF_WHILE_READING = 294,
    /// Too many empty records.
    RECORD_TOO_SMALL = 298,
    /// No server name was set, which rustls verifies the certificate against.
    INVALID_SERVERNAME = 319,
    /// A key has protected as many records as it may.
    SEQUENCE_CTR_WRAPPED = 327,
    /// A renegotiation, which there is none of.
    NO_RENEGOTIATION = 339,
    /// `SSL_shutdown` while the handshake, or a key update, is under way.
    SHUTDOWN_WHILE_IN_INIT = 407,
    /// Too many warning alerts.
    TOO_MANY_WARN_ALERTS = 409,
    /// `SSL_write_ex2` with a flag that TLS has no meaning for.
    UNSUPPORTED_WRITE_FLAG = 412,
    /// A record of an unknown type.
    BAD_RECORD_TYPE = 443,
    /// The role that was set needs a context that [`SslContext`](crate::SslContext) was not given.
    SHOULD_NOT_HAVE_BEEN_CALLED = 786690,
    /// A fault on this side.
    INTERNAL_ERROR = 786691,
}

impl Reason {
    /// The peer ended the connection with the alert of this number: 1000 is added to it.
    #[must_use]
    pub const fn alert(number: u8) -> Self {
        Self(1000 + number as u32)
    }

    /// The reason for an error of the connection; `None` where OpenSSL's call fails without one.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "what is left, and what is added later, is ours")]
        Some(match error {
            Error::Usage(usage) => return of_usage(*usage),
            Error::Peer(alert) => Self::alert((*alert).into()),
            Error::Protocol(error) => of_protocol(*error),
            Error::Handshake(error) => of_handshake(error),
            Error::Truncated => Self::UNEXPECTED_EOF_WHILE_READING,
            Error::HandshakeTooLarge { .. } => Self::EXCESSIVE_MESSAGE_SIZE,
            Error::RecordTooLarge { .. } => Self::ENCRYPTED_LENGTH_TOO_LONG,
            Error::KeyExhausted => Self::SEQUENCE_CTR_WRAPPED,
            _ => Self::INTERNAL_ERROR,
        })
    }
}

impl From<Reason> for u32 {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

impl From<Reason> for i32 {
    /// All reasons are far below the largest number.
    fn from(reason: Reason) -> Self {
        Self::try_from(reason.0).unwrap_or(Self::MAX)
    }
}

fn of_usage(usage: Usage) -> Option<Reason> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are mistakes of this crate")]
    Some(match usage {
        Usage::WriteAfterShutdown => Reason::PROTOCOL_IS_SHUTDOWN,
        Usage::BadWriteRetry { fault: RetryFault::Shorter, .. } => Reason::BAD_LENGTH,
        Usage::BadWriteRetry { .. } => Reason::BAD_WRITE_RETRY,
        Usage::HandshakeNotFinished => Reason::STILL_IN_INIT,
        Usage::NoKeyUpdate => Reason::WRONG_SSL_VERSION,
        Usage::UnreadData => Reason::APPLICATION_DATA_AFTER_CLOSE_NOTIFY,
        Usage::EmptyBuffer => return None,
        _ => Reason::INTERNAL_ERROR,
    })
}

fn of_protocol(error: ProtocolError) -> Reason {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a message out of place, too many of them, and later ones"
    )]
    match error {
        ProtocolError::RecordOverflow(_) => Reason::ENCRYPTED_LENGTH_TOO_LONG,
        ProtocolError::PlaintextOverflow => Reason::DATA_LENGTH_TOO_LONG,
        ProtocolError::BadRecordMac => Reason::DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
        ProtocolError::RecordVersion(_) => Reason::WRONG_VERSION_NUMBER,
        ProtocolError::UnexpectedContentType(_) => Reason::UNEXPECTED_RECORD,
        ProtocolError::NoContentType => Reason::BAD_RECORD_TYPE,
        ProtocolError::ChangeCipherSpec => Reason::UNEXPECTED_CCS_MESSAGE,
        ProtocolError::EmptyRecord(_) => Reason::BAD_LENGTH,
        ProtocolError::TooManyEmptyRecords => Reason::RECORD_TOO_SMALL,
        ProtocolError::BadAlert => Reason::INVALID_ALERT,
        ProtocolError::BadAlertLevel(_) => Reason::UNKNOWN_ALERT_TYPE,
        ProtocolError::TooManyWarnings => Reason::TOO_MANY_WARN_ALERTS,
        ProtocolError::Interleaved => Reason::MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA,
        ProtocolError::HandshakeTooLong(_) => Reason::EXCESSIVE_MESSAGE_SIZE,
        ProtocolError::KeyUpdateNotAligned => Reason::NOT_ON_RECORD_BOUNDARY,
        ProtocolError::BadKeyUpdate | ProtocolError::BadKeyUpdateRequest(_) => Reason::BAD_KEY_UPDATE,
        ProtocolError::TooManyKeyUpdates => Reason::TOO_MANY_KEY_UPDATES,
        ProtocolError::TooManyRenegotiations => Reason::NO_RENEGOTIATION,
        ProtocolError::BadTicket => Reason::LENGTH_MISMATCH,
        ProtocolError::SequenceExhausted => Reason::SEQUENCE_CTR_WRAPPED,
        _ => Reason::UNEXPECTED_MESSAGE,
    }
}

fn of_handshake(error: &rustls::Error) -> Reason {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others have no closer counterpart")]
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidCertRevocationList(_) => {
            Reason::CERTIFICATE_VERIFY_FAILED
        }
        rustls::Error::NoCertificatesPresented => Reason::PEER_DID_NOT_RETURN_A_CERTIFICATE,
        rustls::Error::NoApplicationProtocol => Reason::NO_APPLICATION_PROTOCOL,
        rustls::Error::PeerIncompatible(
            rustls::PeerIncompatible::Tls12NotOffered
            | rustls::PeerIncompatible::Tls12NotOfferedOrEnabled
            | rustls::PeerIncompatible::Tls13RequiredForQuic
            | rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
            | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | rustls::PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => Reason::UNSUPPORTED_PROTOCOL,
        rustls::Error::PeerIncompatible(_) => Reason::NO_SHARED_CIPHER,
        rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. }
        | rustls::Error::PeerMisbehaved(_) => Reason::UNEXPECTED_MESSAGE,
        rustls::Error::InvalidMessage(_) => Reason::LENGTH_MISMATCH,
        rustls::Error::DecryptError => Reason::DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
        rustls::Error::PeerSentOversizedRecord => Reason::ENCRYPTED_LENGTH_TOO_LONG,
        _ => Reason::INTERNAL_ERROR,
    }
}
