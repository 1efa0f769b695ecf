//! Options into contexts.

use std::sync::Arc;

use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::server::ProducesTickets;
use rustls::{ClientConfig, NamedGroup, ServerConfig, SupportedProtocolVersion};
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Connection, EofPolicy, Renegotiation, ServerContext, WriteMode};

use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::flags::{Identity, Options};
use crate::store::Sessions;
use crate::verify::Verifier;

/// A connection of the shim.
pub(crate) type Tls = Connection<Box<[u8]>>;

/// The longest handshake message that rustls takes is 64 KiB, and the runner may send it a byte a record.
const TLS_IN: usize = 2 << 20;
const TLS_OUT: usize = 64 << 10;

const RECORD_HEADER: usize = 5;

/// What all connections of the process share: a session is resumed only with the same verifier and credentials.
pub(crate) struct Shared {
    base: Base,
    ticketer: Arc<dyn ProducesTickets>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) clock: Arc<Clock>,
}

enum Base {
    Client(ClientConfig),
    Server(ServerConfig),
}

impl Shared {
    pub(crate) fn new(options: &Options) -> Result<Self, Failure> {
        let identity = &options.identity;
        let provider = Arc::new(provider(identity)?);
        let versions = versions(identity)?;
        let verifier = Verifier::new(identity, provider.signature_verification_algorithms)?;
        let credentials = Credentials::load(identity, &provider)?;
        let base = if identity.server {
            let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions)?;
            Base::Server(
                config.with_client_cert_verifier(verifier.clone()).with_cert_resolver(credentials.clone()),
            )
        } else {
            let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&versions)?;
            let config = config.dangerous().with_custom_certificate_verifier(verifier.clone());
            Base::Client(config.with_client_cert_resolver(credentials.clone()))
        };
        let ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(Self { base, ticketer, sessions: Sessions::new(), verifier, credentials, clock: Clock::new() })
    }

    /// A connection with the given options.
    pub(crate) fn connection(&self, options: &Options) -> Result<Tls, Failure> {
        self.verifier.configure(options);
        let mut tls = match &self.base {
            Base::Client(config) => self.connect(config.clone(), options)?,
            Base::Server(config) => self.accept(config.clone(), options)?,
        };
        tls.set_write_mode(write_mode(options));
        if let Some(bytes) = options.max_send_fragment {
            tls.set_max_fragment(bytes);
        }
        Ok(tls)
    }

    fn connect(&self, mut config: ClientConfig, options: &Options) -> Result<Tls, Failure> {
        config.alpn_protocols.clone_from(&options.alpn);
        config.time_provider = self.clock.clone();
        config.enable_sni = options.host_name.is_some();
        config.max_fragment_size = fragment_size(options);
        config.require_ems = options.require_ems;
        config.resumption =
            Resumption::store(self.sessions.clone()).tls12_resumption(tls12_resumption(options.no_ticket));
        let mut context = ClientContext::new(config, AwsLcRs)?
            .eof_policy(eof_policy(options))
            .renegotiation(renegotiation(options));
        if let Some(len) = options.export {
            context = context.exporter(&options.export_label, options.export_context(), len)?;
        }
        let name = options.host_name.clone().unwrap_or_else(|| "example.com".to_string());
        let name = ServerName::try_from(name).map_err(|error| Failure::other(error.to_string()))?;
        Ok(context.connect(name, buffers())?)
    }

    fn accept(&self, mut config: ServerConfig, options: &Options) -> Result<Tls, Failure> {
        config.alpn_protocols.clone_from(&options.alpn);
        config.time_provider = self.clock.clone();
        config.ignore_client_order = options.server_preference;
        config.max_fragment_size = fragment_size(options);
        config.require_ems = options.require_ems;
        config.session_storage = self.sessions.clone();
        if options.no_ticket {
            config.send_tls13_tickets = 0;
        } else {
            config.ticketer = self.ticketer.clone();
        }
        let mut context = ServerContext::new(config, AwsLcRs)?
            .eof_policy(eof_policy(options))
            .renegotiation(renegotiation(options));
        if let Some(len) = options.export {
            context = context.exporter(&options.export_label, options.export_context(), len)?;
        }
        Ok(context.accept(buffers())?)
    }
}

fn buffers() -> Buffers<Box<[u8]>> {
    Buffers::heap_of(TLS_IN, TLS_OUT)
}

/// rustls counts the header in.
fn fragment_size(options: &Options) -> Option<usize> {
    options.max_send_fragment.map(|bytes| bytes + RECORD_HEADER)
}

/// The crypto, with the groups of `-curves` in their order, or BoringSSL's default.
fn provider(identity: &Identity) -> Result<CryptoProvider, Failure> {
    let mut provider = aws_lc_rs::default_provider();
    if identity.curves.is_empty() {
        provider.kx_groups.retain(|group| group.name() != NamedGroup::X25519MLKEM768);
    } else {
        let find = |name| aws_lc_rs::ALL_KX_GROUPS.iter().copied().find(|group| group.name() == name);
        provider.kx_groups = identity.curves.iter().copied().filter_map(find).collect();
        if provider.kx_groups.is_empty() {
            return Err(Failure::Unimplemented(format!("-curves {:?}", identity.curves)));
        }
    }
    Ok(provider)
}

fn versions(identity: &Identity) -> Result<Vec<&'static SupportedProtocolVersion>, Failure> {
    let versions: Vec<_> =
        rustls::ALL_VERSIONS.iter().copied().filter(|version| identity.allows(version.version)).collect();
    if versions.is_empty() { Err(Failure::other("no protocol version is on")) } else { Ok(versions) }
}

fn tls12_resumption(no_ticket: bool) -> Tls12Resumption {
    if no_ticket { Tls12Resumption::SessionIdOnly } else { Tls12Resumption::SessionIdOrTickets }
}

/// Without `-check-close-notify` BoringSSL's shim takes the end of the stream for an orderly end.
fn eof_policy(options: &Options) -> EofPolicy {
    if options.check_close_notify { EofPolicy::Refuse } else { EofPolicy::Close }
}

fn renegotiation(options: &Options) -> Renegotiation {
    if options.renegotiate_ignore { Renegotiation::Refuse } else { Renegotiation::Abort }
}

fn write_mode(options: &Options) -> WriteMode {
    if options.partial_write { WriteMode::Accept } else { WriteMode::Whole { moving: false } }
}
