//! Both halves in one value.

use crate::side::{self, Side};
use crate::{BioError, Capacity, Half};

/// Two halves, `a` and `b`, owned together and lent one at a time.
///
/// Plain data without a lock or a reference count, so it is `Send` and `Sync`, and a half can show its bytes in
/// place ([`Half::readable`], [`Half::writable`]). For two ends that must live apart there is [`Bio`](crate::Bio).
#[derive(Debug)]
pub struct Pair {
    a: Side,
    b: Side,
}

impl Pair {
    /// Two connected halves: `a` writes into a ring of `a_to_b` bytes, `b` into one of `b_to_a`
    /// (`BIO_new_bio_pair`).
    #[must_use]
    pub fn new(a_to_b: Capacity, b_to_a: Capacity) -> Self {
        let mut pair = Self { a: Side::new(a_to_b), b: Side::new(b_to_a) };
        // Can't be refused: both are new.
        let _ = pair.make_pair();
        pair
    }

    /// The half `a`.
    pub fn a(&mut self) -> Half<'_> {
        Half::new(&mut self.a, Some(&mut self.b))
    }

    /// The half `b`.
    pub fn b(&mut self) -> Half<'_> {
        Half::new(&mut self.b, Some(&mut self.a))
    }

    /// Connects the halves again after [`Half::destroy`] (`BIO_make_bio_pair`). Both directions are open and empty,
    /// read requests are 0, retry flags stay.
    ///
    /// # Errors
    /// [`BioError::InUse`] while they are connected.
    pub fn make_pair(&mut self) -> Result<(), BioError> {
        side::join(&mut self.a, &mut self.b)
    }
}

/// Both directions of [`Capacity::DEFAULT`].
impl Default for Pair {
    fn default() -> Self {
        Self::new(Capacity::DEFAULT, Capacity::DEFAULT)
    }
}
