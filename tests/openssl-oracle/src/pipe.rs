//! The face of a BIO pair by itself, without TLS on it.

/// One of the two halves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// The first.
    A,
    /// The second.
    B,
}

/// Retry flags of a half.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flags {
    /// None.
    Clear,
    /// Retry, and it was a read.
    Read,
    /// Retry, and it was a write.
    Write,
}

/// `BIO_s_bio`: what one half writes the other reads.
pub trait Pipe {
    /// `BIO_write`.
    fn write(&mut self, half: Half, bytes: &[u8]) -> i32;
    /// `BIO_read` of up to `n` bytes.
    fn read(&mut self, half: Half, n: usize) -> (i32, Vec<u8>);
    /// The retry flags.
    fn flags(&self, half: Half) -> Flags;
    /// `BIO_ctrl_get_write_guarantee`.
    fn write_guarantee(&self, half: Half) -> usize;
    /// `BIO_ctrl_get_read_request`.
    fn read_request(&self, half: Half) -> usize;
    /// `BIO_ctrl_reset_read_request`.
    fn reset_read_request(&mut self, half: Half);
    /// `BIO_ctrl_pending`: readable here.
    fn pending(&self, half: Half) -> usize;
    /// `BIO_ctrl_wpending`: written here and not yet read.
    fn wpending(&self, half: Half) -> usize;
    /// `BIO_shutdown_wr`.
    fn shutdown_wr(&mut self, half: Half) -> i64;
    /// `BIO_eof`.
    fn eof(&self, half: Half) -> bool;
    /// `BIO_flush`.
    fn flush(&mut self, half: Half) -> i64;
    /// `BIO_reset`.
    fn reset(&mut self, half: Half) -> i64;
    /// `BIO_destroy_bio_pair`.
    fn destroy(&mut self, half: Half);
}
