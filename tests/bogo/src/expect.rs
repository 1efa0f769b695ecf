//! The checks of `-expect-…`.

use rustls::HandshakeKind;
use wantls::{Session, Version};

use crate::config::Shared;
use crate::credentials::certificates;
use crate::failure::Failure;
use crate::flags::Options;

/// Checks what the handshake gave.
pub(crate) fn handshake(
    options: &Options,
    shared: &Shared,
    session: &Session,
    is_resume: bool,
) -> Result<(), Failure> {
    let expect = &options.expect;
    let resumed = session.kind == Some(HandshakeKind::Resumed);
    check("resumption", is_resume && !expect.session_miss, resumed)?;
    let version = match session.version {
        Version::Tls12 => 0x0303,
        Version::Tls13 => 0x0304,
        _ => return Err(Failure::Unimplemented(format!("{:?}", session.version))),
    };
    if_some(expect.version, |wanted| check("version", wanted, version))?;
    if_some(expect.cipher, |wanted| check("cipher", wanted, u16::from(session.suite)))?;
    if_some(expect.curve.filter(|_| session.group.is_some()), |wanted| {
        check("curve", Some(wanted), session.group)
    })?;
    if_some(expect.alpn.as_ref(), |wanted| {
        check("protocol", wanted.as_slice(), session.alpn.as_deref().unwrap_or_default())
    })?;
    if_some(expect.advertised_alpn.as_ref(), |wanted| {
        check("offered protocols", wanted, &shared.credentials.offered_alpn())
    })?;
    if_some(expect.server_name.as_deref(), |wanted| {
        check("server name", Some(wanted), session.server_name.as_deref())
    })?;
    if_some(expect.peer_signature_algorithm, |wanted| {
        check("signature scheme", Some(wanted), shared.verifier.seen().scheme)
    })?;
    if_some(expect.ocsp_response.as_ref(), |wanted| {
        check("OCSP response", wanted, &shared.verifier.seen().ocsp_response)
    })?;
    if_some(expect.peer_cert_file.as_ref(), |file| {
        check("peer certificates", &certificates(file)?, &session.peer_certificates)
    })?;
    // A handshake that resumes does not tell whether it took a HelloRetryRequest.
    if_some(expect.hrr.filter(|_| !resumed), |wanted| {
        check("HelloRetryRequest", wanted, session.kind == Some(HandshakeKind::FullWithHelloRetryRequest))
    })?;
    if expect.secure_renegotiation && session.version == Version::Tls12 {
        // Said of every TLS 1.3 connection; of one of TLS 1.2 rustls does not tell it.
        return Err(Failure::Unimplemented("-expect-secure-renegotiation in TLS 1.2".into()));
    }
    Ok(())
}

/// Checks what was stored by the end of a connection.
pub(crate) fn stored_sessions(
    options: &Options,
    shared: &Shared,
    session: Option<&Session>,
) -> Result<(), Failure> {
    let (expect, stored) = (&options.expect, shared.sessions.take_count());
    if expect.no_session {
        check("sessions stored", 0, stored)?;
    }
    if expect.ticket_renewal {
        check("a session stored", true, stored > 0)?;
    }
    // In TLS 1.2 rustls keeps a session besides the ticket that it gives, and does not store anew what it resumes.
    let is_tls12 = session.is_some_and(|session| session.version == Version::Tls12);
    let resumed = session.is_some_and(|session| session.kind == Some(HandshakeKind::Resumed));
    if_some(expect.session_id.filter(|wanted| *wanted || !is_tls12), |wanted| {
        check("a session in the cache", wanted, stored > 0 || resumed && is_tls12)
    })
}

fn if_some<T>(wanted: Option<T>, check: impl FnOnce(T) -> Result<(), Failure>) -> Result<(), Failure> {
    wanted.map_or(Ok(()), check)
}

fn check<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    what: &str,
    wanted: T,
    got: U,
) -> Result<(), Failure> {
    if wanted == got { Ok(()) } else { Err(Failure::other(format!("{what}: {got:?}, not {wanted:?}"))) }
}
