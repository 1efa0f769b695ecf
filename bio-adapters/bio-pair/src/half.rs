//! Everything that one half of a pair can do and be asked.

use crate::ring::Ring;
use crate::side::Side;
use crate::{BioError, Capacity, ReadOutcome, Retry, WriteOutcome};

/// One half of a [`Pair`](crate::Pair), borrowed.
///
/// A half reads what the other half writes. Both directions are independent: each has its own capacity and its own
/// end. Every [`read`](Self::read), [`write`](Self::write) and in-place operation of a paired half first clears the
/// half's own retry flag; nothing that the other half does, and no question, touches it.
///
/// The names are those of `BIO_s_bio(3)` without their prefix.
#[derive(Debug)]
pub struct Half<'a> {
    own: &'a mut Side,
    /// `None` while unpaired.
    peer: Option<&'a mut Side>,
}

impl<'a> Half<'a> {
    pub(crate) fn new(own: &'a mut Side, peer: Option<&'a mut Side>) -> Self {
        let peer = peer.filter(|_| own.paired);
        Self { own, peer }
    }

    /// Moves up to `out.len()` bytes that the other half has written into `out` (`BIO_read`).
    ///
    /// If nothing is there, the length of `out` becomes the other half's [`read_request`](Self::read_request);
    /// otherwise that request is reset. An empty `out` gets `Bytes(0)`.
    ///
    /// # Errors
    /// [`BioError::Uninitialized`] if the half is not paired; the retry flag then stays as it was.
    pub fn read(&mut self, out: &mut [u8]) -> Result<ReadOutcome, BioError> {
        Ok(self.source(out.len())?.map(|ring| ring.read(out)))
    }

    /// Stores as many bytes of `data` as there is room for (`BIO_write`). A short write is a success and sets no
    /// retry flag; only a full ring blocks. Resets this half's [`read_request`](Self::read_request).
    ///
    /// Empty `data` gets `Bytes(0)` from any paired half, and leaves the request as it is.
    ///
    /// # Errors
    /// [`BioError::BrokenPipe`] after [`shutdown_wr`](Self::shutdown_wr); [`BioError::Uninitialized`] if the half is
    /// not paired, and the retry flag then stays as it was.
    pub fn write(&mut self, data: &[u8]) -> Result<WriteOutcome, BioError> {
        Ok(self.sink(data.len())?.map(|ring| ring.write(data)))
    }

    /// The oldest unread bytes in place, as far as they lie in one piece (`BIO_nread0`). Give them up with
    /// [`consume`](Self::consume). Where they wrap around the ring's end, the rest comes with the next call.
    ///
    /// Sets flags and the request as a [`read`](Self::read) of one byte would.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn readable(&mut self) -> Result<ReadOutcome<&[u8]>, BioError> {
        Ok(self.source(1)?.map(|ring| ring.filled()))
    }

    /// Gives up the first `n` bytes of [`readable`](Self::readable), or all of them if they are fewer, and says how
    /// many (`BIO_nread`).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn consume(&mut self, n: usize) -> Result<ReadOutcome, BioError> {
        Ok(self.source(1)?.map(|ring| ring.consume(n)))
    }

    /// Room to write into in place, as far as it lies in one piece (`BIO_nwrite0`). What it contains is old. Make the
    /// other half see it with [`commit`](Self::commit). Filling all of [`write_guarantee`](Self::write_guarantee)
    /// can take two rounds, because the room may wrap around the ring's end.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn writable(&mut self) -> Result<WriteOutcome<&mut [u8]>, BioError> {
        Ok(self.sink(1)?.map(Ring::free))
    }

    /// Takes the first `n` bytes of [`writable`](Self::writable) as written, or all of them if they are fewer, and
    /// says how many (`BIO_nwrite`).
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn commit(&mut self, n: usize) -> Result<WriteOutcome, BioError> {
        Ok(self.sink(1)?.map(|ring| ring.commit(n)))
    }

    /// Bytes that this half can read now (`BIO_ctrl_pending`).
    #[must_use]
    pub fn pending(&self) -> usize {
        self.peer.as_ref().map_or(0, |peer| peer.ring.len())
    }

    /// Bytes that this half has written and the other has not read (`BIO_ctrl_wpending`).
    #[must_use]
    pub fn wpending(&self) -> usize {
        self.own.ring.len()
    }

    /// Bytes that the next [`write`](Self::write) takes for certain: the room, or 0 if this half is unpaired or has
    /// ended its direction (`BIO_ctrl_get_write_guarantee`).
    #[must_use]
    pub fn write_guarantee(&self) -> usize {
        if self.peer.is_none() || self.own.closed { 0 } else { self.own.ring.room() }
    }

    /// Bytes that the other half asked for in its last read, if that found nothing; at most this half's
    /// [`capacity`](Self::capacity) (`BIO_ctrl_get_read_request`).
    ///
    /// Each failed read replaces it. Any later read of the other half resets it, any write attempt of this half,
    /// [`reset_read_request`](Self::reset_read_request), and a new pairing.
    #[must_use]
    pub fn read_request(&self) -> usize {
        self.own.request
    }

    /// Sets [`read_request`](Self::read_request) to 0 (`BIO_ctrl_reset_read_request`), for instance after the other
    /// half has only been probed.
    pub fn reset_read_request(&mut self) {
        self.own.request = 0;
    }

    /// Ends this half's direction (`BIO_shutdown_wr`). The other half still reads what is stored, and then
    /// [`ReadOutcome::Eof`]. The reverse direction goes on. Can be repeated.
    pub fn shutdown_wr(&mut self) {
        self.own.closed = true;
    }

    /// Whether reading is over for this half: the other one has ended its direction and nothing is left, or the half
    /// is unpaired (`BIO_eof`).
    #[must_use]
    pub fn eof(&self) -> bool {
        self.peer.as_ref().is_none_or(|peer| peer.closed && peer.ring.len() == 0)
    }

    /// Discards what this half has written and the other has not read (`BIO_reset`). A shutdown and the read request
    /// stay.
    pub fn reset(&mut self) {
        self.own.ring.clear();
    }

    /// The operation of this half that blocked last, unless a later one did not (`BIO_should_retry`,
    /// `BIO_retry_type`).
    #[must_use]
    pub fn retry(&self) -> Option<Retry> {
        self.own.retry
    }

    /// Size of the ring that this half writes into (`BIO_get_write_buf_size`).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.ring.capacity()
    }

    /// Whether there is another half.
    #[must_use]
    pub fn is_paired(&self) -> bool {
        self.peer.is_some()
    }

    /// Gives this half a ring of another size (`BIO_set_write_buf_size`). Only the unpaired can be resized.
    ///
    /// # Errors
    /// [`BioError::InUse`] while paired.
    pub fn set_write_buf_size(&mut self, capacity: Capacity) -> Result<(), BioError> {
        if self.is_paired() {
            return Err(BioError::InUse);
        }
        if self.capacity() != capacity.get() {
            self.own.ring = Ring::new(capacity);
        }
        Ok(())
    }

    /// Unpairs both halves and discards the unread bytes of both directions (`BIO_destroy_bio_pair`).
    /// Does nothing if they are unpaired.
    pub fn destroy(&mut self) {
        if let Some(peer) = self.peer.take() {
            peer.unpair();
            self.own.unpair();
        }
    }

    /// Starts a read of `wanted` bytes: the ring to take them from, or why there is nothing to take.
    fn source(&mut self, wanted: usize) -> Result<ReadOutcome<&mut Ring>, BioError> {
        let peer = self.peer.as_deref_mut().ok_or(BioError::Uninitialized)?;
        self.own.retry = None;
        peer.request = 0;
        if wanted == 0 || peer.ring.len() > 0 {
            return Ok(ReadOutcome::Bytes(&mut peer.ring));
        }
        if peer.closed {
            return Ok(ReadOutcome::Eof);
        }
        self.own.retry = Some(Retry::Read);
        // More than the ring holds can't come in one write.
        peer.request = wanted.min(peer.ring.capacity());
        Ok(ReadOutcome::WouldBlock)
    }

    /// Starts a write of `offered` bytes: the ring to put them into, or why there is no room.
    fn sink(&mut self, offered: usize) -> Result<WriteOutcome<&mut Ring>, BioError> {
        if self.peer.is_none() {
            return Err(BioError::Uninitialized);
        }
        self.own.retry = None;
        if offered == 0 {
            return Ok(WriteOutcome::Bytes(&mut self.own.ring));
        }
        self.own.request = 0;
        if self.own.closed {
            return Err(BioError::BrokenPipe);
        }
        if self.own.ring.room() == 0 {
            self.own.retry = Some(Retry::Write);
            return Ok(WriteOutcome::WouldBlock);
        }
        Ok(WriteOutcome::Bytes(&mut self.own.ring))
    }
}
