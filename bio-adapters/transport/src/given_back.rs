//! Errors of calls that take something by value.

/// An error, and what the call had taken: the transport of a stream that did not close.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct GivenBack<T, E> {
    /// What the call had taken.
    pub value: T,
    /// Why it failed.
    pub error: E,
}

impl<T, E> GivenBack<T, E> {
    /// The value if all went well, else the error with the value.
    ///
    /// # Errors
    /// That of `result`.
    pub fn value(result: Result<(), E>, value: T) -> Result<T, Self> {
        match result {
            Ok(()) => Ok(value),
            Err(error) => Err(Self { value, error }),
        }
    }
}

#[cfg(feature = "std")]
impl<T> From<GivenBack<T, Self>> for std::io::Error {
    /// The error; the value is dropped.
    fn from(given_back: GivenBack<T, Self>) -> Self {
        given_back.error
    }
}
