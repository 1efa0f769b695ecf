#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// no_std can't rot: what core or alloc has is taken from there.
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

#[cfg(feature = "std")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod duplex;
#[cfg(feature = "embedded-io")]
pub mod embedded;
#[cfg(feature = "std")]
mod split;
#[cfg(feature = "std")]
mod stream;
#[cfg(all(feature = "std", feature = "embedded-io"))]
mod stream_embedded;
#[cfg(feature = "std")]
mod sync;

#[cfg(feature = "std")]
pub use duplex::Duplex;
#[cfg(feature = "std")]
pub use split::{ReadHalf, Split, WriteHalf};
#[cfg(feature = "std")]
pub use stream::Stream;
pub use wantls_transport::GivenBack;
