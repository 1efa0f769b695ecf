//! Session stores that count what is put into them, so that `-expect-…-session` can be checked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};

const SESSIONS: usize = 32;

/// The sessions of the process, as a client and as a server.
pub(crate) struct Sessions {
    client: ClientSessionMemoryCache,
    server: Arc<ServerSessionMemoryCache>,
    stored: AtomicUsize,
}

impl Sessions {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            client: ClientSessionMemoryCache::new(SESSIONS),
            server: ServerSessionMemoryCache::new(SESSIONS),
            stored: AtomicUsize::new(0),
        })
    }

    /// Sessions stored since the last call.
    pub(crate) fn take_count(&self) -> usize {
        self.stored.swap(0, Ordering::Relaxed)
    }

    fn count(&self) {
        self.stored.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("stored", &self.stored).finish_non_exhaustive()
    }
}

impl ClientSessionStore for Sessions {
    /// Forgets the group: the runner decides in each connection whether the first guess is wrong.
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.count();
        self.client.set_tls12_session(name, session);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.client.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.client.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.count();
        self.client.insert_tls13_ticket(name, ticket);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.client.take_tls13_ticket(name)
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.count();
        self.server.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.server.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.server.take(key)
    }

    fn can_cache(&self) -> bool {
        self.server.can_cache()
    }
}
