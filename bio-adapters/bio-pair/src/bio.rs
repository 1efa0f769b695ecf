//! One half as a value of its own.

use alloc::rc::Rc;
use core::cell::RefCell;

use crate::side::{self, Side};
use crate::{BioError, Capacity, Half, ReadOutcome, Retry, WriteOutcome};

/// One half of a pair, for two ends that live in different places of one thread.
///
/// Does what [`Half`] does, except in place. Dropping a half unpairs the other one and discards the unread bytes of
/// both directions (`BIO_free`); use [`shutdown_wr`](Self::shutdown_wr) first, and keep the half, to let the other
/// read to the end.
#[derive(Debug)]
pub struct Bio {
    own: Rc<RefCell<Side>>,
    /// The last partner. It is the present one only while `own` is marked as paired.
    peer: Option<Rc<RefCell<Side>>>,
}

impl Bio {
    /// An unpaired half that will write into a ring of `capacity` bytes (`BIO_new(BIO_s_bio())`).
    #[must_use]
    pub fn new(capacity: Capacity) -> Self {
        Self { own: Rc::new(RefCell::new(Side::new(capacity))), peer: None }
    }

    /// Two connected halves: the first writes into a ring of `a_to_b` bytes, the second into one of `b_to_a`
    /// (`BIO_new_bio_pair`).
    #[must_use]
    pub fn pair(a_to_b: Capacity, b_to_a: Capacity) -> (Self, Self) {
        let (mut a, mut b) = (Self::new(a_to_b), Self::new(b_to_a));
        // Can't be refused: both are new.
        let _ = a.make_pair(&mut b);
        (a, b)
    }

    /// Connects two unpaired halves, from one former pair or from two (`BIO_make_bio_pair`). Both directions are open
    /// and empty, read requests are 0, retry flags stay.
    ///
    /// # Errors
    /// [`BioError::InUse`] if either is paired.
    pub fn make_pair(&mut self, other: &mut Self) -> Result<(), BioError> {
        side::join(&mut self.own.borrow_mut(), &mut other.own.borrow_mut())?;
        self.peer = Some(Rc::clone(&other.own));
        other.peer = Some(Rc::clone(&self.own));
        Ok(())
    }

    /// Reads what the other half has written: [`Half::read`].
    ///
    /// # Errors
    /// [`BioError::Uninitialized`] if the half is not paired.
    pub fn read(&mut self, out: &mut [u8]) -> Result<ReadOutcome, BioError> {
        self.half(|mut half| half.read(out))
    }

    /// Writes as much as there is room for: [`Half::write`].
    ///
    /// # Errors
    /// [`BioError::BrokenPipe`] after [`shutdown_wr`](Self::shutdown_wr), [`BioError::Uninitialized`] if the half is
    /// not paired.
    pub fn write(&mut self, data: &[u8]) -> Result<WriteOutcome, BioError> {
        self.half(|mut half| half.write(data))
    }

    /// Bytes that this half can read now: [`Half::pending`].
    #[must_use]
    pub fn pending(&self) -> usize {
        self.half(|half| half.pending())
    }

    /// Bytes that this half has written and the other has not read: [`Half::wpending`].
    #[must_use]
    pub fn wpending(&self) -> usize {
        self.half(|half| half.wpending())
    }

    /// Bytes that the next write takes for certain: [`Half::write_guarantee`].
    #[must_use]
    pub fn write_guarantee(&self) -> usize {
        self.half(|half| half.write_guarantee())
    }

    /// Bytes that the other half last asked for in vain: [`Half::read_request`].
    #[must_use]
    pub fn read_request(&self) -> usize {
        self.half(|half| half.read_request())
    }

    /// Sets the read request to 0: [`Half::reset_read_request`].
    pub fn reset_read_request(&mut self) {
        self.half(|mut half| half.reset_read_request());
    }

    /// Ends this half's direction: [`Half::shutdown_wr`].
    pub fn shutdown_wr(&mut self) {
        self.half(|mut half| half.shutdown_wr());
    }

    /// Whether reading is over for this half: [`Half::eof`].
    #[must_use]
    pub fn eof(&self) -> bool {
        self.half(|half| half.eof())
    }

    /// Discards what this half has written and the other has not read: [`Half::reset`].
    pub fn reset(&mut self) {
        self.half(|mut half| half.reset());
    }

    /// The operation of this half that blocked last: [`Half::retry`].
    #[must_use]
    pub fn retry(&self) -> Option<Retry> {
        self.half(|half| half.retry())
    }

    /// Size of the ring that this half writes into: [`Half::capacity`].
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.half(|half| half.capacity())
    }

    /// Whether there is another half: [`Half::is_paired`].
    #[must_use]
    pub fn is_paired(&self) -> bool {
        self.half(|half| half.is_paired())
    }

    /// Gives this half a ring of another size: [`Half::set_write_buf_size`].
    ///
    /// # Errors
    /// [`BioError::InUse`] while paired.
    pub fn set_write_buf_size(&mut self, capacity: Capacity) -> Result<(), BioError> {
        self.half(|mut half| half.set_write_buf_size(capacity))
    }

    /// Unpairs both halves and discards the unread bytes of both directions: [`Half::destroy`].
    pub fn destroy(&mut self) {
        self.half(|mut half| half.destroy());
    }

    /// The cells are borrowed only while `f` runs, and `f` is never the caller's code: no borrow can fail.
    fn half<R>(&self, f: impl FnOnce(Half<'_>) -> R) -> R {
        let mut own = self.own.borrow_mut();
        let mut peer = self.peer.as_ref().map(|peer| peer.borrow_mut());
        f(Half::new(&mut own, peer.as_deref_mut()))
    }
}

impl Drop for Bio {
    fn drop(&mut self) {
        self.destroy();
    }
}
