//! What the tests of wantls share: certificates, contexts, and pairs of connections over the shipped BIO pair.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it expects, and all the rest is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]

mod certs;
mod checked;
mod choices;
mod contexts;
mod link;
pub mod raw;
mod recorder;
pub mod records;
pub mod schedule;
pub mod toy;
mod wire;

pub use certs::{Certs, certs};
pub use checked::Checked;
pub use choices::Choices;
pub use contexts::{Suite, client, client_config, server, server_config};
pub use link::Link;
pub use raw::RawPeer;
pub use recorder::Recorder;
pub use wire::{Wire, loopback, noise};

use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, ClientContext, Connection, ServerContext};

/// A connection with its buffers on the heap.
pub type Tls = Connection<Box<[u8]>>;

/// The server name that the certificates are for.
pub const NAME: &str = "localhost";

/// A client connection with buffers of the usual sizes.
#[must_use]
pub fn connect(context: &ClientContext) -> Tls {
    connect_with(context, Buffers::heap())
}

/// A client connection with the given buffers.
#[must_use]
pub fn connect_with(context: &ClientContext, buffers: Buffers<Box<[u8]>>) -> Tls {
    context.connect(ServerName::try_from(NAME).unwrap(), buffers).unwrap()
}

/// A server connection with buffers of the usual sizes.
#[must_use]
pub fn accept(context: &ServerContext) -> Tls {
    accept_with(context, Buffers::heap())
}

/// A server connection with the given buffers.
#[must_use]
pub fn accept_with(context: &ServerContext, buffers: Buffers<Box<[u8]>>) -> Tls {
    context.accept(buffers).unwrap()
}

/// Moves what `from` has queued to `to`, as far as `to` has space. Returns the bytes moved.
pub fn carry(from: &mut Tls, to: &mut Tls) -> usize {
    let mut moved = 0;
    loop {
        let out = from.tls_out();
        let mut grant = to.tls_in();
        let space = grant.space();
        let n = out.bytes().len().min(space.len());
        if n == 0 {
            return moved;
        }
        space[..n].copy_from_slice(&out.bytes()[..n]);
        grant.commit(n).unwrap();
        out.consume(n).unwrap();
        moved += n;
    }
}

/// Runs both handshakes to their end and empties both outputs.
///
/// # Panics
/// If the handshake fails or does not end.
pub fn handshake(client: &mut Tls, server: &mut Tls) {
    for _ in 0..100 {
        let done = (client.handshake().unwrap().done(), server.handshake().unwrap().done());
        let moved = carry(client, server) + carry(server, client);
        if done == (Some(()), Some(())) && moved == 0 {
            return;
        }
    }
    panic!("the handshake does not end: {client:?} {server:?}");
}

/// An established pair: client and server.
#[must_use]
pub fn established(suite: Suite) -> (Tls, Tls) {
    let mut client = connect(&client(suite));
    let mut server = accept(&server(suite));
    handshake(&mut client, &mut server);
    (client, server)
}
