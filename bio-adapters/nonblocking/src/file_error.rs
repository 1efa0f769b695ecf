//! Why a file was not sent.

/// Why [`Stream::write_file`](crate::Stream::write_file) failed. Nothing was taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file could not be read. The stream is as it was: go on with other data, or close.
    #[error("the file could not be read: {0}")]
    File(#[source] std::io::Error),
    /// The connection, or the transport.
    #[error(transparent)]
    Stream(#[from] crate::Error),
}
