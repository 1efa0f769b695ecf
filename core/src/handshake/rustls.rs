//! The rustls 0.23 engine: its unbuffered API for the handshake, its kernel connection for what follows.
//!
//! Rules that its API imposes, kept here and in [`drive`](super::drive):
//! - output that it offers and that is not encoded is lost, so there is always room for the largest piece;
//! - it is shown one record at a time: given application data behind a Finished it would open it, and the secrets
//!   could no longer be taken;
//! - after an error the alert comes from the next call, which must not look at any input: the old one would be
//!   processed again, and an empty one panics where a part of a handshake message is held.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use once_cell::race::OnceBox;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConnectionData, UnbufferedServerConnection};
use rustls::sign::CertifiedKey;
use rustls::unbuffered::{ConnectionState, UnbufferedConnectionCommon, UnbufferedStatus};
use rustls::{ClientConfig, ConnectionTrafficSecrets, ExtractedSecrets, ServerConfig, SupportedCipherSuite};

use super::exporter::Exporters;
use super::{Engine, Established, Exporter, Key, KeySchedule, Progress, Secret, Session, Status};
use crate::connection::Settings;
use crate::error::{Error, ProtocolError};
use crate::record::Version;
use crate::record::aead::Algorithm;

/// Starts a handshake as a client.
pub(crate) fn client(
    mut config: Arc<ClientConfig>,
    name: ServerName<'static>,
    settings: &Settings,
) -> Result<Box<dyn Engine>, rustls::Error> {
    let exporters = (!settings.exporters.is_empty()).then(|| {
        let (exporters, key_log) = Exporters::new(config.key_log.clone());
        Arc::make_mut(&mut config).key_log = key_log;
        exporters
    });
    let side = UnbufferedClientConnection::new(config, name)?;
    let keep_certificates = settings.keep_certificates;
    Ok(Box::new(Handshake { side, keep_certificates, sni: None, exporters, retained: 0 }))
}

/// Starts a handshake as a server.
pub(crate) fn server(config: &ServerConfig, settings: &Settings) -> Result<Box<dyn Engine>, rustls::Error> {
    // The unbuffered connection does not tell the server name; the certificate resolver is shown it.
    let sni = Arc::new(SniTap { inner: config.cert_resolver.clone(), name: OnceBox::new() });
    let mut config = config.clone();
    config.cert_resolver = sni.clone();
    let exporters = (!settings.exporters.is_empty()).then(|| {
        let (exporters, key_log) = Exporters::new(config.key_log.clone());
        config.key_log = key_log;
        exporters
    });
    let side = UnbufferedServerConnection::new(Arc::new(config))?;
    let keep_certificates = settings.keep_certificates;
    Ok(Box::new(Handshake { side, keep_certificates, sni: Some(sni), exporters, retained: 0 }))
}

/// The AEAD of a suite, or `None` for one that wantls does not know.
pub(crate) fn algorithm(suite: rustls::CipherSuite) -> Option<Algorithm> {
    use rustls::CipherSuite as S;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list of all TLS suites is long, and grows")]
    match suite {
        S::TLS13_AES_128_GCM_SHA256
        | S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => Some(Algorithm::Aes128Gcm),
        S::TLS13_AES_256_GCM_SHA384
        | S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        | S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => Some(Algorithm::Aes256Gcm),
        S::TLS13_CHACHA20_POLY1305_SHA256
        | S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        | S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => Some(Algorithm::Chacha20Poly1305),
        _ => None,
    }
}

/// Remembers the server name on its way to the certificate resolver.
#[derive(Debug)]
struct SniTap {
    inner: Arc<dyn ResolvesServerCert>,
    name: OnceBox<String>,
}

impl ResolvesServerCert for SniTap {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(name) = hello.server_name() {
            // After a HelloRetryRequest the second hello names the same server.
            let _ = self.name.set(Box::new(name.to_string()));
        }
        self.inner.resolve(hello)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.inner.only_raw_public_keys()
    }
}

/// What the two roles do under different names.
trait Side: Send + Sync + 'static + core::ops::Deref<Target = UnbufferedConnectionCommon<Self::Data>> {
    type Data: Send + Sync + 'static;

    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
    fn into_kernel(self) -> Result<(ExtractedSecrets, KernelConnection<Self::Data>), rustls::Error>;
    fn ticket(kernel: &mut KernelConnection<Self::Data>, body: &[u8]) -> Result<(), rustls::Error>;
}

impl Side for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }

    fn into_kernel(self) -> Result<(ExtractedSecrets, KernelConnection<Self::Data>), rustls::Error> {
        self.dangerous_into_kernel_connection()
    }

    fn ticket(kernel: &mut KernelConnection<Self::Data>, body: &[u8]) -> Result<(), rustls::Error> {
        kernel.handle_new_session_ticket(body)
    }
}

impl Side for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }

    fn into_kernel(self) -> Result<(ExtractedSecrets, KernelConnection<Self::Data>), rustls::Error> {
        self.dangerous_into_kernel_connection()
    }

    fn ticket(_: &mut KernelConnection<Self::Data>, _: &[u8]) -> Result<(), rustls::Error> {
        Err(rustls::Error::General("a server receives no tickets".into()))
    }
}

struct Handshake<S> {
    side: S,
    keep_certificates: bool,
    sni: Option<Arc<SniTap>>,
    exporters: Option<Exporters>,
    /// Bytes at the front of the input that were there at the last step.
    retained: usize,
}

impl<S> Handshake<S> {
    /// Shows the exporters each byte that came in once.
    fn watch_input(&mut self, input: &[u8]) {
        // The ServerHello comes from the side that is not the server.
        if let (Some(exporters), None) = (&mut self.exporters, &self.sni) {
            exporters.watch(input.get(self.retained..).unwrap_or_default());
        }
    }

    fn watch_output(&mut self, output: &[u8]) {
        if let (Some(exporters), Some(_)) = (&mut self.exporters, &self.sni) {
            exporters.watch(output);
        }
    }
}

impl<S: Side> Engine for Handshake<S> {
    fn step(&mut self, input: &mut [u8], output: &mut [u8]) -> Progress {
        self.watch_input(input);
        let shown = input.len();
        let UnbufferedStatus { discard, state, .. } = self.side.process(input);
        let (written, status) = match state {
            Err(error) => (0, Status::Failed(handshake_error(error))),
            Ok(ConnectionState::EncodeTlsData(mut piece)) => match piece.encode(output) {
                Ok(written) => (written, Status::Continue),
                Err(_) => (0, broken("a piece of the handshake is larger than the fragment size allows")),
            },
            Ok(ConnectionState::TransmitTlsData(sent)) => {
                sent.done();
                (0, Status::Continue)
            }
            Ok(ConnectionState::BlockedHandshake) => (0, Status::NeedRecord),
            Ok(ConnectionState::WriteTraffic(_)) => (0, Status::Finished),
            Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                (0, Status::Failed(Error::Peer(rustls::AlertDescription::CloseNotify)))
            }
            Ok(_) => (0, broken("application data in the handshake")),
        };
        self.retained = shown - discard;
        self.watch_output(&output[..written]);
        // A server may send before it has seen the client's Finished; the secrets are ready only after it.
        let early = matches!(status, Status::Finished) && self.side.is_handshaking();
        let status = if early { Status::NeedRecord } else { status };
        let version_known = self.side.protocol_version().is_some();
        Progress { released: discard, written, status, version_known }
    }

    fn last_words(&mut self, output: &mut [u8]) -> Option<usize> {
        // Only with something to send does rustls answer without looking at the input.
        if !self.side.wants_write() {
            return None;
        }
        match self.side.process(&mut []).state {
            Ok(ConnectionState::EncodeTlsData(mut piece)) => piece.encode(output).ok(),
            Ok(_) | Err(_) => None,
        }
    }

    fn finish(self: Box<Self>, exporters: &[Exporter]) -> Result<Established, Error> {
        let side = &self.side;
        let suite = side.negotiated_cipher_suite().ok_or_else(unfinished)?;
        let exported = match &self.exporters {
            Some(seen) => exporters.iter().map(|e| seen.export(suite, e)).collect::<Result<_, _>>(),
            None => Ok(Vec::new()),
        }
        .map_err(Error::Crypto)?;
        let session = Session {
            version: version(suite),
            suite: suite.suite(),
            kind: side.handshake_kind(),
            group: side.negotiated_key_exchange_group().map(|g| g.name()),
            alpn: side.alpn_protocol().map(<[u8]>::to_vec),
            server_name: self.sni.as_ref().and_then(|tap| tap.name.get().cloned()),
            peer_certificates: match side.peer_certificates() {
                Some(chain) if self.keep_certificates => chain.to_vec(),
                _ => Default::default(),
            },
            exported,
        };
        let (secrets, kernel) = self.side.into_kernel().map_err(Error::Crypto)?;
        Ok(Established {
            session,
            write: secret(secrets.tx.0, secrets.tx.1)?,
            read: secret(secrets.rx.0, secrets.rx.1)?,
            schedule: Box::new(Kernel::<S>(kernel)),
            confidentiality_limit: confidentiality_limit(suite),
        })
    }
}

/// The kernel connection of one side.
struct Kernel<S: Side>(KernelConnection<S::Data>);

impl<S: Side> KeySchedule for Kernel<S> {
    fn next_write(&mut self) -> Result<Secret, Error> {
        let (seq, secrets) = self.0.update_tx_secret().map_err(Error::Crypto)?;
        secret(seq, secrets)
    }

    fn next_read(&mut self) -> Result<Secret, Error> {
        let (seq, secrets) = self.0.update_rx_secret().map_err(Error::Crypto)?;
        secret(seq, secrets)
    }

    fn ticket(&mut self, body: &[u8]) -> Result<(), ProtocolError> {
        S::ticket(&mut self.0, body).map_err(|error| {
            if matches!(error, rustls::Error::InvalidMessage(rustls::InvalidMessage::DuplicateExtension(_))) {
                ProtocolError::DuplicateExtension
            } else {
                ProtocolError::BadTicket
            }
        })
    }
}

fn secret(seq: u64, secrets: ConnectionTrafficSecrets) -> Result<Secret, Error> {
    let (algorithm, key, iv) = match &secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (Algorithm::Aes128Gcm, key, iv),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (Algorithm::Aes256Gcm, key, iv),
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (Algorithm::Chacha20Poly1305, key, iv),
        _ => return Err(unfinished()),
    };
    let key = Key::new(algorithm, key.as_ref(), iv.as_ref()).ok_or_else(unfinished)?;
    Ok(Secret { key, seq })
}

fn version(suite: SupportedCipherSuite) -> Version {
    match suite {
        #[cfg(feature = "tls12")]
        SupportedCipherSuite::Tls12(_) => Version::Tls12,
        SupportedCipherSuite::Tls13(_) => Version::Tls13,
    }
}

fn confidentiality_limit(suite: SupportedCipherSuite) -> u64 {
    match suite {
        #[cfg(feature = "tls12")]
        SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
        SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
    }
}

fn handshake_error(error: rustls::Error) -> Error {
    if let rustls::Error::AlertReceived(alert) = error { Error::Peer(alert) } else { Error::Handshake(error) }
}

fn unfinished() -> Error {
    Error::Crypto(rustls::Error::HandshakeNotComplete)
}

/// rustls broke a promise that this file relies on.
fn broken(what: &str) -> Status {
    Status::Failed(Error::Handshake(rustls::Error::General(what.to_string())))
}
