#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// no_std can't rot: what core or alloc has is taken from there.
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "embedded-io")]
mod embedded;
#[cfg(all(feature = "std", any(unix, windows)))]
mod file;
mod fill;
mod given_back;
#[cfg(feature = "std")]
mod io;
mod pump;
mod stream;

use core::num::NonZeroUsize;

use wantls::Step;

#[cfg(feature = "embedded-io")]
pub use embedded::{EmbeddedError, EmbeddedIo};
#[cfg(all(feature = "std", any(unix, windows)))]
pub use file::read_at;
pub use fill::{Filled, seal_from};
pub use given_back::GivenBack;
#[cfg(feature = "std")]
pub use io::{BlockingIo, Io, io_error};
pub use pump::{Pumped, pump};
pub use stream::{Stream, StreamError};

/// A byte transport, blocking or not.
///
/// A blocking one waits until it has done something, or until its timeout: see [`waits`](Self::waits). A nonblocking one
/// answers `WouldBlock` instead. In both cases a call does as much as one system call does, and no error loses bytes:
/// what was not reported as sent was not sent.
pub trait Transport {
    /// What can go wrong below TLS.
    type Error;

    /// Receives bytes into `space`, which is not empty.
    ///
    /// # Errors
    /// The transport's own. The connection is not affected: the call may be repeated if the transport allows it.
    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, Self::Error>;

    /// Sends some of `bytes`, which is not empty.
    ///
    /// # Errors
    /// The transport's own; nothing of `bytes` was sent.
    fn send(&mut self, bytes: &[u8]) -> Result<Sent, Self::Error>;

    /// Sends on what the transport itself has buffered. It is called at the end of each flight and before waiting
    /// for the peer, and again after it has answered [`Step::Want`].
    ///
    /// # Errors
    /// The transport's own.
    fn flush(&mut self) -> Result<Step<()>, Self::Error> {
        Ok(Step::Done(()))
    }

    /// Whether calls may wait. Such a transport is asked to receive only by a call that needs to read, and `WouldBlock`
    /// means that its timeout has expired.
    fn waits(&self) -> bool {
        false
    }
}

/// What a [`Transport::recv`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recv {
    /// So many bytes.
    Bytes(NonZeroUsize),
    /// Nothing yet.
    WouldBlock,
    /// The end: nothing will come any more.
    Eof,
}

impl Recv {
    /// `n` bytes, where 0 means the end, as for `read(2)`.
    #[must_use]
    pub fn from_read(n: usize) -> Self {
        NonZeroUsize::new(n).map_or(Self::Eof, Self::Bytes)
    }
}

/// What a [`Transport::send`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes.
    Bytes(NonZeroUsize),
    /// Nothing now.
    WouldBlock,
}

impl<T: Transport + ?Sized> Transport for &mut T {
    type Error = T::Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, Self::Error> {
        (**self).recv(space)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, Self::Error> {
        (**self).send(bytes)
    }

    fn flush(&mut self) -> Result<Step<()>, Self::Error> {
        (**self).flush()
    }

    fn waits(&self) -> bool {
        (**self).waits()
    }
}
