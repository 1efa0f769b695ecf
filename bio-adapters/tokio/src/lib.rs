#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod connect;
mod polled;
mod stream;
mod wakers;

pub use connect::{TlsAcceptor, TlsConnector};
pub use stream::TlsStream;
