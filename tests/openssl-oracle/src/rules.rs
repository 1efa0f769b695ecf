//! Every rule that is to be accounted for, and the reason for each that has no test.

/// The families of rules and how many each has.
pub const FAMILIES: [(char, usize); 10] = [
    ('w', 18),
    ('r', 18),
    ('s', 12),
    ('h', 22),
    ('b', 16),
    ('e', 13),
    ('m', 15),
    ('f', 13),
    ('d', 13),
    ('v', 28),
];

const SOURCE: &str = "read in the source, not observable from outside";
const MANUAL: &str = "advice of the manual to callers, nothing to observe";
const VERSION_4: &str = "describes OpenSSL 4";
const QUIC: &str = "QUIC is out of scope";
const KTLS: &str = "the OpenSSL of the tests is built without kernel TLS";

/// Rules without a test, each with its reason.
pub const WITHOUT_TEST: &[(&str, &str)] = &[
    ("r14", "no library sends more than 32 empty records; the record layer's own tests do"),
    ("r15", "no library sends ignored warnings; the record layer's own tests do"),
    ("h17", "a summary of other rules"),
    ("e08", SOURCE),
    ("e12", MANUAL),
    ("e13", VERSION_4),
    ("m03", SOURCE),
    ("m14", "CBC suites are not offered"),
    ("m15", "asynchronous engines are not offered"),
    ("f05", KTLS),
    ("f06", KTLS),
    ("f09", QUIC),
    ("f10", QUIC),
    ("f11", QUIC),
    ("f12", QUIC),
    ("f13", QUIC),
];

/// Rules whose tests need OpenSSL's own calls, or what only OpenSSL does, with the difference whose test shows what
/// wantls does in their place.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("w18", "warnings-are-kept"),
    ("r18", "error-belongs-to-ssl"),
    ("s05", "shutdown-finishes-record"),
    ("h10", "not-offered"),
    ("h11", "handshake-is-rustls"),
    ("h18", "no-renegotiation"),
    ("h20", "no-renegotiation"),
    ("h21", "no-renegotiation"),
    ("e07", "not-offered"),
    ("m07", "not-offered"),
    ("m11", "not-offered"),
    ("f03", "not-offered"),
    ("f07", "handshake-is-rustls"),
    ("f08", "handshake-is-rustls"),
    ("d01", "one-key-update"),
    ("d02", "warnings-are-kept"),
    ("d05", "warnings-are-kept"),
    ("d06", "shutdown-finishes-record"),
    ("d08", "sticky-errors"),
    ("d09", "sticky-errors"),
    ("d10", "no-renegotiation"),
    ("d11", "handshake-is-rustls"),
    ("d12", "no-renegotiation"),
    ("d13", "truncation-is-told"),
];
