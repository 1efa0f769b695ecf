//! Exported keying material (RFC 8446 section 7.5, RFC 5705).
//!
//! The unbuffered API has no exporter. What one needs passes through the config's key log, and for TLS 1.2 the server's
//! random stands in the ServerHello; the derivations are done by the hash and PRF of the suite that was negotiated.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use arrayvec::ArrayVec;
use once_cell::race::OnceBox;
use rustls::crypto::tls13::{HkdfExpander, OkmBlock};
use rustls::{KeyLog, SupportedCipherSuite};
use zeroize::Zeroizing;

use super::session::{Exported, Exporter};
use crate::record::ContentType;
use crate::record::header::{HEADER_LEN, Header};

/// What the key log calls the secrets that exporters start from (RFC 9850).
const EXPORTER_SECRET: &str = "EXPORTER_SECRET";
const MASTER_SECRET: &str = "CLIENT_RANDOM";

const RANDOM_LEN: usize = 32;

/// Bytes of a ServerHello up to the end of its random: header, version, random.
const HELLO_PREFIX: usize = 4 + 2 + RANDOM_LEN;

/// Collects what exporters need while a handshake runs.
pub(super) struct Exporters {
    tap: Arc<SecretTap>,
    server_random: ServerRandom,
}

impl Exporters {
    /// Also gives the key log that the engine has to be configured with.
    pub(super) fn new(inner: Arc<dyn KeyLog>) -> (Self, Arc<dyn KeyLog>) {
        let tap = Arc::new(SecretTap { inner, seen: OnceBox::new() });
        (Self { tap: tap.clone(), server_random: ServerRandom::default() }, tap)
    }

    /// Looks at plaintext records of the server, each once and in order.
    pub(super) fn watch(&mut self, records: &[u8]) {
        self.server_random.watch(records);
    }

    /// Derives the material that `exporter` asks for.
    pub(super) fn export(
        &self,
        suite: SupportedCipherSuite,
        exporter: &Exporter,
    ) -> Result<Exported, rustls::Error> {
        let missing = || rustls::Error::General("the handshake gave no secret to export from".into());
        let seen = self.tap.seen.get().ok_or_else(missing)?;
        match suite {
            SupportedCipherSuite::Tls13(suite) => {
                let expander = suite.hkdf_provider.expander_for_okm(&OkmBlock::new(&seen.secret));
                let hash = suite.common.hash_provider;
                let secret = Zeroizing::new(derive(
                    expander.as_ref(),
                    &exporter.label,
                    hash.start().finish().as_ref(),
                    expander.hash_len(),
                )?);
                let context = hash.hash(exporter.context.as_deref().unwrap_or_default());
                let expander = suite.hkdf_provider.expander_for_okm(&OkmBlock::new(&secret));
                let material = derive(expander.as_ref(), b"exporter", context.as_ref(), exporter.len)?;
                Ok(Exported::new(exporter.clone(), material))
            }
            #[cfg(feature = "tls12")]
            SupportedCipherSuite::Tls12(suite) => {
                let server_random = self.server_random.get().ok_or_else(missing)?;
                let mut seed = [seen.client_random.as_slice(), server_random].concat();
                if let Some(context) = &exporter.context {
                    let len = u16::try_from(context.len())
                        .map_err(|_| rustls::Error::General("an exporter's context is too long".into()))?;
                    seed.extend_from_slice(&len.to_be_bytes());
                    seed.extend_from_slice(context);
                }
                let mut material = alloc::vec![0; exporter.len];
                suite.prf_provider.for_secret(&mut material, &seen.secret, &exporter.label, &seed);
                Ok(Exported::new(exporter.clone(), material))
            }
        }
    }
}

/// HKDF-Expand-Label (RFC 8446 section 7.1).
fn derive(
    expander: &dyn HkdfExpander,
    label: &[u8],
    context: &[u8],
    len: usize,
) -> Result<Vec<u8>, rustls::Error> {
    const PREFIX: &[u8] = b"tls13 ";
    let refused = || rustls::Error::General("an exporter's label is too long".into());
    let label_len = u8::try_from(PREFIX.len() + label.len()).map_err(|_| refused())?;
    let context_len = u8::try_from(context.len()).map_err(|_| refused())?;
    let mut out = alloc::vec![0; len];
    let out_len = u16::try_from(len).map_err(|_| refused())?.to_be_bytes();
    let info: [&[u8]; 6] = [&out_len, &[label_len], PREFIX, label, &[context_len], context];
    expander.expand_slice(&info, &mut out).map_err(|_| refused())?;
    Ok(out)
}

/// Remembers the exporter secret, or the master secret, on its way to the key log.
struct SecretTap {
    inner: Arc<dyn KeyLog>,
    seen: OnceBox<Seen>,
}

struct Seen {
    #[cfg_attr(not(feature = "tls12"), expect(dead_code, reason = "TLS 1.3 exports without it"))]
    client_random: [u8; RANDOM_LEN],
    secret: Zeroizing<Vec<u8>>,
}

impl KeyLog for SecretTap {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let (EXPORTER_SECRET | MASTER_SECRET, Ok(client_random)) = (label, client_random.try_into()) {
            // A handshake has one of them, once.
            let _ = self.seen.set(Box::new(Seen { client_random, secret: Zeroizing::new(secret.to_vec()) }));
        }
        self.inner.log(label, client_random, secret);
    }

    fn will_log(&self, label: &str) -> bool {
        matches!(label, EXPORTER_SECRET | MASTER_SECRET) || self.inner.will_log(label)
    }
}

impl fmt::Debug for SecretTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretTap").finish_non_exhaustive()
    }
}

/// Finds the random in the server's first handshake message, however its records are cut.
#[derive(Default)]
struct ServerRandom {
    prefix: ArrayVec<u8, HELLO_PREFIX>,
}

impl ServerRandom {
    fn watch(&mut self, mut records: &[u8]) {
        while let Some(header) = Header::parse(records).filter(|h| h.record_len() <= records.len()) {
            let (record, rest) = records.split_at(header.record_len());
            records = rest;
            if header.typ == ContentType::Handshake as u8 {
                let body = &record[HEADER_LEN..];
                let n = body.len().min(self.prefix.remaining_capacity());
                self.prefix.extend(body[..n].iter().copied());
            }
        }
    }

    #[cfg(feature = "tls12")]
    fn get(&self) -> Option<&[u8]> {
        self.prefix.get(HELLO_PREFIX - RANDOM_LEN..HELLO_PREFIX)
    }
}
