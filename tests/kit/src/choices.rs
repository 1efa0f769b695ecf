//! Bytes as decisions: what proptest and libFuzzer make, and what a committed corpus replays.

/// Decisions, taken from bytes one after the other. Behind the end everything is 0.
#[derive(Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Decisions from `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next byte, if there is one.
    pub fn try_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// The next byte, or 0.
    pub fn byte(&mut self) -> u8 {
        self.try_byte().unwrap_or(0)
    }

    /// One of `table`.
    ///
    /// # Panics
    /// If `table` is empty.
    pub fn one_of<T: Copy>(&mut self, table: &[T]) -> T {
        table[usize::from(self.byte()) % table.len()]
    }

    /// A size: every small one, and up to about 20000 bytes.
    pub fn size(&mut self) -> usize {
        match self.byte() {
            small @ 0..192 => usize::from(small),
            large => usize::from(large - 191) * 313,
        }
    }

    /// The next `n` bytes, or what is left.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(n.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }
}

/// Prints what replays a run if the run panics.
pub(crate) struct Replay<'a> {
    pub(crate) driver: &'static str,
    pub(crate) bytes: &'a [u8],
}

impl Drop for Replay<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.bytes.iter().map(|b| format!("{b:02x}")).collect();
            std::eprintln!(
                "replay with: WANTLS_REPLAY={}:{hex} cargo test -p wantls-behaviours replay",
                self.driver
            );
        }
    }
}
