//! Buffers whose addresses stay fixed for a whole run, because a retry is judged by its address.

use core::fmt;

/// Bytes in one buffer: more than four full records.
pub const ARENA: usize = 72 * 1024;

/// One of the application's three buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Buf {
    /// The first.
    A,
    /// The second.
    B,
    /// The third.
    C,
}

impl Buf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
            Self::C => 2,
        }
    }
}

impl fmt::Display for Buf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        })
    }
}

/// The application's buffers and their current contents.
pub struct Arenas {
    bytes: [Box<[u8]>; 3],
    generation: [usize; 3],
}

impl fmt::Debug for Arenas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arenas").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Default for Arenas {
    fn default() -> Self {
        let mut arenas =
            Self { bytes: Buf::ALL.map(|_| vec![0; ARENA].into_boxed_slice()), generation: [0; 3] };
        for buf in Buf::ALL {
            arenas.change(buf);
        }
        arenas
    }
}

impl Arenas {
    /// The bytes of `buf` from `offset`, cut to what is there.
    #[must_use]
    pub fn slice(&self, buf: Buf, offset: usize, len: usize) -> &[u8] {
        let start = offset.min(ARENA);
        &self.bytes[buf.index()][start..ARENA.min(start + len)]
    }

    /// Rewrites the contents in place: the same address, other bytes.
    pub fn change(&mut self, buf: Buf) {
        let i = buf.index();
        self.generation[i] += 1;
        let shift = (self.generation[i] * 7919 + i * 2_741) % ARENA;
        self.bytes[i].copy_from_slice(&pattern()[shift..shift + ARENA]);
    }
}

/// The bytes the peer sends: stream position `at` onwards, so that loss and repetition show.
#[must_use]
pub fn peer_bytes(at: usize, len: usize) -> &'static [u8] {
    let start = at % ARENA;
    &pattern()[start..start + len.min(ARENA)]
}

/// A fixed pseudo-random text without short periods.
fn pattern() -> &'static [u8] {
    static PATTERN: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    PATTERN.get_or_init(|| {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        (0..2 * ARENA)
            .map(|_| {
                // xorshift64: good enough for bytes that must differ, and the same on every machine.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()[0]
            })
            .collect()
    })
}
