//! wantls
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
pub mod crypto;
pub mod error;
pub mod record;
pub mod step;
pub use error::*;
pub use step::*;
