//! Reading a file at an offset.

use std::fs::File;
use std::io::Error;

use crate::io::uninterrupted;

/// Reads what `file` holds from byte `offset` on into `space`: `pread(2)`. Returns the bytes read, 0 at the end of the
/// file and beyond. The file's own position does not count; on Windows it moves all the same.
///
/// # Errors
/// The system's; an interrupted read is repeated.
pub fn read_at(file: &File, offset: u64, space: &mut [u8]) -> Result<usize, Error> {
    uninterrupted(|| positioned(file, offset, space))
}

#[cfg(unix)]
fn positioned(file: &File, offset: u64, space: &mut [u8]) -> Result<usize, Error> {
    std::os::unix::fs::FileExt::read_at(file, space, offset)
}

#[cfg(windows)]
fn positioned(file: &File, offset: u64, space: &mut [u8]) -> Result<usize, Error> {
    std::os::windows::fs::FileExt::seek_read(file, space, offset)
}
