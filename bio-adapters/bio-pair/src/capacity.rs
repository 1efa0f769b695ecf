//! How many bytes one direction holds.

use core::num::NonZeroUsize;

use crate::BioError;

/// The size of one direction's ring in bytes, 1 upwards (`BIO_set_write_buf_size`).
///
/// The ring is allocated as a whole when a half is made or resized; nothing is allocated after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capacity(NonZeroUsize);

impl Capacity {
    /// 17408 bytes (17 KiB): room for one TLS record of any kind. What `BIO_s_bio` uses if nobody says otherwise.
    pub const DEFAULT: Self = match NonZeroUsize::new(17 * 1024) {
        Some(bytes) => Self(bytes),
        None => Self(NonZeroUsize::MIN),
    };

    /// A capacity of `bytes`.
    ///
    /// # Errors
    /// [`BioError::InvalidArgument`] if `bytes` is 0, as `BIO_set_write_buf_size` answers it.
    pub const fn new(bytes: usize) -> Result<Self, BioError> {
        match NonZeroUsize::new(bytes) {
            Some(bytes) => Ok(Self(bytes)),
            None => Err(BioError::InvalidArgument),
        }
    }

    /// A capacity of `bytes`, or [`Capacity::DEFAULT`] if that is 0, as `BIO_new_bio_pair` takes its arguments.
    #[must_use]
    pub const fn or_default(bytes: usize) -> Self {
        match NonZeroUsize::new(bytes) {
            Some(bytes) => Self(bytes),
            None => Self::DEFAULT,
        }
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl From<NonZeroUsize> for Capacity {
    fn from(bytes: NonZeroUsize) -> Self {
        Self(bytes)
    }
}
