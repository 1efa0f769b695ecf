//! BoringSSL, through the `boring` crate's `SslStream`.
//!
//! Its symbols have OpenSSL's names, so a program has the one or the other.

use std::sync::{Arc, Mutex};

use boring::pkey::PKey;
use boring::ssl::{
    ErrorCode, ShutdownState, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslSession,
    SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use boring::x509::X509;
use wantls::Version;
use wantls_testkit::NAME;

use super::Setup;
use super::session::{Library, Session, Sessions, Wire};

/// BoringSSL.
pub(crate) struct Boring;

impl Library for Boring {
    fn name(&self) -> &'static str {
        "boringssl"
    }

    fn contexts(&self, setup: Setup) -> Option<Box<dyn Sessions>> {
        Some(Box::new(Contexts::new(setup)))
    }
}

struct Contexts {
    client: SslContext,
    server: SslContext,
    resume: bool,
    /// What the client was given last.
    session: Arc<Mutex<Option<SslSession>>>,
}

impl Contexts {
    fn new(setup: Setup) -> Self {
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
        Self { client: client.build(), server: server.build(), resume: setup.resume, session }
    }
}

fn builder(setup: Setup) -> SslContextBuilder {
    let mut builder = SslContext::builder(SslMethod::tls()).unwrap();
    let tls13 = setup.suite.version() == Version::Tls13;
    let version = if tls13 { SslVersion::TLS1_3 } else { SslVersion::TLS1_2 };
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    // The suites of TLS 1.3 can't be chosen.
    if !tls13 {
        builder.set_cipher_list(&setup.openssl_name()).unwrap();
    }
    // The key exchange takes the first; TLS 1.2 checks the certificate's curve against the list as well.
    builder.set_curves_list("X25519:P-256").unwrap();
    builder
        .set_mode(SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::AUTO_RETRY);
    builder
}

impl Sessions for Contexts {
    fn client(&self, wire: Wire) -> Box<dyn Session> {
        let mut ssl = Ssl::new(&self.client).unwrap();
        ssl.set_hostname(NAME).unwrap();
        ssl.param_mut().set_host(NAME).unwrap();
        if let Some(session) = self.session.lock().unwrap().as_ref().filter(|_| self.resume) {
            // SAFETY: the session is one of this context.
            unsafe { ssl.set_session(session) }.unwrap();
        }
        Box::new(Tls { stream: SslStream::new(ssl, wire).unwrap(), side: SslStream::connect })
    }

    fn server(&self, wire: Wire) -> Box<dyn Session> {
        let ssl = Ssl::new(&self.server).unwrap();
        Box::new(Tls { stream: SslStream::new(ssl, wire).unwrap(), side: SslStream::accept })
    }
}

struct Tls {
    stream: SslStream<Wire>,
    /// Goes on with the handshake of this side.
    side: fn(&mut SslStream<Wire>) -> Result<(), boring::ssl::Error>,
}

impl Drop for Tls {
    /// A session of a connection that was not shut down is not taken up again: this one counts as if it was.
    fn drop(&mut self) {
        self.stream.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
    }
}

/// What a call gave; `None` if it wants something else first.
#[inline]
fn done<T>(result: Result<T, boring::ssl::Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) if [ErrorCode::WANT_READ, ErrorCode::WANT_WRITE].contains(&error.code()) => None,
        Err(error) => panic!("{error}"),
    }
}

impl Session for Tls {
    fn handshake(&mut self) -> bool {
        done((self.side)(&mut self.stream)).is_some()
    }

    fn write(&mut self, data: &[u8]) -> usize {
        done(self.stream.ssl_write(data)).unwrap_or(0)
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        done(self.stream.ssl_read(out)).unwrap_or(0)
    }

    fn resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    fn suite(&self) -> String {
        let cipher = self.stream.ssl().current_cipher().unwrap();
        // The other name is the one of OpenSSL for TLS 1.3.
        let standard = cipher.standard_name().unwrap();
        if standard.contains("WITH") { cipher.name().into() } else { standard.into() }
    }

    fn wire(&mut self) -> &mut Wire {
        self.stream.get_mut()
    }
}
