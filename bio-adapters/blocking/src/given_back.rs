//! Errors of calls that take something by value.

use core::fmt;

/// An error, and what the call had taken: the transport of a stream that did not close.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct GivenBack<T, E> {
    /// What the call had taken.
    pub value: T,
    /// Why it failed.
    pub error: E,
}

#[cfg(feature = "std")]
impl<T> From<GivenBack<T, Self>> for std::io::Error {
    /// The error; the value is dropped.
    fn from(given_back: GivenBack<T, Self>) -> Self {
        given_back.error
    }
}

impl<T, E: fmt::Display> GivenBack<T, E> {
    pub(crate) fn wrap<R>(result: Result<R, E>, value: T) -> Result<(R, T), Self> {
        match result {
            Ok(done) => Ok((done, value)),
            Err(error) => Err(Self { value, error }),
        }
    }
}
