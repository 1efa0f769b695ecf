#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod duplex;
#[cfg(feature = "embedded-io")]
pub mod embedded;
mod given_back;
#[cfg(feature = "std")]
mod split;
#[cfg(feature = "std")]
mod stream;
#[cfg(all(feature = "std", feature = "embedded-io"))]
mod stream_embedded;

#[cfg(feature = "std")]
pub use duplex::Duplex;
pub use given_back::GivenBack;
#[cfg(feature = "std")]
pub use split::{ReadHalf, Split, WriteHalf};
#[cfg(feature = "std")]
pub use stream::Stream;
