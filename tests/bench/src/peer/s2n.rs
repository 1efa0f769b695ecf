//! s2n-tls, through its own crate, with callbacks for its transport.

use core::ffi::{c_int, c_void};
use core::slice;
use std::io::{ErrorKind, Read, Result, Write};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::SystemTime;

use s2n_tls::callbacks::{SessionTicket, SessionTicketCallback};
use s2n_tls::config::{Builder, Config};
use s2n_tls::connection::Connection;
use s2n_tls::enums::{Blinding, Mode};
use s2n_tls::security::Policy;
use wantls::Version;
use wantls_testkit::NAME;

use super::Setup;
use super::session::{Library, Session, Sessions, Wire};

/// s2n-tls.
pub(crate) struct S2n;

/// A list that prefers AES-128-GCM and X25519, as the other peers are told to.
const POLICY: &str = "20240603";

impl Library for S2n {
    fn name(&self) -> &'static str {
        "s2n_tls"
    }

    fn contexts(&self, setup: Setup) -> Option<Box<dyn Sessions>> {
        Some(Box::new(Contexts::new(setup)))
    }

    fn speaks_alone(&self, setup: Setup) -> bool {
        // No list has X25519 without TLS 1.3.
        setup.suite.version() == Version::Tls13
    }
}

struct Contexts {
    client: Config,
    server: Config,
    ticket: Ticket,
    resume: bool,
}

/// What the client was given last.
#[derive(Clone, Debug, Default)]
struct Ticket(Arc<Mutex<Vec<u8>>>);

impl SessionTicketCallback for Ticket {
    fn on_session_ticket(&self, _: &mut Connection, ticket: &SessionTicket) {
        let mut data = vec![0; ticket.len().unwrap()];
        ticket.data(&mut data).unwrap();
        *self.0.lock().unwrap() = data;
    }
}

impl Contexts {
    fn new(setup: Setup) -> Self {
        let identity = setup.key.identity();
        let ticket = Ticket::default();

        let mut client = builder();
        client.trust_pem(identity.ca_pem.as_bytes()).unwrap();
        if setup.resume {
            client.set_session_ticket_callback(ticket.clone()).unwrap();
        }

        let mut server = builder();
        server.load_pem(identity.certificate_pem.as_bytes(), identity.key_pem.as_bytes()).unwrap();
        // Any key will do; without one there are no tickets.
        server.add_session_ticket_key(b"key", &[7; 32], SystemTime::UNIX_EPOCH).unwrap();
        let resume = setup.resume;
        Self { client: client.build().unwrap(), server: server.build().unwrap(), ticket, resume }
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.with_system_certs(false).unwrap();
    builder.set_security_policy(&Policy::from_version(POLICY).unwrap()).unwrap();
    builder
}

impl Sessions for Contexts {
    fn client(&self, wire: Wire) -> Box<dyn Session> {
        let mut tls = Tls::new(Mode::Client, &self.client, wire);
        tls.connection.set_server_name(NAME).unwrap();
        let ticket = self.ticket.0.lock().unwrap();
        if self.resume && !ticket.is_empty() {
            tls.connection.set_session_ticket(&ticket).unwrap();
        }
        Box::new(tls)
    }

    fn server(&self, wire: Wire) -> Box<dyn Session> {
        Box::new(Tls::new(Mode::Server, &self.server, wire))
    }
}

struct Tls {
    connection: Connection,
    /// On the heap, as the callbacks have its address.
    wire: Box<Wire>,
}

impl Tls {
    fn new(mode: Mode, config: &Config, wire: Wire) -> Self {
        let mut wire = Box::new(wire);
        let context: *mut c_void = (&raw mut *wire).cast();
        let mut connection = Connection::new(mode);
        connection.set_config(config.clone()).unwrap();
        // It would sleep after an error.
        connection.set_blinding(Blinding::SelfService).unwrap();
        connection.prefer_throughput().unwrap();
        connection.set_receive_buffering(true).unwrap();
        connection.set_send_callback(Some(send)).unwrap().set_receive_callback(Some(receive)).unwrap();
        // SAFETY: the wire lives on the heap as long as the connection, which is dropped first.
        unsafe { connection.set_send_context(context) }.unwrap();
        // SAFETY: as above.
        unsafe { connection.set_receive_context(context) }.unwrap();
        Self { connection, wire }
    }
}

/// A count, or -1 with `errno` set, as of `send(2)` and `recv(2)`.
fn answer(result: Result<usize>) -> c_int {
    match result {
        Ok(n) => c_int::try_from(n).unwrap(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            errno::set_errno(errno::Errno(EAGAIN));
            -1
        }
    }
}

/// Linux has this number for it.
const EAGAIN: c_int = 11;

unsafe extern "C" fn send(context: *mut c_void, data: *const u8, len: u32) -> c_int {
    // SAFETY: the wire of this connection, which nobody else looks at while s2n-tls runs.
    let wire = unsafe { &mut *context.cast::<Wire>() };
    // SAFETY: s2n-tls gives so many bytes.
    let data = unsafe { slice::from_raw_parts(data, len as usize) };
    answer(wire.write(data))
}

unsafe extern "C" fn receive(context: *mut c_void, out: *mut u8, len: u32) -> c_int {
    // SAFETY: the wire of this connection, which nobody else looks at while s2n-tls runs.
    let wire = unsafe { &mut *context.cast::<Wire>() };
    // SAFETY: s2n-tls has room for so many bytes, which it has written before.
    let out = unsafe { slice::from_raw_parts_mut(out, len as usize) };
    answer(wire.read(out))
}

/// What a call gave; `None` if it wants something else first.
fn done<T>(poll: Poll<core::result::Result<T, s2n_tls::error::Error>>) -> Option<T> {
    match poll {
        Poll::Ready(result) => Some(result.unwrap()),
        Poll::Pending => None,
    }
}

impl Session for Tls {
    fn handshake(&mut self) -> bool {
        done(self.connection.poll_negotiate()).is_some()
    }

    fn write(&mut self, data: &[u8]) -> usize {
        done(self.connection.poll_send(data)).unwrap_or(0)
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        done(self.connection.poll_recv(out)).unwrap_or(0)
    }

    fn resumed(&self) -> bool {
        self.connection.resumed()
    }

    fn suite(&self) -> String {
        self.connection.cipher_suite().unwrap().into()
    }

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn park(&mut self) {
        self.connection.release_buffers().unwrap();
    }
}
