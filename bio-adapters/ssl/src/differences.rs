//! Where this is not OpenSSL, by choice.

/// Something that OpenSSL 3.6 does and [`Ssl`](crate::Ssl) does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A short name.
    pub id: &'static str,
    /// What OpenSSL does.
    pub openssl: &'static str,
    /// What happens here.
    pub wantls: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All of them. Everything else is the same call by call: return values, error codes, bytes in the transport, flags.
/// The differential oracle holds them to it.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        id: "bad-retry",
        openssl: "A retry that is shorter than what is committed (271), or comes from another address (127), kills the \
                  connection: the record in hand stays cut off and the peer hears nothing.",
        wantls: "The same code, and nothing changes: a correct retry goes on where the write stopped.",
        reason: "A mistake of the caller's own need not cost the connection and the data.",
    },
];
