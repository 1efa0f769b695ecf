//! What is sent: a file or standard input, and its checksum.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::checksum::Hasher;
use crate::failure::Failure;

/// Bytes that are read at once.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Something to send.
pub(crate) struct Source {
    reader: Box<dyn Read + Send>,
    name: Box<Path>,
    /// Its length, if it is known in advance.
    pub(crate) len: Option<u64>,
    pub(crate) hash: Hasher,
}

impl Source {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::new(path, None, Box::new(io::stdin())));
        }
        let fail = |error| Failure::file(path, "can't be read", error);
        let file = File::open(path).map_err(fail)?;
        let meta = file.metadata().map_err(fail)?;
        if meta.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        let len = meta.is_file().then_some(meta.len());
        Ok(Self::new(path, len, Box::new(file)))
    }

    fn new(name: &Path, len: Option<u64>, reader: Box<dyn Read + Send>) -> Self {
        Self { reader, name: name.into(), len, hash: Hasher::default() }
    }

    /// Reads the next bytes into `buffer`; 0 at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.reader.read(buffer) {
                Ok(n) => {
                    self.hash.update(&buffer[..n]);
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::file(&self.name, "can't be read", error)),
            }
        }
    }
}
