//! A byte stream that is changed on its way.

use std::collections::VecDeque;

/// One change. Positions and lengths are bytes of the stream before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The byte at `at` is combined with `mask` by exclusive or.
    Flip {
        /// Position.
        at: u64,
        /// Bits to turn.
        mask: u8,
    },
    /// Bytes are lost.
    Drop {
        /// Position of the first.
        at: u64,
        /// How many.
        len: u64,
    },
    /// Bytes come twice.
    Repeat {
        /// Position of the first.
        at: u64,
        /// How many.
        len: u64,
    },
    /// Bytes come after the ones behind them.
    Swap {
        /// Position of the first.
        at: u64,
        /// How many are held back.
        first: u64,
        /// How many overtake them.
        second: u64,
    },
}

/// Applies an [`Edit`] to a stream that comes in pieces.
#[derive(Debug)]
pub struct Tamper {
    edit: Edit,
    /// Bytes seen.
    position: u64,
    /// Bytes that come again, or later.
    held: Vec<u8>,
    /// Bytes that have overtaken them.
    passed: Vec<u8>,
    changed: bool,
    ready: VecDeque<u8>,
}

impl Tamper {
    /// A stream with one change.
    #[must_use]
    pub fn new(edit: Edit) -> Self {
        Self {
            edit,
            position: 0,
            held: Vec::new(),
            passed: Vec::new(),
            changed: false,
            ready: VecDeque::new(),
        }
    }

    /// The next bytes of the original.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.feed_byte(*byte);
            self.position += 1;
        }
    }

    /// The original has ended. Returns whether that brings held bytes out.
    pub fn finish(&mut self) -> bool {
        if matches!(self.edit, Edit::Swap { .. }) {
            self.ready.extend(self.held.drain(..));
        }
        !self.ready.is_empty()
    }

    /// Whether the stream differs from the original by now.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// Whether nothing can be taken now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Takes bytes of the changed stream.
    pub fn take(&mut self, out: &mut [u8]) -> usize {
        let n = out.len().min(self.ready.len());
        for (to, from) in out.iter_mut().zip(self.ready.drain(..n)) {
            *to = from;
        }
        n
    }

    fn feed_byte(&mut self, byte: u8) {
        let position = self.position;
        match self.edit {
            Edit::Flip { at, mask } if position == at => {
                self.ready.push_back(byte ^ mask);
                self.changed = mask != 0;
            }
            Edit::Drop { at, len } if (at..at + len).contains(&position) => self.changed = true,
            Edit::Repeat { at, len } if (at..at + len).contains(&position) => {
                self.held.push(byte);
                self.ready.push_back(byte);
                if position + 1 == at + len {
                    self.ready.extend(self.held.drain(..));
                    self.changed = true;
                }
            }
            Edit::Swap { at, first, .. } if (at..at + first).contains(&position) => self.held.push(byte),
            Edit::Swap { at, first, second } if (at + first..at + first + second).contains(&position) => {
                self.passed.push(byte);
                self.ready.push_back(byte);
                if position + 1 == at + first + second {
                    // Zeros behind zeros look the same in any order.
                    self.changed =
                        [&self.held[..], &self.passed].concat() != [&self.passed[..], &self.held].concat();
                    self.ready.extend(self.held.drain(..));
                }
            }
            Edit::Flip { .. } | Edit::Drop { .. } | Edit::Repeat { .. } | Edit::Swap { .. } => {
                self.ready.push_back(byte);
            }
        }
    }
}
