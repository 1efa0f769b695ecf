#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]

mod crypto_info;
mod hand_over;
mod socket;
mod stream;
mod sys;

pub use crypto_info::{CryptoInfo, Direction};
pub use hand_over::{HandOverError, Refused, hand_over};
pub use socket::Socket;
pub use stream::Stream;
