//! The connection object: roles, settings, questions. The calls are in the files beside.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

use wantls::rustls::pki_types::ServerName;
use wantls::rustls::{CipherSuite, HandshakeKind};
use wantls::{Connection, Role, Version};
use wantls_transport::Transport;

use crate::link::Link;
use crate::{Failure, KeyUpdateType, Mode, ShutdownState, SslContext, Wanting};

pub(crate) type Tls = Connection<Box<[u8]>>;

/// A TLS connection on a transport, with the calls, return values and codes of OpenSSL's `SSL`.
///
/// Calls answer with OpenSSL's return values: a count or 1; 0 or -1 if there is something to find out with
/// [`get_error`](Self::get_error). [`check`](Self::check) turns them into a `Result`. Rules like "W8" are explained in
/// the project's `docs/SEMANTICS.md`.
///
/// Bytes move inside calls only, and only those that a call pushes or needs: over a bounded transport such as a BIO
/// pair each call leaves behind what OpenSSL would leave.
pub struct Ssl<T: Transport> {
    pub(crate) context: SslContext,
    pub(crate) host_name: Option<ServerName<'static>>,
    pub(crate) role: Option<Role>,
    /// Made when it is needed first.
    pub(crate) tls: Option<Tls>,
    pub(crate) link: Link<T>,

    pub(crate) mode: Mode,
    pub(crate) fragments: Fragments,
    pub(crate) quiet: bool,

    /// The handshake has finished, and its last flight has left.
    pub(crate) connected: bool,
    /// The KeyUpdate that [`key_update`](Self::key_update) scheduled and no call has begun to send.
    pub(crate) key_update: Option<KeyUpdateType>,
    /// A KeyUpdate has to leave before anything else is written.
    pub(crate) owes_key_update: bool,
    /// Our close_notify has not left completely.
    pub(crate) closing: bool,
    pub(crate) shutdown: ShutdownState,
    /// OpenSSL counts the close_notify of TLS 1.3 as pending for ever.
    pub(crate) keeps_close_notify: bool,

    pub(crate) want: Wanting,
    pub(crate) failure: Option<Failure<T::Error>>,
}

impl<T: Transport> Ssl<T> {
    /// `SSL_new(3)` and `SSL_set_bio(3)`: a connection on `transport`, a BIO pair's half for instance. It has no role
    /// yet, and nothing is sent.
    pub fn new(context: &SslContext, transport: T) -> Self {
        Self {
            context: context.clone(),
            host_name: None,
            role: None,
            tls: None,
            link: Link::new(transport),
            mode: context.mode,
            fragments: Fragments::default(),
            quiet: false,
            connected: false,
            key_update: None,
            owes_key_update: false,
            closing: false,
            shutdown: ShutdownState::EMPTY,
            keeps_close_notify: false,
            want: Wanting::Nothing,
            failure: None,
        }
    }

    // --- roles ---

    /// `SSL_set_connect_state(3)`: this side is the client. A connection that exists already is thrown away (H2).
    pub fn set_connect_state(&mut self) {
        self.restart(Role::Client);
    }

    /// `SSL_set_accept_state(3)`: this side is the server. A connection that exists already is thrown away (H2).
    pub fn set_accept_state(&mut self) {
        self.restart(Role::Server);
    }

    /// `SSL_is_server(3)`; true before a role is set, as in OpenSSL.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.role != Some(Role::Client)
    }

    /// `SSL_set_tlsext_host_name(3)` and `SSL_set1_host(3)` in one: the server to ask for, and to verify the
    /// certificate against. A client needs it before its handshake. 1, or 0 if `name` is neither a host name nor an
    /// IP address.
    pub fn set_tlsext_host_name(&mut self, name: &str) -> i32 {
        self.host_name = ServerName::try_from(name.to_string()).ok();
        i32::from(self.host_name.is_some())
    }

    fn restart(&mut self, role: Role) {
        self.role = Some(role);
        self.tls = None;
        self.link.at_end = false;
        self.connected = false;
        self.key_update = None;
        self.owes_key_update = false;
        self.closing = false;
        self.keeps_close_notify = false;
        self.shutdown = ShutdownState::EMPTY;
        self.want = Wanting::Nothing;
        self.failure = None;
    }

    // --- settings ---

    /// `SSL_set_mode(3)`: adds modes; returns the new mask. They count from the next call on, in the middle of an
    /// unfinished write too (M1, M2).
    pub fn set_mode(&mut self, mode: Mode) -> Mode {
        self.mode = self.mode | mode;
        self.mode
    }

    /// `SSL_clear_mode(3)`: removes modes; returns the new mask.
    pub fn clear_mode(&mut self, mode: Mode) -> Mode {
        self.mode = self.mode & !mode;
        self.mode
    }

    /// `SSL_get_mode(3)`.
    #[must_use]
    pub fn get_mode(&self) -> Mode {
        self.mode
    }

    /// `SSL_set_max_send_fragment(3)`: the most plaintext of a record, 512 to 16384 bytes, from the next record on. 1,
    /// or 0 if `bytes` is out of bounds. It lowers the split size, and raising it again does not raise that (M8).
    pub fn set_max_send_fragment(&mut self, bytes: i64) -> i32 {
        let accepted = self.fragments.set_max(bytes);
        self.apply_fragments();
        i32::from(accepted)
    }

    /// `SSL_set_split_send_fragment(3)`: the plaintext of each record, 1 to the maximum. 1, or 0 if `bytes` is out of
    /// bounds. It bounds every record, as in OpenSSL since 3.2 (M9).
    pub fn set_split_send_fragment(&mut self, bytes: i64) -> i32 {
        let accepted = self.fragments.set_split(bytes);
        self.apply_fragments();
        i32::from(accepted)
    }

    fn apply_fragments(&mut self) {
        if let (Some(tls), Some(bytes)) = (&mut self.tls, self.fragments.changed()) {
            tls.set_max_fragment(bytes);
        }
    }

    // --- questions ---

    /// `SSL_want(3)`: which operation of the transport the last call stopped in.
    pub fn want(&self) -> Wanting {
        self.want
    }

    /// `SSL_in_init(3)`: the handshake has not finished, or a KeyUpdate has not left, or the connection has failed.
    #[must_use]
    pub fn in_init(&self) -> bool {
        let failed = self.tls.as_ref().is_some_and(|tls| tls.fault().is_some());
        !self.connected || self.owes_key_update || failed
    }

    /// `SSL_is_init_finished(3)`.
    #[must_use]
    pub fn is_init_finished(&self) -> bool {
        !self.in_init()
    }

    /// `SSL_version(3)`, once the handshake has agreed on one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.tls.as_ref()?.session().map(|session| session.version)
    }

    /// `SSL_get_version(3)`: the version's name, `"unknown"` before there is one.
    #[must_use]
    pub fn get_version(&self) -> &'static str {
        match self.version() {
            Some(Version::Tls12) => "TLSv1.2",
            Some(Version::Tls13) => "TLSv1.3",
            _ => "unknown",
        }
    }

    /// `SSL_get_current_cipher(3)`: the suite, as IANA names it, once the handshake has finished.
    #[must_use]
    pub fn current_cipher(&self) -> Option<CipherSuite> {
        self.tls.as_ref()?.session().map(|session| session.suite)
    }

    /// `SSL_session_reused(3)`: 1 if the handshake resumed a session, else 0.
    #[must_use]
    pub fn session_reused(&self) -> i32 {
        let session = self.tls.as_ref().and_then(Connection::session);
        i32::from(session.is_some_and(|session| session.kind == Some(HandshakeKind::Resumed)))
    }

    /// `SSL_renegotiate(3)`: there is no renegotiation. 0 with [`WRONG_SSL_VERSION`](crate::Reason::WRONG_SSL_VERSION) in
    /// TLS 1.3, else with [`NO_RENEGOTIATION`](crate::Reason::NO_RENEGOTIATION), as with `SSL_OP_NO_RENEGOTIATION`
    /// (H18).
    pub fn renegotiate(&mut self) -> i32 {
        self.clear_error();
        let tls13 = self.is_tls13();
        self.refuse(if tls13 { crate::Reason::WRONG_SSL_VERSION } else { crate::Reason::NO_RENEGOTIATION }, 0)
    }

    /// `SSL_renegotiate_pending(3)`: 0.
    #[must_use]
    pub fn renegotiate_pending(&self) -> i32 {
        0
    }

    pub(crate) fn is_tls13(&self) -> bool {
        self.version() == Some(Version::Tls13)
    }

    // --- the parts ---

    /// The connection, for what OpenSSL has no call for; `None` before it is begun.
    #[must_use]
    pub fn connection(&self) -> Option<&Connection<Box<[u8]>>> {
        self.tls.as_ref()
    }

    /// The transport (`SSL_get_wbio`).
    pub fn transport(&self) -> &T {
        &self.link.transport
    }

    /// The transport. Another one may take its place (`SSL_set_bio`): what is queued goes to the new one.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.link.transport
    }

    /// The connection and the transport, apart. What is queued and not sent is in the connection.
    pub fn into_parts(self) -> (Option<Connection<Box<[u8]>>>, T) {
        (self.tls, self.link.transport)
    }
}

impl<T: Transport> fmt::Debug for Ssl<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ssl")
            .field("role", &self.role)
            .field("connection", &self.tls)
            .field("shutdown", &self.shutdown)
            .field("want", &self.want)
            .finish_non_exhaustive()
    }
}

/// The two bounds of a record's plaintext (M8, M9).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragments {
    max: usize,
    split: usize,
    changed: bool,
}

impl Default for Fragments {
    fn default() -> Self {
        Self { max: MAX_PLAINTEXT, split: MAX_PLAINTEXT, changed: false }
    }
}

impl Fragments {
    /// The bound in force, if one was ever set: the context has its own.
    pub(crate) fn changed(&self) -> Option<usize> {
        self.changed.then_some(self.split)
    }

    fn set_max(&mut self, bytes: i64) -> bool {
        match usize::try_from(bytes) {
            Ok(max @ MIN_MAX_FRAGMENT..=MAX_PLAINTEXT) => {
                *self = Self { max, split: self.split.min(max), changed: true };
                true
            }
            _ => false,
        }
    }

    fn set_split(&mut self, bytes: i64) -> bool {
        match usize::try_from(bytes) {
            Ok(split) if (1..=self.max).contains(&split) => {
                *self = Self { split, changed: true, ..*self };
                true
            }
            _ => false,
        }
    }
}

/// The longest plaintext of a record (RFC 8446 section 5.1).
const MAX_PLAINTEXT: usize = 16384;
/// The least that `SSL_set_max_send_fragment` takes.
const MIN_MAX_FRAGMENT: usize = 512;
