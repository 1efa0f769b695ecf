//! TLS that tells you what it wants.
//!
//! wantls is a TLS 1.3 and 1.2 connection as a state machine. It does no I/O, has no clock and draws no randomness
//! of its own. It takes plaintext and gives records, takes records and gives plaintext, and says at every call
//! whether it is done or wants the transport to read or to write. Its retry semantics are those of `SSL_write(3)`
//! and its family, without the traps.
//!
//! ```text
//!            application edge                                    transport edge
//!                                  ┌──────────────────────┐
//!  write(&[u8]) ───────────────▶   │                      │  ──▶ tls_out().bytes()  / consume(n)
//!  read / fill_buf+consume  ◀────  │      Connection      │
//!  handshake, shutdown,            │   (no I/O, no clock, │  ◀── tls_in().space()   / commit(n)
//!  key_update                      │    no randomness)    │      tls_in_eof()
//!                                  └──────────────────────┘
//!     Result<Step<T>, Error>        Step::Done(T) | Step::Want(Read | Write)
//! ```
//!
//! # Where things are
//!
//! ```text
//!  context.rs          ClientContext, ServerContext: a config checked once    (SSL_CTX)
//!  connection.rs       Connection: grants, questions                          (SSL)
//!    write.rs          application data ─▶ records      WriteMode
//!    plain_out.rs      application data that is produced where it is sealed
//!    write_op.rs       one write that can't be retried wrongly
//!    read.rs           records ─▶ application data
//!    shutdown.rs       closing
//!    alert.rs          alerts both ways; how a connection fails
//!    post_handshake.rs KeyUpdate, tickets, requests to renegotiate
//!  parked.rs           an idle connection without its buffers
//!  offload.rs          its keys for the kernel, or a network card
//!  phase.rs            every state and every transition
//!  step.rs error.rs    what a call answers; who has to act
//!  buffers.rs          tls_in, tls_out and their smallest sizes
//!  traffic.rs          the keys of an established connection
//!  record/             header, seal, open, and the AEAD traits
//!  crypto/             AEADs of aws-lc-rs, ring and RustCrypto
//!  handshake/          the seam to the engine; rustls.rs is the engine
//! ```
//!
//! # Limits
//!
//! `alloc` and atomic compare-and-swap are needed (rustls needs them). There is no renegotiation: a request for it is
//! answered with a no_renegotiation warning and the connection goes on, unless [`Renegotiation`] says otherwise.
//! There is no 0-RTT. The handshake allocates; after it, only KeyUpdates and tickets do.
#![no_std]
#![forbid(unsafe_code)]
// no_std can't rot: what core or alloc has is taken from there.
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod buffers;
pub mod crypto;

mod alert;
mod connection;
mod context;
mod error;
mod handshake;
mod offload;
mod parked;
mod phase;
mod plain_out;
mod post_handshake;
mod read;
mod record;
mod shutdown;
mod step;
mod traffic;
mod write;
mod write_op;

pub use rustls;

pub use buffers::Buffers;
pub use connection::{Connection, EofPolicy, Pending, Renegotiation, Role, TlsIn, TlsOut};
pub use context::{ClientContext, DEFAULT_MAX_TICKET, ServerContext};
pub use error::{BuildError, Error, ProtocolError, RetryFault, Usage};
pub use handshake::{Exported, Exporter, MAX_EXPORT, Session};
pub use offload::{Control, Incoming, Offload, TrafficKey};
pub use parked::Parked;
pub use phase::Phase;
pub use plain_out::PlainOut;
pub use record::Version;
pub use record::aead::{Aead, AeadError, Algorithm, NONCE_LEN, RecordCrypto, TAG_LEN};
pub use step::{Interest, Received, Shutdown, Step, Want};
pub use write::WriteMode;
pub use write_op::WriteOp;
