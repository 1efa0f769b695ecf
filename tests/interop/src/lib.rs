//! wantls against other implementations of TLS, against faults of the transport, and for a long time.
//!
//! ```text
//!  case.rs        what is tried: setup and script of each row
//!  config.rs      a setup as a rustls configuration
//!  pki.rs         the certificates, in memory and as files
//!  ports.rs       ports for servers that are not there yet
//!  endpoint.rs    our side of a session, on a socket with a time limit
//!  peers/         the other side: programs, C libraries, rustls
//!    program.rs   a child process that can't outlive its case
//!    heard.rs     what the other side's application received
//!  script.rs      how a session goes
//!  matrix.rs      every case with every peer, as a table
//!  faulty.rs      a transport with faults
//!  tamper.rs      a byte stream that is changed on its way
//!  duel.rs        two ends over faulty transports, with the promises that hold whatever happens
//!  soak.rs        many connections for a long time
//!  loopback.rs    bulk data through the adapters and through rustls's, as ratios
//! ```
#![forbid(unsafe_code)]
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    reason = "this package runs on hosts"
)]

pub mod case;
pub mod config;
pub mod duel;
pub mod endpoint;
pub mod faulty;
pub mod loopback;
pub mod matrix;
pub mod peers;
pub mod pki;
mod ports;
mod random;
mod script;
pub mod soak;
pub mod tamper;

pub use random::Random;

/// What went wrong, for a person to read.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A result whose error is for a person to read.
pub type Result<T> = std::result::Result<T, Error>;
