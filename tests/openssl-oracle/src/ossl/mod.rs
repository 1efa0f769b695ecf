//! OpenSSL 3.6 as a [`Library`]: each end is an `SSL` on one half of a BIO pair.
//!
//! The error queue and `errno` are emptied before each call, as the manual asks, so that the first queue
//! entry and `SSL_get_error` belong to that call.

mod credentials;
mod end;
pub(crate) mod ffi;
mod handshake;
pub(crate) mod pair;

pub use end::Ossl;
pub use pair::BioPair;

use crate::setup::{AMPLE, Ends, Library, Setup, Start};
use end::Side;

/// The vendored OpenSSL on both sides.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenSsl;

impl OpenSsl {
    /// The two ends as their own type, for what only OpenSSL can do.
    #[must_use]
    pub fn ends(&self, setup: &Setup) -> (Ossl, Ossl) {
        let subject = Side { role: setup.role, options: setup.options };
        let peer = Side { role: setup.role.other(), options: crate::setup::Options::default() };
        match setup.start {
            Start::Fresh => (
                Ossl::fresh(setup.version, subject, setup.out_capacity, setup.in_capacity),
                Ossl::fresh(setup.version, peer, AMPLE, AMPLE),
            ),
            Start::Established => handshake::established(setup, subject, peer),
        }
    }
}

impl Library for OpenSsl {
    fn name(&self) -> &'static str {
        "openssl"
    }

    fn open(&self, setup: &Setup) -> Ends {
        let (subject, peer) = self.ends(setup);
        Ends { subject: Box::new(subject), peer: Box::new(peer) }
    }
}

/// The version text of the library that is really linked.
#[must_use]
pub fn version() -> &'static str {
    openssl::version::version()
}

/// The end under test, before its handshake: the subject of a pair whose peer is another library's.
#[must_use]
pub fn subject(setup: &Setup) -> Ossl {
    let side = Side { role: setup.role, options: setup.options };
    Ossl::fresh(setup.version, side, setup.out_capacity, setup.in_capacity)
}

/// An end that plays `role`, scripted, on ample pairs: the peer of another library's end.
#[must_use]
pub fn peer(version: crate::setup::Version, role: crate::setup::Role) -> Ossl {
    Ossl::fresh(version, Side { role, options: crate::setup::Options::default() }, AMPLE, AMPLE)
}
