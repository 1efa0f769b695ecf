//! How a pair of ends is made: version, role, capacities, options.

use crate::subject::{Deviation, Subject};

/// The protocol version, with the one suite that is used for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Version {
    /// TLS 1.2, `ECDHE-ECDSA-AES128-GCM-SHA256`.
    Tls12,
    /// TLS 1.3, `TLS_AES_128_GCM_SHA256`.
    Tls13,
}

impl Version {
    /// What a record adds to its plaintext, in bytes: header, explicit nonce or type byte, and tag.
    #[must_use]
    pub const fn overhead(self) -> usize {
        match self {
            Self::Tls12 => 5 + 8 + 16,
            Self::Tls13 => 5 + 1 + 16,
        }
    }

    /// Bytes on the wire of one record with `n` plaintext bytes: `W(n)` in the rules.
    #[must_use]
    pub const fn wire(self, n: usize) -> usize {
        n + self.overhead()
    }
}

/// Which side of the connection the subject is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// The subject connects.
    Client,
    /// The subject accepts.
    Server,
}

impl Role {
    /// The peer's role.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How far the ends are when they are handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// Roles are set, nothing has been sent.
    Fresh,
    /// The handshake is complete (resumed, so that it is cheap), no tickets are outstanding.
    Established,
}

/// `SSL_OP_...` and similar choices of the subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `SSL_OP_NO_RENEGOTIATION`.
    pub no_renegotiation: bool,
    /// `SSL_OP_IGNORE_UNEXPECTED_EOF`.
    pub ignore_eof: bool,
    /// `SSL_set_read_ahead`.
    pub read_ahead: bool,
    /// `SSL_set_quiet_shutdown`.
    pub quiet: bool,
    /// How many tickets a TLS 1.3 server sends after its handshake.
    pub tickets: usize,
    /// `SSL_set_block_padding`; 0 is off.
    pub block_padding: usize,
    /// A client that demands a certificate it can verify, which the tests' own is not.
    pub verify: bool,
    /// `SSL_OP_ALLOW_CLIENT_RENEGOTIATION`.
    pub allow_client_renegotiation: bool,
}

/// Everything that is fixed before the first step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The only version both ends allow.
    pub version: Version,
    /// The subject's role.
    pub role: Role,
    /// Capacity of the pair that the subject writes to, in bytes.
    pub out_capacity: usize,
    /// Capacity of the pair that the subject reads from, in bytes.
    pub in_capacity: usize,
    /// How far the handshake is.
    pub start: Start,
    /// The subject's options.
    pub options: Options,
}

impl Setup {
    /// An established client with the given outgoing capacity and ample room for input.
    #[must_use]
    pub const fn client(version: Version, out_capacity: usize) -> Self {
        Self {
            version,
            role: Role::Client,
            out_capacity,
            in_capacity: AMPLE,
            start: Start::Established,
            options: Options {
                no_renegotiation: false,
                ignore_eof: false,
                read_ahead: false,
                quiet: false,
                tickets: 0,
                block_padding: 0,
                verify: false,
                allow_client_renegotiation: false,
            },
        }
    }

    /// The same with the roles exchanged.
    #[must_use]
    pub const fn server(version: Version, out_capacity: usize) -> Self {
        Self { role: Role::Server, ..Self::client(version, out_capacity) }
    }

    /// The same before the handshake.
    #[must_use]
    pub const fn fresh(self) -> Self {
        Self { start: Start::Fresh, ..self }
    }

    /// The same with other options.
    #[must_use]
    pub const fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }
}

/// A capacity that no single peer action fills, so that the peer itself never blocks.
pub const AMPLE: usize = 256 * 1024;

/// The two ends of a connection; bytes only move when somebody carries them.
pub struct Ends {
    /// The end under test.
    pub subject: Box<dyn Subject>,
    /// The scripted end, whose pairs are [`AMPLE`].
    pub peer: Box<dyn Subject>,
}

impl core::fmt::Debug for Ends {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ends").finish_non_exhaustive()
    }
}

/// Something that can make a pair of ends: OpenSSL, the model, or wantls.
pub trait Library: Sync {
    /// The name in reports.
    fn name(&self) -> &'static str;
    /// Makes a pair. Panics if the library cannot be set up at all, which no schedule can cause.
    fn open(&self, setup: &Setup) -> Ends;

    /// The deviation that the ends have run into, if a guide.
    fn deviation(&self, ends: &Ends) -> Option<Deviation> {
        ends.subject.deviation()
    }
}
