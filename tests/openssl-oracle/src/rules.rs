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
const KTLS: &str = "kernel TLS is out of scope";
const EARLY: &str = "early data is out of scope";

/// Rules without a test, each with its reason.
pub const WITHOUT_TEST: &[(&str, &str)] = &[
    ("r12", "needs a BIO that fails without retry flag and without EOF; a pair never does"),
    ("r14", "no library sends more than 32 empty records; the record layer's own tests do"),
    ("r15", "no library sends ignored warnings; the record layer's own tests do"),
    ("h11", "pauses in certificate and verification callbacks are not offered"),
    ("h17", "a summary of other rules"),
    ("e07", "needs a BIO that sets the other direction's flag; a pair never does"),
    ("e08", SOURCE),
    ("e12", MANUAL),
    ("e13", VERSION_4),
    ("m03", SOURCE),
    ("m14", "CBC suites are not offered"),
    ("m15", "asynchronous engines are not offered"),
    ("f05", KTLS),
    ("f06", KTLS),
    ("f07", EARLY),
    ("f08", EARLY),
    ("f09", QUIC),
    ("f10", QUIC),
    ("f11", QUIC),
    ("f12", QUIC),
    ("f13", QUIC),
    ("d03", "needs a certificate chain beyond 4096 bytes in a handshake driven by short writes"),
    ("d04", "needs a handshake message beyond 16384 bytes driven by long writes"),
    ("d07", "needs a BIO that returns 0 without retry flag; a pair never does"),
    ("d11", EARLY),
];
