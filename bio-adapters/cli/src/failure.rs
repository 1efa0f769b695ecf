//! What went wrong, who it was, and the exit code for it.

use std::io;
use std::path::{Path, PathBuf};

use rustls::{AlertDescription, CertificateError};
use wantls::{BuildError, Error};
use wantls_transport::StreamError;

const GONE: &str = "the peer went away without close_notify";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Other(String),
    #[error("{0}")]
    Usage(String),
    #[error("{}: {what}: {source}", path.display())]
    File { path: PathBuf, what: &'static str, source: io::Error },
    #[error("{what}: {source}")]
    Network { what: String, source: io::Error },
    /// The connection, with its side where there are two.
    #[error("{side}{error}")]
    Tls { side: &'static str, error: Error },
    /// The peer has gone too early.
    #[error("{0}")]
    Truncated(String),
    #[error("the checksums differ: {sent} was sent, {received} arrived")]
    Checksum { sent: String, received: String },
}

impl Failure {
    pub(crate) fn file(path: &Path, what: &'static str, source: impl Into<io::Error>) -> Self {
        Self::File { path: path.to_owned(), what, source: source.into() }
    }

    pub(crate) fn network(what: impl Into<String>, source: io::Error) -> Self {
        Self::Network { what: what.into(), source }
    }

    /// The exit code, as `--help` lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::File { .. } => 3,
            Self::Network { .. } => 4,
            Self::Tls { error, .. } => tls_exit_code(error),
            Self::Truncated(_) => 7,
            Self::Checksum { .. } => 8,
        }
    }

    /// What the user can do about it, where that is not obvious.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                Some("--force overwrites it")
            }
            Self::Tls { error: Error::Handshake(rustls::Error::InvalidCertificate(error)), .. } => {
                certificate_hint(error)
            }
            Self::Tls { error: Error::Peer(AlertDescription::UnknownCA), .. } => {
                Some("the client does not trust the authority behind this server's certificate")
            }
            Self::Tls { error: Error::Handshake(rustls::Error::InvalidMessage(_)), .. } => {
                Some("perhaps the peer does not speak TLS on this port")
            }
            Self::Other(_)
            | Self::Usage(_)
            | Self::File { .. }
            | Self::Network { .. }
            | Self::Tls { .. }
            | Self::Truncated(_)
            | Self::Checksum { .. } => None,
        }
    }
}

fn tls_exit_code(error: &Error) -> u8 {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest, now and later, is our own fault")]
    match error {
        Error::Handshake(_) | Error::HandshakeTooLarge { .. } => 5,
        Error::Peer(_) | Error::Protocol(_) | Error::RecordTooLarge { .. } => 6,
        Error::Truncated => 7,
        _ => 1,
    }
}

fn certificate_hint(error: &CertificateError) -> Option<&'static str> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most of them say it all")]
    match error {
        CertificateError::UnknownIssuer => {
            Some("no trusted authority has signed the server's certificate; --ca names one to trust")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some("the certificate is for another name; --servername says which name to expect")
        }
        _ => None,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Tls { side: "", error }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Other(error.to_string())
    }
}

/// A peer that resets the connection has gone away as one that closes it has; which of the two is seen is a race.
impl From<StreamError<io::Error>> for Failure {
    fn from(error: StreamError<io::Error>) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match error {
            StreamError::Tls(Error::Truncated) => Self::Truncated(GONE.to_owned()),
            StreamError::Tls(error) => error.into(),
            StreamError::Transport(error)
                if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) =>
            {
                Self::Truncated(GONE.to_owned())
            }
            StreamError::Transport(error) => Self::network("the connection failed", error),
        }
    }
}
