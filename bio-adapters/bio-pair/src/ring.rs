//! A ring of bytes of fixed size. It knows nothing of halves.

use alloc::boxed::Box;
use alloc::vec;
use core::fmt;

use crate::Capacity;

pub(crate) struct Ring {
    storage: Box<[u8]>,
    /// Where the oldest byte is; 0 whenever the ring is empty, so that an empty ring offers its room in one piece.
    start: usize,
    len: usize,
}

impl Ring {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self { storage: vec![0; capacity.get()].into_boxed_slice(), start: 0, len: 0 }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.storage.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity() - self.len
    }

    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.len = 0;
    }

    /// The oldest bytes, as far as they lie in one piece.
    pub(crate) fn filled(&self) -> &[u8] {
        let end = self.capacity().min(self.start + self.len);
        &self.storage[self.start..end]
    }

    /// The next room, as far as it lies in one piece.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        let (start, end) = self.free_range();
        &mut self.storage[start..end]
    }

    fn free_range(&self) -> (usize, usize) {
        let end = self.start + self.len;
        match end.checked_sub(self.capacity()) {
            Some(wrapped) => (wrapped, self.start),
            None => (end, self.capacity()),
        }
    }

    /// Gives up the first `n` bytes of [`Ring::filled`], or all of it if that is less. Returns how many.
    pub(crate) fn consume(&mut self, n: usize) -> usize {
        let n = n.min(self.filled().len());
        self.len -= n;
        self.start += n;
        if self.len == 0 || self.start == self.capacity() {
            self.start = 0;
        }
        n
    }

    /// Takes the first `n` bytes of [`Ring::free`] as written, or all of it if that is less. Returns how many.
    pub(crate) fn commit(&mut self, n: usize) -> usize {
        let (start, end) = self.free_range();
        let n = n.min(end - start);
        self.len += n;
        n
    }

    /// Moves the oldest bytes to `out`, across the wrap. Returns how many.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> usize {
        let first = self.read_piece(out);
        first + self.read_piece(&mut out[first..])
    }

    fn read_piece(&mut self, out: &mut [u8]) -> usize {
        let piece = self.filled();
        let n = piece.len().min(out.len());
        out[..n].copy_from_slice(&piece[..n]);
        self.consume(n)
    }

    /// Stores the first bytes of `data` that fit, across the wrap. Returns how many.
    pub(crate) fn write(&mut self, data: &[u8]) -> usize {
        let first = self.write_piece(data);
        first + self.write_piece(&data[first..])
    }

    fn write_piece(&mut self, data: &[u8]) -> usize {
        let piece = self.free();
        let n = piece.len().min(data.len());
        piece[..n].copy_from_slice(&data[..n]);
        self.commit(n)
    }
}

/// Without the bytes: they may be plaintext, and are many.
impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("capacity", &self.capacity())
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
