//! The implementations, each used as its own documentation recommends.

#[cfg(feature = "boring")]
mod boring;
#[cfg(any(feature = "wolfssl", feature = "mbedtls", feature = "gnutls"))]
mod c;
mod identity;
#[cfg(feature = "openssl")]
mod openssl;
mod raw;
mod rustls;
#[cfg(feature = "s2n")]
mod s2n;
#[cfg(any(
    feature = "boring",
    feature = "s2n",
    feature = "wolfssl",
    feature = "mbedtls",
    feature = "gnutls"
))]
mod session;
mod unbuffered;
mod wantls;

use std::cell::Cell;
use std::net::TcpStream;
use std::pin::Pin;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream as TokioSocket;
use wantls_testkit::Suite;

pub(crate) use crate::malloc::buffer;
pub(crate) use identity::KeyKind;

/// An implementation. What it can't do, it answers with `None`.
#[allow(unused_variables, reason = "the names say what an implementation is given")]
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// A connection that seals.
    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        None
    }

    /// A connection that opens.
    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        None
    }

    /// What connections of both sides are made of.
    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        None
    }

    /// An established pair over a BIO pair of `capacity` bytes each way.
    fn bio_pair(&self, suite: Suite, capacity: usize) -> Option<Box<dyn BothWays>> {
        None
    }

    /// An established connection over the two ends of one TCP connection, the client's first; both are nonblocking.
    fn tcp(&self, suite: Suite, ends: (Tcp, Tcp)) -> Option<(Box<dyn Sender>, Box<dyn Receiver>)> {
        None
    }

    /// The same with tokio's sockets: connects when awaited.
    fn tokio(&self, suite: Suite, ends: (TokioSocket, TokioSocket)) -> Option<Connecting> {
        None
    }
}

/// Both ends of a connection that is being made.
pub(crate) type Connecting = Pin<Box<dyn Future<Output = (Box<dyn AsyncStream>, Box<dyn AsyncStream>)>>>;

/// What tokio reads and writes.
pub(crate) trait AsyncStream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncStream for T {}

/// Those that take part.
pub(crate) type Peers<'a> = &'a [&'static dyn Peer];

/// All that are built in.
pub(crate) const ALL: &[&dyn Peer] = &[
    &wantls::Wantls,
    &raw::RawAead,
    &raw::Memcpy,
    &rustls::Rustls,
    &unbuffered::Unbuffered,
    #[cfg(feature = "openssl")]
    &openssl::BioPair,
    #[cfg(feature = "openssl")]
    &openssl::MemoryBio,
    #[cfg(feature = "boring")]
    &boring::Boring,
    #[cfg(feature = "s2n")]
    &s2n::S2n,
    #[cfg(feature = "wolfssl")]
    &c::WOLFSSL,
    #[cfg(feature = "mbedtls")]
    &c::MBEDTLS,
    #[cfg(feature = "gnutls")]
    &c::GNUTLS,
];

/// Peers that this build leaves out, by the feature that brings them in.
pub(crate) const ABSENT: &[&str] = &[
    #[cfg(not(feature = "openssl"))]
    "openssl",
    #[cfg(not(feature = "boring"))]
    "boring",
    #[cfg(not(feature = "s2n"))]
    "s2n",
    #[cfg(not(feature = "wolfssl"))]
    "wolfssl",
    #[cfg(not(feature = "mbedtls"))]
    "mbedtls",
    #[cfg(not(feature = "gnutls"))]
    "gnutls",
];

/// Application data to ciphertext.
pub(crate) trait Seal {
    /// Writes `data`, `times` times; the ciphertext is taken after each write, looked at, and dropped.
    fn seal(&mut self, data: &[u8], times: usize);
}

/// Ciphertext to application data.
pub(crate) trait Open {
    /// Not timed: seals `data`, `times` times, and puts the ciphertext where [`open`](Self::open) begins.
    fn load(&mut self, data: &[u8], times: usize);

    /// Opens all that was loaded; returns the bytes of plaintext.
    fn open(&mut self) -> usize;
}

/// How records come in, and how plaintext goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) feed: Feed,
    pub(crate) give: Give,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// The records are in the incoming buffer already.
    Loaded,
    /// They are copied into it, as much at a time as it takes.
    Received,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Give {
    /// Plaintext is looked at where it is.
    Lent,
    /// It is copied, or opened, into a buffer of the caller.
    Copied,
}

/// What two endpoints have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) suite: Suite,
    pub(crate) key: KeyKind,
    /// Whether the client keeps sessions and takes them up again.
    pub(crate) resume: bool,
}

impl Setup {
    /// Full handshakes with an ECDSA key.
    pub(crate) const fn new(suite: Suite) -> Self {
        Self { suite, key: KeyKind::EcdsaP256, resume: false }
    }

    /// The suite's name in OpenSSL, which others have taken over. Kit suites of TLS 1.2 are for ECDSA keys.
    #[cfg(any(
        feature = "openssl",
        feature = "boring",
        feature = "s2n",
        feature = "wolfssl",
        feature = "mbedtls",
        feature = "gnutls"
    ))]
    fn openssl_name(self) -> String {
        let name = match self.suite {
            Suite::Tls13Aes128 => "TLS_AES_128_GCM_SHA256",
            Suite::Tls13Aes256 => "TLS_AES_256_GCM_SHA384",
            Suite::Tls13Chacha => "TLS_CHACHA20_POLY1305_SHA256",
            Suite::Tls12Aes128 => "ECDHE-ECDSA-AES128-GCM-SHA256",
            Suite::Tls12Aes256 => "ECDHE-ECDSA-AES256-GCM-SHA384",
            Suite::Tls12Chacha => "ECDHE-ECDSA-CHACHA20-POLY1305",
        };
        match self.key {
            KeyKind::EcdsaP256 => name.into(),
            KeyKind::Rsa2048 => name.replace("ECDSA", "RSA"),
        }
    }
}

/// Configs, made once, and connections of them. X25519.
pub(crate) trait Context {
    fn client(&self) -> Box<dyn Endpoint>;
    fn server(&self) -> Box<dyn Endpoint>;
}

/// One side of a connection, with the transport in two vectors: all of `incoming` is taken, and `outgoing` is added
/// to.
pub(crate) trait Endpoint {
    /// Goes on with the handshake; whether it is over.
    fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool;

    /// Seals all of `data`.
    fn write(&mut self, data: &[u8], outgoing: &mut Vec<u8>);

    /// Opens all of `incoming` into the front of `out`, a record at a time; returns the bytes of plaintext.
    fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize;

    /// Whether the handshake took up an earlier session.
    fn resumed(&self) -> bool;

    /// Gives up all the memory that an idle connection can spare, as far as the library has a way to. The connection
    /// is not used again.
    fn park(&mut self) {}
}

/// Two connections that send to each other.
pub(crate) trait BothWays {
    /// Sends `bytes` each way at the same time.
    fn exchange(&mut self, bytes: usize);
}

/// The sending side of a connection on a socket.
pub(crate) trait Sender {
    /// Writes some of `data`; 0: the socket is full.
    fn send(&mut self, data: &[u8]) -> usize;

    /// Sends on what is queued; whether nothing is left.
    fn flush(&mut self) -> bool;
}

/// The receiving side.
pub(crate) trait Receiver {
    /// Reads into `out`; 0: nothing has come.
    fn receive(&mut self, out: &mut [u8]) -> usize;
}

/// A socket that counts the system calls on it.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) socket: TcpStream,
    pub(crate) calls: Rc<Cell<u64>>,
}

impl Tcp {
    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }
}

impl std::io::Read for Tcp {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.count();
        self.socket.read(out)
    }
}

impl std::io::Write for Tcp {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.count();
        self.socket.write(data)
    }

    fn write_vectored(&mut self, slices: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
        self.count();
        self.socket.write_vectored(slices)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The longest plaintext of a record.
const MAX_PLAINTEXT: usize = 1 << 14;

/// Takes `n` bytes off the front of what is still to be received, at the most `space.len()`, as `recv(2)` does.
fn receive(wire: &[u8], position: &mut usize, space: &mut [u8]) -> usize {
    let n = space.len().min(wire.len() - *position);
    space[..n].copy_from_slice(&wire[*position..][..n]);
    *position += n;
    n
}
