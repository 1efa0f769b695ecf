#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

mod link;
mod stream;

pub use link::{Halves, Link, Moved, Output, Single};
pub use stream::Stream;
pub use wantls_transport::{EmbeddedError as Error, GivenBack};
