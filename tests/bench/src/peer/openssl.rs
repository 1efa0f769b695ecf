//! OpenSSL 3.6, over a BIO pair and over memory BIOs; over a socket through the `openssl` crate's `SslStream`.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;
use std::hint::black_box;
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslSession, SslSessionCacheMode,
    SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl_sys as ffi;
use openssl_sys::BIO;
use wantls::Version;
use wantls::buffers::TLS12_RECORD;
use wantls_testkit::{NAME, Suite};

use super::{
    BothWays, Context, Endpoint, Feed, Give, MAX_PLAINTEXT, Open, Opening, Peer, Receiver, Seal, Sender,
    Setup, Tcp, buffer,
};

/// OpenSSL with a BIO pair between it and its transport.
pub(crate) struct BioPair;

/// OpenSSL with a memory BIO each way.
pub(crate) struct MemoryBio;

impl Peer for BioPair {
    fn name(&self) -> &'static str {
        "openssl"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer(established(suite, Net::pair).0)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        Reader::boxed(suite, opening, Net::pair)
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        Some(Box::new(Contexts::new(setup, Net::pair)))
    }

    fn bio_pair(&self, suite: Suite, capacity: usize) -> Option<Box<dyn BothWays>> {
        let contexts = contexts(suite, Net::pair);
        let (client, server) = (contexts.ssl(Side::Client), contexts.ssl(Side::Server));
        let (a, b) = new_pair(capacity);
        set_bio(&client, a, a);
        set_bio(&server, b, b);
        // Each handshake goes on as far as the other one lets it.
        while !(do_handshake(&client) & do_handshake(&server)) {}
        check(&client, suite);
        Some(Box::new(OverPair { client: End::new(client), server: End::new(server) }))
    }

    fn tcp(&self, suite: Suite, ends: (Tcp, Tcp)) -> Option<(Box<dyn Sender>, Box<dyn Receiver>)> {
        let contexts = contexts(suite, Net::pair);
        let (client, server) = (contexts.ssl(Side::Client), contexts.ssl(Side::Server));
        let mut client = SslStream::new(client, ends.0).unwrap();
        let mut server = SslStream::new(server, ends.1).unwrap();
        while client.do_handshake().is_err() | server.do_handshake().is_err() {}
        check(client.ssl(), suite);
        Some((Box::new(client), Box::new(server)))
    }
}

impl Peer for MemoryBio {
    fn name(&self) -> &'static str {
        "openssl_membio"
    }

    fn seal(&self, suite: Suite) -> Option<Box<dyn Seal>> {
        Some(Box::new(Writer(established(suite, Net::memory).0)))
    }

    fn open(&self, suite: Suite, opening: Opening) -> Option<Box<dyn Open>> {
        Reader::boxed(suite, opening, Net::memory)
    }

    fn context(&self, setup: Setup) -> Option<Box<dyn Context>> {
        Some(Box::new(Contexts::new(setup, Net::memory)))
    }
}

unsafe extern "C" {
    fn BIO_new_bio_pair(a: *mut *mut BIO, a_size: usize, b: *mut *mut BIO, b_size: usize) -> c_int;
    fn SSL_free_buffers(ssl: *mut ffi::SSL) -> c_int;
    fn BIO_nread(bio: *mut BIO, at: *mut *mut c_char, len: c_int) -> c_int;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

fn check(ssl: &openssl::ssl::SslRef, suite: Suite) {
    assert_eq!(ssl.current_cipher().unwrap().name(), Setup::new(suite).openssl_name());
}

/// `SSL_CTX` of both sides, and how their connections are tied to a transport.
struct Contexts {
    client: SslContext,
    server: SslContext,
    net: fn(&Ssl) -> Net,
    resume: bool,
    /// What the client was given last.
    session: Arc<Mutex<Option<SslSession>>>,
}

fn contexts(suite: Suite, net: fn(&Ssl) -> Net) -> Contexts {
    Contexts::new(Setup::new(suite), net)
}

impl Contexts {
    fn new(setup: Setup, net: fn(&Ssl) -> Net) -> Self {
        let identity = setup.key.identity();
        let session = Arc::new(Mutex::new(None));

        let mut client = builder(setup);
        client.set_verify(SslVerifyMode::PEER);
        client.cert_store_mut().add_cert(X509::from_der(&identity.ca).unwrap()).unwrap();
        if setup.resume {
            client.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
            let kept = session.clone();
            client.set_new_session_callback(move |_, session| *kept.lock().unwrap() = Some(session));
        }

        let mut server = builder(setup);
        server.set_certificate(&X509::from_der(&identity.certificate).unwrap()).unwrap();
        server.set_private_key(&PKey::private_key_from_der(&identity.key).unwrap()).unwrap();
        Self { client: client.build(), server: server.build(), net, resume: setup.resume, session }
    }

    fn ssl(&self, side: Side) -> Ssl {
        match side {
            Side::Server => {
                let mut ssl = Ssl::new(&self.server).unwrap();
                ssl.set_accept_state();
                ssl
            }
            Side::Client => {
                let mut ssl = Ssl::new(&self.client).unwrap();
                ssl.set_connect_state();
                ssl.set_hostname(NAME).unwrap();
                ssl.param_mut().set_host(NAME).unwrap();
                if let Some(session) = self.session.lock().unwrap().as_ref().filter(|_| self.resume) {
                    // SAFETY: the session is one of this context.
                    unsafe { ssl.set_session(session) }.unwrap();
                }
                ssl
            }
        }
    }

    fn tls(&self, side: Side) -> Tls {
        let ssl = self.ssl(side);
        let net = (self.net)(&ssl);
        // Only a memory BIO can't lend what it holds.
        let scratch = if matches!(net, Net::Pair(_)) { 0 } else { TLS12_RECORD };
        Tls { ssl, net, scratch: vec![0; scratch] }
    }
}

fn builder(setup: Setup) -> SslContextBuilder {
    let mut builder = SslContext::builder(SslMethod::tls()).unwrap();
    let tls13 = setup.suite.version() == Version::Tls13;
    let version = if tls13 { SslVersion::TLS1_3 } else { SslVersion::TLS1_2 };
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    match tls13 {
        true => builder.set_ciphersuites(&setup.openssl_name()).unwrap(),
        false => builder.set_cipher_list(&setup.openssl_name()).unwrap(),
    }
    // The key exchange takes the first; TLS 1.2 checks the certificate's curve against the list as well.
    builder.set_groups_list("X25519:P-256").unwrap();
    builder
        .set_mode(SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::AUTO_RETRY);
    // Saves a read of the header before each record.
    builder.set_read_ahead(true);
    builder
}

impl Context for Contexts {
    fn client(&self) -> Box<dyn Endpoint> {
        Box::new(self.tls(Side::Client))
    }

    fn server(&self) -> Box<dyn Endpoint> {
        Box::new(self.tls(Side::Server))
    }
}

/// The transport's end of the BIOs.
enum Net {
    Pair(*mut BIO),
    Memory { input: *mut BIO, output: *mut BIO },
}

/// Bytes that `BIO_s_bio(3)` gives a pair by default.
const DEFAULT_CAPACITY: usize = 17 << 10;

fn new_pair(capacity: usize) -> (*mut BIO, *mut BIO) {
    let (mut a, mut b) = (null_mut(), null_mut());
    // SAFETY: both results are written to.
    let made = unsafe { BIO_new_bio_pair(&raw mut a, capacity, &raw mut b, capacity) };
    assert_eq!(made, 1);
    (a, b)
}

/// Gives `ssl` its BIOs.
fn set_bio(ssl: &Ssl, input: *mut BIO, output: *mut BIO) {
    // SAFETY: both are fresh and owned by the caller; they become the connection's. If they are the same, it counts
    // as one.
    unsafe { ffi::SSL_set_bio(ssl.as_ptr(), input, output) };
}

/// Goes on with the handshake; whether it is over.
fn do_handshake(ssl: &Ssl) -> bool {
    // SAFETY: a live connection.
    done(ssl, unsafe { ffi::SSL_do_handshake(ssl.as_ptr()) }).is_some()
}

/// A positive result; `None` if the call wants something else first.
#[inline]
fn done(ssl: &Ssl, result: c_int) -> Option<usize> {
    if let Some(n) = usize::try_from(result).ok().filter(|n| *n > 0) {
        return Some(n);
    }
    // SAFETY: a live connection, and the result of the last call on it.
    let error = ErrorCode::from_raw(unsafe { ffi::SSL_get_error(ssl.as_ptr(), result) });
    let wants = [ErrorCode::WANT_READ, ErrorCode::WANT_WRITE].contains(&error);
    assert!(wants, "{error:?} {}", ErrorStack::get());
    None
}

impl Net {
    fn pair(ssl: &Ssl) -> Self {
        let (inner, outer) = new_pair(DEFAULT_CAPACITY);
        set_bio(ssl, inner, inner);
        Self::Pair(outer)
    }

    fn memory(ssl: &Ssl) -> Self {
        // SAFETY: takes and needs nothing.
        let method = unsafe { ffi::BIO_s_mem() };
        // SAFETY: the method is a static one.
        let new = || unsafe { ffi::BIO_new(method) };
        let (input, output) = (new(), new());
        set_bio(ssl, input, output);
        Self::Memory { input, output }
    }

    /// Offers what was received; returns how much is taken.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let (Self::Pair(bio) | Self::Memory { input: bio, .. }) = *self;
        if bytes.is_empty() {
            return 0;
        }
        // SAFETY: the BIO is alive, and the slice as long as it says.
        let n = unsafe { ffi::BIO_write(bio, bytes.as_ptr().cast(), bytes.len() as c_int) };
        usize::try_from(n).unwrap_or(0)
    }

    /// Gives all that is to be sent to `sink`: where it lies in a BIO pair, out of a memory BIO through `scratch`.
    fn take(&mut self, scratch: &mut [u8], mut sink: impl FnMut(&[u8])) {
        loop {
            match *self {
                Self::Pair(bio) => {
                    let mut at = null_mut();
                    // SAFETY: the BIO is alive, and `at` is written to.
                    let n = unsafe { BIO_nread(bio, &raw mut at, c_int::MAX) };
                    let Some(n) = usize::try_from(n).ok().filter(|n| *n > 0) else { return };
                    // SAFETY: it lends so many bytes at `at` until the next call on it.
                    sink(unsafe { core::slice::from_raw_parts(at.cast(), n) });
                }
                Self::Memory { output, .. } => {
                    let len = scratch.len() as c_int;
                    // SAFETY: the BIO is alive, and the slice as long as it says.
                    let n = unsafe { ffi::BIO_read(output, scratch.as_mut_ptr().cast(), len) };
                    let Some(n) = usize::try_from(n).ok().filter(|n| *n > 0) else { return };
                    sink(&scratch[..n]);
                }
            }
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if let Self::Pair(outer) = *self {
            // SAFETY: the outer end is ours, and freed once; memory BIOs are the connection's.
            unsafe { ffi::BIO_free_all(outer) };
        }
    }
}

struct Tls {
    ssl: Ssl,
    net: Net,
    scratch: Vec<u8>,
}

impl Drop for Tls {
    /// A session of a connection that was not shut down is not taken up again: this one counts as if it was.
    fn drop(&mut self) {
        // SAFETY: a live connection.
        unsafe {
            ffi::SSL_set_shutdown(self.ssl.as_ptr(), ffi::SSL_SENT_SHUTDOWN | ffi::SSL_RECEIVED_SHUTDOWN)
        };
    }
}

impl Tls {
    /// Writes all of `data`, and its records to `sink`.
    #[inline]
    fn write(&mut self, mut data: &[u8], mut sink: impl FnMut(&[u8])) {
        while !data.is_empty() {
            data = &data[write(&self.ssl, data).unwrap_or(0)..];
            self.net.take(&mut self.scratch, &mut sink);
        }
    }
}

/// `SSL_write`; `None`: it wants something else first.
#[inline]
fn write(ssl: &Ssl, data: &[u8]) -> Option<usize> {
    // SAFETY: the connection is alive, and the slice as long as it says.
    done(ssl, unsafe { ffi::SSL_write(ssl.as_ptr(), data.as_ptr().cast(), data.len() as c_int) })
}

/// `SSL_read`; `None`: it wants something else first.
#[inline]
fn read(ssl: &Ssl, out: &mut [u8]) -> Option<usize> {
    let len = out.len() as c_int;
    // SAFETY: the connection is alive, and the slice as long as it says.
    done(ssl, unsafe { ffi::SSL_read(ssl.as_ptr(), out.as_mut_ptr().cast::<c_void>(), len) })
}

fn established(suite: Suite, net: fn(&Ssl) -> Net) -> (Tls, Tls) {
    let contexts = contexts(suite, net);
    let (mut client, mut server) = (contexts.tls(Side::Client), contexts.tls(Side::Server));
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    loop {
        let client_done = client.handshake(&mut to_client, &mut to_server);
        if server.handshake(&mut to_server, &mut to_client) && client_done {
            break;
        }
    }
    check(&client.ssl, suite);
    (client, server)
}

struct Writer(Tls);

impl Seal for Writer {
    fn seal(&mut self, data: &[u8], times: usize) {
        for _ in 0..times {
            self.0.write(data, |records| {
                black_box(records);
            });
        }
    }
}

struct Reader {
    sender: Tls,
    receiver: Tls,
    wire: Vec<u8>,
    out: Vec<u8>,
}

impl Reader {
    fn boxed(suite: Suite, opening: Opening, net: fn(&Ssl) -> Net) -> Option<Box<dyn Open>> {
        // It reads by copying only, out of a BIO.
        if opening != (Opening { feed: Feed::Received, give: Give::Copied }) {
            return None;
        }
        let (sender, receiver) = established(suite, net);
        Some(Box::new(Self { sender, receiver, wire: Vec::new(), out: buffer(MAX_PLAINTEXT) }))
    }
}

impl Open for Reader {
    fn load(&mut self, data: &[u8], times: usize) {
        self.wire.clear();
        for _ in 0..times {
            self.sender.write(data, |records| self.wire.extend_from_slice(records));
        }
    }

    fn open(&mut self) -> usize {
        let (mut opened, mut position) = (0, 0);
        loop {
            // A memory BIO takes anything, but no transport gives more than this at a time.
            let end = self.wire.len().min(position + 2 * TLS12_RECORD);
            position += self.receiver.net.put(&self.wire[position..end]);
            let before = opened;
            while let Some(n) = read(&self.receiver.ssl, &mut self.out) {
                black_box(&self.out[..n]);
                opened += n;
            }
            if opened == before && position == self.wire.len() {
                return opened;
            }
        }
    }
}

impl Endpoint for Tls {
    fn handshake(&mut self, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> bool {
        let mut position = 0;
        loop {
            let done = do_handshake(&self.ssl);
            self.net.take(&mut self.scratch, |bytes| outgoing.extend_from_slice(bytes));
            let n = self.net.put(&incoming[position..]);
            position += n;
            if n == 0 {
                incoming.clear();
                return done;
            }
        }
    }

    fn write(&mut self, data: &[u8], outgoing: &mut Vec<u8>) {
        Self::write(self, data, |records| outgoing.extend_from_slice(records));
    }

    fn read(&mut self, incoming: &mut Vec<u8>, out: &mut [u8]) -> usize {
        let (mut opened, mut position) = (0, 0);
        loop {
            while let Some(n) = read(&self.ssl, out) {
                opened += n;
            }
            let n = self.net.put(&incoming[position..]);
            position += n;
            if n == 0 {
                incoming.clear();
                return opened;
            }
        }
    }

    fn resumed(&self) -> bool {
        self.ssl.session_reused()
    }

    fn park(&mut self) {
        // SAFETY: a live connection.
        let freed = unsafe { SSL_free_buffers(self.ssl.as_ptr()) };
        assert_eq!(freed, 1, "the connection is not idle");
    }
}

/// Two connections whose BIOs are the two ends of one pair.
struct OverPair {
    client: End,
    server: End,
}

impl BothWays for OverPair {
    fn exchange(&mut self, bytes: usize) {
        (self.client.to_send, self.server.to_send) = (bytes, bytes);
        (self.client.to_come, self.server.to_come) = (bytes, bytes);
        while self.client.is_busy() || self.server.is_busy() {
            self.client.go_on();
            self.server.go_on();
        }
    }
}

struct End {
    ssl: Ssl,
    to_send: usize,
    to_come: usize,
    data: Vec<u8>,
    out: Vec<u8>,
}

impl End {
    fn new(ssl: Ssl) -> Self {
        Self { ssl, to_send: 0, to_come: 0, data: buffer(MAX_PLAINTEXT), out: buffer(MAX_PLAINTEXT) }
    }

    fn is_busy(&self) -> bool {
        self.to_send > 0 || self.to_come > 0
    }

    /// Writes until the pair is full, reads until it is empty.
    fn go_on(&mut self) {
        while self.to_send > 0 {
            let len = self.to_send.min(self.data.len());
            let Some(n) = write(&self.ssl, &self.data[..len]) else { break };
            self.to_send -= n;
        }
        while let Some(n) = read(&self.ssl, &mut self.out) {
            self.to_come -= n;
        }
    }
}

impl Sender for SslStream<Tcp> {
    fn send(&mut self, data: &[u8]) -> usize {
        match self.ssl_write(data) {
            Ok(n) => n,
            Err(error) if error.code() == ErrorCode::WANT_WRITE => 0,
            Err(error) => panic!("{error}"),
        }
    }

    fn flush(&mut self) -> bool {
        match Write::flush(self) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Receiver for SslStream<Tcp> {
    fn receive(&mut self, out: &mut [u8]) -> usize {
        match Read::read(self, out) {
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("{error}"),
        }
    }
}
