//! Where what arrives goes: a file, standard output, or nowhere; and its checksum.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::checksum::Hasher;
use crate::failure::Failure;

/// A place for what arrives, checked before the connection is made.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Counted and dropped.
    Nowhere,
    Stdout,
    File {
        path: PathBuf,
        force: bool,
    },
}

impl Target {
    /// `-` is standard output. A file that is there already is refused at once, unless `force` is given.
    pub(crate) fn new(path: &Path, force: bool) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let fail = |kind: io::ErrorKind| Failure::file(path, "can't be written", kind);
        if path.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory));
        }
        if !force && fs::symlink_metadata(path).is_ok() {
            return Err(fail(io::ErrorKind::AlreadyExists));
        }
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !parent.is_dir() {
            return Err(fail(io::ErrorKind::NotFound));
        }
        Ok(Self::File { path: path.to_owned(), force })
    }

    /// Opens it. Only now is a file made or emptied.
    pub(crate) fn open(&self) -> Result<Sink, Failure> {
        let (output, name): (Option<Box<dyn Write>>, &Path) = match self {
            Self::Nowhere => (None, Path::new("nowhere")),
            Self::Stdout => (Some(Box::new(io::stdout())), Path::new("standard output")),
            Self::File { path, force } => (Some(Box::new(create(path, *force)?)), path),
        };
        Ok(Sink { output, name: name.to_owned(), hash: Hasher::default() })
    }
}

/// Creates a file to write, which must not exist unless `force` is given.
pub(crate) fn create(path: &Path, force: bool) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path).map_err(|error| Failure::file(path, "can't be written", error))
}

/// A place for what arrives. Nothing is buffered: what was put is there.
pub(crate) struct Sink {
    output: Option<Box<dyn Write>>,
    name: PathBuf,
    pub(crate) hash: Hasher,
}

impl Sink {
    pub(crate) fn put(&mut self, data: &[u8]) -> Result<(), Failure> {
        if let Some(output) = &mut self.output {
            let written = output.write_all(data).and_then(|()| output.flush());
            written.map_err(|error| Failure::file(&self.name, "can't be written", error))?;
        }
        self.hash.update(data);
        Ok(())
    }

    /// Where the data is.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }
}
