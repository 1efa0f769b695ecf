//! What belongs to one half: the ring it writes into, and what is known of that direction.

use crate::ring::Ring;
use crate::{BioError, Capacity, Retry};

#[derive(Debug)]
pub(crate) struct Side {
    /// What this half writes and the other reads.
    pub(crate) ring: Ring,
    /// This half will write no more.
    pub(crate) closed: bool,
    /// How many bytes the other half asked for in vain.
    pub(crate) request: usize,
    /// Which of this half's own operations blocked last.
    pub(crate) retry: Option<Retry>,
    /// Both sides of a pair agree on this.
    pub(crate) paired: bool,
}

impl Side {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self { ring: Ring::new(capacity), closed: false, request: 0, retry: None, paired: false }
    }

    fn open(&mut self) {
        self.closed = false;
        self.request = 0;
        self.paired = true;
    }

    /// The closed mark and the request stay until the side is paired again, as in OpenSSL.
    pub(crate) fn unpair(&mut self) {
        self.ring.clear();
        self.paired = false;
    }
}

/// Pairs two sides (`BIO_make_bio_pair`); refused while either is paired. Retry flags stay, as in OpenSSL.
pub(crate) fn join(a: &mut Side, b: &mut Side) -> Result<(), BioError> {
    if a.paired || b.paired {
        return Err(BioError::InUse);
    }
    a.open();
    b.open();
    Ok(())
}
