//! Handshakes between two OpenSSL ends, out of sight of the schedule.
//!
//! They run with the two SSL objects on the two halves of one pair, so that no bytes have to be carried;
//! afterwards each end is put on a pair of its own with the chosen capacity.

use super::credentials;
use super::end::{Ossl, Side};
use super::{ffi, pair};
use crate::setup::{AMPLE, Options, Role, Setup, Version};
use crate::subject::{Subject, code};
use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::ssl::SslSession;

/// Two connected ends by resumption, each on its own fresh pair.
pub(crate) fn established(setup: &Setup, subject: Side, peer: Side) -> (Ossl, Ossl) {
    let mut subject_end = Ossl::fresh(setup.version, subject, 1, 1);
    let mut peer_end = Ossl::fresh(setup.version, peer, 1, 1);
    let session = credentials::of(setup.version).session(setup.version);
    match setup.role {
        Role::Client => join(&mut subject_end, &mut peer_end, Some(session)),
        Role::Server => join(&mut peer_end, &mut subject_end, Some(session)),
    }
    subject_end.use_pair(setup.out_capacity, setup.in_capacity);
    peer_end.use_pair(AMPLE, AMPLE);
    (subject_end, peer_end)
}

/// A full handshake, for its session.
pub(crate) fn full(version: Version, client: Options, server: Options) -> SslSession {
    let mut client = Ossl::fresh(version, Side { role: Role::Client, options: client }, 1, 1);
    let mut server = Ossl::fresh(version, Side { role: Role::Server, options: server }, 1, 1);
    join(&mut client, &mut server, None);
    // A TLS 1.3 client meets the ticket only when it reads.
    let read = client.read(0);
    assert_eq!(read.error, code::WANT_READ, "quiet after the handshake");
    // A connection that is freed without a shutdown takes its session with it.
    client.set_shutdown(code::SENT | code::RCVD);
    client.session()
}

fn join(client: &mut Ossl, server: &mut Ossl, session: Option<&SslSession>) {
    let halves = pair::new(AMPLE, AMPLE);
    client.use_bio(halves.ssl);
    server.use_bio(halves.net);
    if let Some(session) = session {
        client.resume(&copy(session));
    }
    for _ in 0..8 {
        let finished = client.do_handshake().ret == 1;
        if server.do_handshake().ret == 1 && finished {
            assert_eq!(client.resumed(), session.is_some(), "cheap handshakes are resumptions");
            return;
        }
    }
    panic!("the handshake does not finish: {:?} {:?}", client.do_handshake(), server.do_handshake());
}

/// A fatal error marks the session object as not resumable, so each connection gets its own.
fn copy(session: &SslSession) -> SslSession {
    // SAFETY: the session is valid and the function only reads it.
    let copy = unsafe { ffi::SSL_SESSION_dup(session.as_ref().as_ptr()) };
    assert!(!copy.is_null(), "SSL_SESSION_dup failed");
    // SAFETY: a fresh reference that nobody else owns.
    unsafe { SslSession::from_ptr(copy) }
}
