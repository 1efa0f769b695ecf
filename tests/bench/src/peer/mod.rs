//! The implementations, each used as its own documentation recommends.

mod raw;
mod rustls;
mod unbuffered;
mod wantls;

use wantls_testkit::Suite;

/// An implementation. What it can't do, it answers with `None`.
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// A connection that seals.
    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>>;

    /// A connection that opens.
    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>>;
}

/// All that are built in.
pub(crate) fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(wantls::Wantls),
        Box::new(raw::RawAead),
        Box::new(raw::Memcpy),
        Box::new(rustls::Rustls),
        Box::new(unbuffered::Unbuffered),
    ]
}

/// Application data to ciphertext.
pub(crate) trait Seal {
    /// Writes `data`, `times` times; the ciphertext is taken after each write, looked at, and dropped.
    fn seal(&mut self, data: &[u8], times: usize);
}

/// Ciphertext to application data.
pub(crate) trait Open {
    /// Not timed: seals `data`, `times` times, and puts the ciphertext where [`open`](Self::open) begins.
    fn load(&mut self, data: &[u8], times: usize);

    /// Opens all that was loaded; returns the bytes of plaintext.
    fn open(&mut self) -> usize;
}

/// How records come in, and how plaintext goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) feed: Feed,
    pub(crate) give: Give,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// The records are in the incoming buffer already.
    Loaded,
    /// They are copied into it, as much at a time as it takes.
    Received,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Give {
    /// Plaintext is looked at where it is.
    Lent,
    /// It is copied, or opened, into a buffer of the caller.
    Copied,
}

/// The longest plaintext of a record.
const MAX_PLAINTEXT: usize = 1 << 14;

/// Takes `n` bytes off the front of what is still to be received, at the most `space.len()`, as `recv(2)` does.
fn receive(wire: &[u8], position: &mut usize, space: &mut [u8]) -> usize {
    let n = space.len().min(wire.len() - *position);
    space[..n].copy_from_slice(&wire[*position..][..n]);
    *position += n;
    n
}
