#![doc = include_str!("../README.md")]
//!
//! # The layers
//!
//! ```text
//!   QuotaBio ──▶ Bio ──┐
//!                      ├──▶ Half ──▶ Side: closed, read request, retry flag ──▶ Ring: the bytes
//!               Pair ──┘
//! ```
#![no_std]
#![forbid(unsafe_code)]
// no_std can't rot: what core or alloc has is taken from there.
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

extern crate alloc;

mod bio;
mod capacity;
pub mod compat;
mod error;
mod half;
mod outcome;
mod pair;
mod quota;
mod ring;
mod side;
#[cfg(feature = "transport")]
mod transport;

pub use bio::Bio;
pub use capacity::Capacity;
pub use error::BioError;
pub use half::Half;
pub use outcome::{ReadOutcome, Retry, WriteOutcome};
pub use pair::Pair;
pub use quota::QuotaBio;
