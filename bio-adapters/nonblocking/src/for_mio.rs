//! mio: streams as event sources.

use std::io::{Read, Result, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use crate::Stream;

/// What to register with mio; `None`: deregister, nothing is awaited now. It has no word for that.
#[must_use]
pub fn mio_interest(interest: wantls::Interest) -> Option<Interest> {
    let read = interest.read.then_some(Interest::READABLE);
    let write = interest.write.then_some(Interest::WRITABLE);
    match (read, write) {
        (Some(read), Some(write)) => Some(read | write),
        (read, write) => read.or(write),
    }
}

/// Registers the transport. mio is edge-triggered: register once for both directions, and after each event repeat the
/// calls until they want.
impl<T: Read + Write + Source, B: AsRef<[u8]> + AsMut<[u8]>> Source for Stream<T, B> {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> Result<()> {
        self.get_mut().register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> Result<()> {
        self.get_mut().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> Result<()> {
        self.get_mut().deregister(registry)
    }
}
