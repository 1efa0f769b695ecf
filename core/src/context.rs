//! The contexts: what `SSL_CTX` is to OpenSSL. A config is checked once, and gives many connections.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use crate::buffers::Buffers;
use crate::connection::{Connection, EofPolicy, Renegotiation, Role, Settings};
use crate::error::BuildError;
use crate::handshake::{self, Exporter, MAX_EXPORT};
use crate::record::aead::RecordCrypto;
use crate::write::WriteMode;

/// Bytes of the longest session ticket that is kept unless a context says otherwise.
pub const DEFAULT_MAX_TICKET: usize = 16 * 1024;

impl Settings {
    pub(crate) fn new(crypto: Arc<dyn RecordCrypto>) -> Self {
        Self {
            crypto,
            mode: WriteMode::default(),
            eof: EofPolicy::default(),
            renegotiation: Renegotiation::default(),
            exporters: Vec::new(),
            keep_certificates: true,
            max_ticket: DEFAULT_MAX_TICKET,
            rekey_after: u64::MAX,
        }
    }
}

/// What both contexts can be told.
macro_rules! settings {
    () => {
        /// The write mode that connections begin with.
        #[must_use]
        pub fn write_mode(mut self, mode: WriteMode) -> Self {
            Arc::make_mut(&mut self.settings).mode = mode;
            self
        }

        /// What the end of the transport without close_notify means.
        #[must_use]
        pub fn eof_policy(mut self, eof: EofPolicy) -> Self {
            Arc::make_mut(&mut self.settings).eof = eof;
            self
        }

        /// What a TLS 1.2 peer's request to renegotiate means.
        #[must_use]
        pub fn renegotiation(mut self, renegotiation: Renegotiation) -> Self {
            Arc::make_mut(&mut self.settings).renegotiation = renegotiation;
            self
        }

        /// Has every connection export `len` bytes of keying material for `label` and `context` (RFC 5705, RFC 8446
        /// section 7.5): see [`Session::exported`](crate::Session::exported).
        ///
        /// # Errors
        /// [`BuildError::Exporter`] if `len` is 0 or more than [`MAX_EXPORT`].
        pub fn exporter(
            mut self,
            label: &[u8],
            context: Option<&[u8]>,
            len: usize,
        ) -> Result<Self, BuildError> {
            if len == 0 || len > MAX_EXPORT {
                return Err(BuildError::Exporter { asked: len, max: MAX_EXPORT });
            }
            let exporter = Exporter { label: label.to_vec(), context: context.map(<[u8]>::to_vec), len };
            Arc::make_mut(&mut self.settings).exporters.push(exporter);
            Ok(self)
        }

        /// Whether [`Session::peer_certificates`](crate::Session::peer_certificates) is kept; it costs the length of
        /// the chain per connection. On by default.
        #[must_use]
        pub fn keep_peer_certificates(mut self, keep: bool) -> Self {
            Arc::make_mut(&mut self.settings).keep_certificates = keep;
            self
        }

        /// Bytes of the longest session ticket that is kept ([`DEFAULT_MAX_TICKET`]); longer ones are ignored.
        #[must_use]
        pub fn max_ticket(mut self, bytes: usize) -> Self {
            Arc::make_mut(&mut self.settings).max_ticket = bytes;
            self
        }

        /// Records after which a write key is changed, where that is fewer than the suite allows: by a KeyUpdate in
        /// TLS 1.3; in TLS 1.2 the connection ends with [`Error::KeyExhausted`](crate::Error::KeyExhausted).
        #[must_use]
        pub fn rekey_after(mut self, records: u64) -> Self {
            Arc::make_mut(&mut self.settings).rekey_after = records.max(1);
            self
        }
    };
}

/// Makes client connections.
#[derive(Clone)]
pub struct ClientContext {
    config: Arc<ClientConfig>,
    settings: Arc<Settings>,
}

impl ClientContext {
    /// Checks a rustls config and turns the extraction of secrets on, which the hand-over to the record layer needs.
    ///
    /// # Errors
    /// [`BuildError::UnsupportedSuite`], [`BuildError::NoSuites`], [`BuildError::EarlyData`]: the config has to change.
    pub fn new(
        config: impl Into<Arc<ClientConfig>>,
        crypto: impl RecordCrypto + 'static,
    ) -> Result<Self, BuildError> {
        let mut config = config.into();
        check_suites(config.crypto_provider(), &crypto)?;
        if config.enable_early_data {
            return Err(BuildError::EarlyData);
        }
        Arc::make_mut(&mut config).enable_secret_extraction = true;
        Ok(Self { config, settings: Arc::new(Settings::new(Arc::new(crypto))) })
    }

    settings!();

    /// Begins a connection to the server `name`; the ClientHello waits for the first call that needs it.
    ///
    /// # Errors
    /// [`BuildError::BufferTooSmall`]; [`BuildError::Config`] if rustls refuses the config or the name.
    pub fn connect<B: AsRef<[u8]> + AsMut<[u8]>>(
        &self,
        name: ServerName<'static>,
        buffers: Buffers<B>,
    ) -> Result<Connection<B>, BuildError> {
        let fragment = self.config.max_fragment_size;
        buffers.check(fragment)?;
        let engine = handshake::rustls::client(self.config.clone(), name, &self.settings)
            .map_err(BuildError::Config)?;
        Ok(Connection::new(engine, Role::Client, self.settings.clone(), fragment, buffers))
    }
}

impl fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientContext").finish_non_exhaustive()
    }
}

/// Makes server connections.
#[derive(Clone)]
pub struct ServerContext {
    config: Arc<ServerConfig>,
    settings: Arc<Settings>,
}

impl ServerContext {
    /// Checks a rustls config and turns the extraction of secrets on, which the hand-over to the record layer needs.
    ///
    /// # Errors
    /// [`BuildError::UnsupportedSuite`], [`BuildError::NoSuites`], [`BuildError::EarlyData`]: the config has to change.
    pub fn new(
        config: impl Into<Arc<ServerConfig>>,
        crypto: impl RecordCrypto + 'static,
    ) -> Result<Self, BuildError> {
        let mut config = config.into();
        check_suites(config.crypto_provider(), &crypto)?;
        if config.max_early_data_size > 0 || config.send_half_rtt_data {
            return Err(BuildError::EarlyData);
        }
        Arc::make_mut(&mut config).enable_secret_extraction = true;
        Ok(Self { config, settings: Arc::new(Settings::new(Arc::new(crypto))) })
    }

    settings!();

    /// Begins a connection with a client that is there already.
    ///
    /// # Errors
    /// [`BuildError::BufferTooSmall`]; [`BuildError::Config`] if rustls refuses the config.
    pub fn accept<B: AsRef<[u8]> + AsMut<[u8]>>(
        &self,
        buffers: Buffers<B>,
    ) -> Result<Connection<B>, BuildError> {
        let fragment = self.config.max_fragment_size;
        buffers.check(fragment)?;
        let engine = handshake::rustls::server(&self.config, &self.settings).map_err(BuildError::Config)?;
        Ok(Connection::new(engine, Role::Server, self.settings.clone(), fragment, buffers))
    }
}

impl fmt::Debug for ServerContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerContext").finish_non_exhaustive()
    }
}

/// Every suite that could be negotiated has to be one that the record crypto can do.
fn check_suites(provider: &CryptoProvider, crypto: &dyn RecordCrypto) -> Result<(), BuildError> {
    if provider.cipher_suites.is_empty() {
        return Err(BuildError::NoSuites);
    }
    for suite in &provider.cipher_suites {
        let known = handshake::rustls::algorithm(suite.suite()).is_some_and(|a| crypto.supports(a));
        if !known {
            return Err(BuildError::UnsupportedSuite(suite.suite()));
        }
    }
    Ok(())
}
