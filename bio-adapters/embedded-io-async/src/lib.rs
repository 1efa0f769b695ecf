#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// no_std can't rot: what core or alloc has is taken from there.
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

mod link;
mod stream;

pub use link::{Halves, Link, Moved, Output, Single};
pub use stream::Stream;
pub use wantls_transport::{EmbeddedError as Error, GivenBack};
