//! What the caller did that a pair can't do. Blocking and the end of the data are not errors.

/// Why an operation was refused. Nothing was read or written, and a retry without a change fails again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BioError {
    /// The half is not paired: never was, or either half was destroyed or dropped since.
    #[error("the half is not paired")]
    Uninitialized,
    /// Both halves must be unpaired for this: destroy the pair first.
    #[error("the half is paired")]
    InUse,
    /// A write after this half's own `shutdown_wr`.
    #[error("this half has ended its direction and can't write any more")]
    BrokenPipe,
    /// A capacity of zero bytes.
    #[error("a capacity must be at least one byte")]
    InvalidArgument,
}
