//! A BIO pair as `std::io`, and loopback sockets.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};

use wantls_bio_pair::{Bio, Capacity, ReadOutcome, WriteOutcome};

/// One end of a BIO pair as a nonblocking `std::io` transport; to a blocking adapter, one whose every call may time
/// out.
#[derive(Debug)]
pub struct Wire(pub Bio);

impl Wire {
    /// Two ends that hold `capacity` bytes in each direction.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn pair(capacity: usize) -> (Self, Self) {
        let capacity = Capacity::new(capacity).unwrap();
        let (a, b) = Bio::pair(capacity, capacity);
        (Self(a), Self(b))
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        match self.0.read(out).map_err(Error::other)? {
            ReadOutcome::Bytes(n) => Ok(n),
            ReadOutcome::WouldBlock => Err(ErrorKind::WouldBlock.into()),
            ReadOutcome::Eof => Ok(0),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        match self.0.write(data).map_err(|_| Error::from(ErrorKind::BrokenPipe))? {
            WriteOutcome::Bytes(n) => Ok(n),
            WriteOutcome::WouldBlock => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Two connected TCP sockets on 127.0.0.1: the one that connected, and the one that was accepted.
///
/// # Panics
/// If the system refuses.
#[must_use]
pub fn loopback() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// `len` bytes without a period that a record or a buffer could hide.
#[must_use]
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}
