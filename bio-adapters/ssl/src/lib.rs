#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! ```text
//!  context.rs      SslContext: what connections are made from                    SSL_CTX
//!  ssl.rs          Ssl: roles, settings, questions                               SSL
//!    engine.rs     the handshake, and what has to leave before anything else     SSL_do_handshake
//!    write.rs      SSL_write, _ex, _ex2
//!    sendfile.rs   SSL_sendfile
//!    read.rs       SSL_read, SSL_peek, and their _ex forms
//!    shutdown.rs   SSL_shutdown and its flags
//!    key_update.rs SSL_key_update
//!    failure.rs    what the last call failed with                                SSL_get_error
//!  link.rs         the transport, and whether its last operation has to be repeated
//!  codes.rs reason.rs   the numbers
//!  differences.rs  where this is not OpenSSL, and why
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod codes;
mod context;
mod differences;
mod engine;
mod failure;
mod key_update;
mod link;
mod read;
mod reason;
#[cfg(all(feature = "std", any(unix, windows)))]
mod sendfile;
mod shutdown;
mod ssl;
mod write;

pub use codes::{ErrorCode, KeyUpdateType, Mode, ShutdownState, UnknownNumber, Wanting};
pub use context::SslContext;
pub use differences::{DIFFERENCES, Difference};
pub use failure::Failure;
pub use reason::Reason;
pub use ssl::Ssl;
pub use write::WRITE_FLAG_CONCLUDE;
