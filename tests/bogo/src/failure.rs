//! How the shim ends: exit codes and texts.
//!
//! On success nothing is printed. Otherwise one line names the fault. A fault of TLS is the error as `{:?}` prints
//! it: stable, one text an error kind, and found in the error map of `config.json`.

use std::fmt;
use std::io;
use std::process::ExitCode;

use wantls::{BuildError, Error};
use wantls_transport::StreamError;

/// What the runner takes for "this test needs something that is not implemented".
const UNIMPLEMENTED: u8 = 89;

/// What fails a test whatever outcome it wanted.
const MUST_NOT_HAPPEN: u8 = 90;

/// Why the shim ends before its time.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A flag, a value or a combination that the shim or the library does not know.
    Unimplemented(String),
    /// A call that had failed gave another answer when it was repeated.
    NotSticky(String),
    /// The connection failed.
    Tls(Error),
    /// Closing failed: so OpenSSL's call would have answered.
    Shutdown { got: i8, wanted: i8, error: Option<Error> },
    /// The socket failed.
    Socket(io::Error),
    /// A check did not hold, or a file could not be read.
    Other(String),
}

impl Failure {
    /// Something that is not as the flags say.
    pub(crate) fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unimplemented(_) => UNIMPLEMENTED.into(),
            Self::NotSticky(_) => MUST_NOT_HAPPEN.into(),
            Self::Tls(_) | Self::Shutdown { .. } | Self::Socket(_) | Self::Other(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unimplemented(what) => write!(f, "not implemented: {what}"),
            Self::NotSticky(what) => write!(f, "the repeated call gave another answer: {what}"),
            Self::Tls(error) => write!(f, "{error:?}"),
            // BoringSSL's text, as the runner asks for it.
            Self::Shutdown { got, wanted, error: None } => {
                write!(f, "Unexpected SSL_shutdown result: {got} != {wanted}")
            }
            Self::Shutdown { got, wanted, error: Some(error) } => {
                write!(f, "Unexpected SSL_shutdown result: {got} != {wanted}: {error:?}")
            }
            Self::Socket(error) => write!(f, "the socket failed: {error}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<StreamError<io::Error>> for Failure {
    fn from(error: StreamError<io::Error>) -> Self {
        match error {
            StreamError::Tls(error) => Self::Tls(error),
            StreamError::Transport(error) => Self::Socket(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Tls(error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Other(format!("{error:?}"))
    }
}

impl From<rustls::Error> for Failure {
    fn from(error: rustls::Error) -> Self {
        Self::Other(format!("{error:?}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}
