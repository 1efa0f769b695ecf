//! The other side: programs, C libraries, and rustls in threads of our own.

mod c;
mod curl;
mod foreign;
mod gnutls;
mod heard;
mod openssl;
mod program;
mod rustls;
mod tokio;
mod worker;

use std::time::Duration;

use wantls::Role;

use crate::Result;
use crate::case::Case;
use crate::pki::Pki;

/// How long anything may take that takes no time where all is well.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// An implementation of TLS to talk to.
pub trait Peer: Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Its version.
    ///
    /// # Errors
    /// It is missing: what has to be installed.
    fn version(&self) -> Result<String>;

    /// Why it can't take part in a case where we have the role `ours`, if it can't.
    fn lacks(&self, ours: Role, case: &Case) -> Option<&'static str>;

    /// What it does differently from what the protocol asks for.
    fn habits(&self) -> Habits {
        Habits::GOOD
    }

    /// Starts it as a server on a loopback port.
    ///
    /// # Errors
    /// It does not start.
    fn serve(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>>;

    /// Starts it as a client of a loopback port.
    ///
    /// # Errors
    /// It does not start.
    fn connect(&self, port: u16, case: &Case, pki: &Pki) -> Result<Box<dyn Talker>>;
}

/// What a peer does, or does not, as the protocol asks for. Where it does not, our side is expected to cope.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// As a client it answers our close_notify with its own (RFC 8446 section 6.1).
    pub client_answers_close: bool,
    /// It takes TLS 1.3 tickets with a nonce of 32 bytes, as rustls makes them (255 are legal: RFC 8446 section 4.6.1).
    pub takes_tickets: bool,
    /// It sends an alert whenever it refuses a handshake (RFC 8446 section 6.2).
    pub alerts: bool,
}

impl Habits {
    /// Nothing differently.
    pub const GOOD: Self = Self { client_answers_close: true, takes_tickets: true, alerts: true };
}

/// How the application above a peer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It says what it is told, and tells what it hears.
    Bridge,
    /// It says what it hears.
    Echo,
    /// It posts one chunk to a web server, and tells the answer.
    Http,
}

/// The application above a running peer.
pub trait Talker {
    /// How it behaves.
    fn manner(&self) -> Manner;

    /// Has it send bytes.
    ///
    /// # Errors
    /// It has ended.
    fn say(&mut self, bytes: &[u8]) -> Result<()>;

    /// Waits until it has received exactly these bytes next.
    ///
    /// # Errors
    /// It received others, or none in time.
    fn hear(&mut self, expected: &[u8]) -> Result<()>;

    /// Has it send close_notify.
    ///
    /// # Errors
    /// It has ended.
    fn close(&mut self) -> Result<()>;

    /// Has it vanish without a word.
    ///
    /// # Errors
    /// It does not go.
    fn abort(&mut self) -> Result<()>;

    /// Has it change its key.
    ///
    /// # Errors
    /// It has ended.
    fn update_key(&mut self) -> Result<()>;

    /// Has it end its session as a client, and begin another that resumes it.
    ///
    /// # Errors
    /// It has ended.
    fn again(&mut self) -> Result<()>;

    /// Waits until it has noticed that the session is over.
    ///
    /// # Errors
    /// It has not, in time.
    fn wait_end(&mut self) -> Result<()>;

    /// What it says about itself.
    fn log(&self) -> String;
}

/// Every peer.
#[must_use]
pub fn peers() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(openssl::OpenSsl),
        Box::new(gnutls::GnuTls),
        Box::new(curl::Curl),
        Box::new(c::Library::mbedtls()),
        Box::new(c::Library::wolfssl()),
        Box::new(rustls::Rustls),
        Box::new(tokio::TokioRustls),
    ]
}
