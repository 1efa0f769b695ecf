//! wantls
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
pub mod error;
pub mod step;
pub mod record;
pub mod crypto;
pub use error::*;
pub use step::*;
