#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(unix, windows))]
mod file_error;
#[cfg(feature = "mio")]
mod for_mio;
#[cfg(feature = "polling")]
mod for_polling;
mod stream;

#[cfg(any(unix, windows))]
pub use file_error::FileError;
#[cfg(feature = "mio")]
pub use for_mio::mio_interest;
#[cfg(feature = "polling")]
pub use for_polling::polling_event;
pub use stream::{Error, Stream};
