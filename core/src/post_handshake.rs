//! Handshake messages after the handshake: KeyUpdate, NewSessionTicket, and TLS 1.2's requests to renegotiate.

use alloc::vec::Vec;

use arrayvec::ArrayVec;

use crate::buffers::RESERVE_ALERTS;
use crate::connection::{Connection, Role};
use crate::error::{Error, ProtocolError};
use crate::record::{ContentType, Version};
use crate::traffic::Traffic;

const HELLO_REQUEST: u8 = 0;
const CLIENT_HELLO: u8 = 1;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;

/// Bytes of a handshake message's header: type and length (RFC 8446 section 4).
const HANDSHAKE_HEADER: usize = 4;

/// The longest message that is skipped rather than refused: rustls's and OpenSSL's bound for the handshake.
const MAX_MESSAGE: usize = 0xffff;

/// A KeyUpdate that is to be sent before the next application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyUpdate {
    /// The peer shall not answer, or this is our answer.
    NotRequested = 0,
    /// The peer shall change its key as well.
    Requested = 1,
}

impl KeyUpdate {
    /// The message (RFC 8446 section 4.6.3).
    pub(crate) fn message(self) -> [u8; HANDSHAKE_HEADER + 1] {
        [KEY_UPDATE, 0, 0, 1, self as u8]
    }
}

/// What a message asks of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Nothing,
    /// Answer with a KeyUpdate before the next application data.
    KeyUpdate,
    /// Renegotiate, which never happens.
    Renegotiation,
}

impl Traffic {
    /// Processes one handshake record's plaintext: messages whole, in part, or several.
    pub(crate) fn on_handshake(&mut self, mut payload: &[u8]) -> Result<Request, Error> {
        let mut request = Request::Nothing;
        while !payload.is_empty() {
            let (version, role) = (self.version, self.role);
            // Taken out, as what the message does needs the rest of the connection.
            let mut assembler = core::mem::take(&mut self.assembler);
            let taken = assembler.feed(payload, |typ, len| fate(typ, len, version, role))?;
            payload = &payload[taken.taken..];
            if let Some(typ) = taken.message {
                self.messages += 1;
                let asked = self.on_message(typ, assembler.body(taken.direct), payload.is_empty())?;
                if asked != Request::Nothing {
                    request = asked;
                }
                assembler.next();
            }
            self.assembler = assembler;
        }
        Ok(request)
    }

    fn on_message(&mut self, typ: u8, body: Option<&[u8]>, ends_record: bool) -> Result<Request, Error> {
        match (typ, body) {
            (KEY_UPDATE, Some(body)) => self.on_key_update(body, ends_record),
            (NEW_SESSION_TICKET, body) => {
                self.fruitless.ticket()?;
                // A ticket too long to keep is as good as none.
                body.map_or(Ok(()), |body| self.store_ticket(body)).map(|()| Request::Nothing)
            }
            (HELLO_REQUEST | CLIENT_HELLO, _) => {
                self.fruitless.renegotiation()?;
                Ok(Request::Renegotiation)
            }
            (typ, _) => Err(ProtocolError::UnexpectedHandshake(typ).into()),
        }
    }

    /// RFC 8446 section 4.6.3.
    fn on_key_update(&mut self, body: &[u8], ends_record: bool) -> Result<Request, Error> {
        if !ends_record {
            return Err(ProtocolError::KeyUpdateNotAligned.into());
        }
        let request = match body {
            [0] => Request::Nothing,
            [1] => Request::KeyUpdate,
            [other] => return Err(ProtocolError::BadKeyUpdateRequest(*other).into()),
            _ => return Err(ProtocolError::BadKeyUpdate.into()),
        };
        self.fruitless.key_update()?;
        self.next_read_key()?;
        Ok(request)
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Seals the KeyUpdate that is due, if there is room. `false`: it is still due. Behind our close_notify none is
    /// sent, as nothing may follow it.
    #[inline]
    pub(crate) fn send_due_key_update(&mut self) -> Result<bool, Error> {
        match self.key_update_due {
            Some(update) if self.phase.can_write() => self.send_key_update(update),
            Some(_) | None => Ok(true),
        }
    }

    fn send_key_update(&mut self, update: KeyUpdate) -> Result<bool, Error> {
        let Some(traffic) = self.traffic.as_mut() else { return Ok(true) };
        let message = update.message();
        let needed = message.len() + traffic.sealer.overhead();
        if self.output.room() < needed + RESERVE_ALERTS {
            return Ok(false);
        }
        self.key_update_due = None;
        self.seal(ContentType::Handshake, &message)?;
        match self.key_update_sent(update) {
            Ok(()) => Ok(true),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// What follows `update`, which was the last message under the old write key.
    pub(crate) fn key_update_sent(&mut self, update: KeyUpdate) -> Result<(), Error> {
        let Some(traffic) = self.traffic.as_mut() else { return Ok(()) };
        if update == KeyUpdate::Requested {
            traffic.fruitless.key_update_asked();
        }
        traffic.next_write_key()
    }
}

/// What becomes of a message, judged by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Keep,
    /// Its type matters, its body does not.
    Skip,
}

/// Refuses by the header what has no place here, before its body can cost anything.
fn fate(typ: u8, len: usize, version: Version, role: Role) -> Result<Fate, ProtocolError> {
    match (version, role, typ) {
        (Version::Tls13, _, KEY_UPDATE) if len != 1 => Err(ProtocolError::BadKeyUpdate),
        (Version::Tls13, _, KEY_UPDATE) => Ok(Fate::Keep),
        (Version::Tls13, Role::Client, NEW_SESSION_TICKET) if len > MAX_MESSAGE => {
            Err(ProtocolError::HandshakeTooLong(len))
        }
        (Version::Tls13, Role::Client, NEW_SESSION_TICKET) => Ok(Fate::Keep),
        (Version::Tls12, Role::Client, HELLO_REQUEST) if len == 0 => Ok(Fate::Skip),
        (Version::Tls12, Role::Server, CLIENT_HELLO) if len > MAX_MESSAGE => {
            Err(ProtocolError::HandshakeTooLong(len))
        }
        (Version::Tls12, Role::Server, CLIENT_HELLO) => Ok(Fate::Skip),
        (Version::Tls12 | Version::Tls13, Role::Client | Role::Server, typ) => {
            Err(ProtocolError::UnexpectedHandshake(typ))
        }
    }
}

/// Puts messages together that are split over records. One that lies whole in a record is not copied.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    header: ArrayVec<u8, HANDSHAKE_HEADER>,
    /// The part of a split message that has arrived; `None`: the message is skipped.
    body: Option<Vec<u8>>,
    /// Bytes of the body still to come.
    missing: usize,
    /// The longest body that is put together, in bytes; longer ones are skipped.
    most: usize,
}

/// What [`Assembler::feed`] took from the payload.
struct Taken<'a> {
    taken: usize,
    /// The type of the message that is now complete.
    message: Option<u8>,
    /// Its body, where the payload holds it whole.
    direct: Option<&'a [u8]>,
}

impl Assembler {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_partial(&self) -> bool {
        !self.header.is_empty()
    }

    /// Takes bytes up to the end of a message, or all of them.
    fn feed<'a>(
        &mut self,
        payload: &'a [u8],
        judge: impl FnOnce(u8, usize) -> Result<Fate, ProtocolError>,
    ) -> Result<Taken<'a>, ProtocolError> {
        let mut rest = payload;
        if !self.header.is_full() {
            let n = self.header.remaining_capacity().min(rest.len());
            self.header.extend(rest[..n].iter().copied());
            rest = &rest[n..];
            let Some(&[typ, a, b, c]) = self.header.as_slice().first_chunk() else {
                return Ok(Taken { taken: payload.len(), message: None, direct: None });
            };
            let len = u32::from_be_bytes([0, a, b, c]) as usize;
            let keep = judge(typ, len)? == Fate::Keep && len <= self.most;
            self.body = keep.then(Vec::new);
            self.missing = len;
        }
        let n = self.missing.min(rest.len());
        let mut direct = None;
        if let Some(body) = &mut self.body {
            if n == self.missing && body.is_empty() {
                direct = Some(&rest[..n]);
            } else {
                body.extend_from_slice(&rest[..n]);
            }
        }
        self.missing -= n;
        Ok(Taken {
            taken: payload.len() - rest.len() + n,
            message: (self.missing == 0).then(|| self.header[0]),
            direct,
        })
    }

    /// The body of the message that is complete, unless it was skipped.
    fn body<'a>(&'a self, direct: Option<&'a [u8]>) -> Option<&'a [u8]> {
        direct.or(self.body.as_deref())
    }

    /// Makes ready for the next message. A ticket's memory is given back.
    fn next(&mut self) {
        *self = Self::new(self.most);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use alloc::vec;

    use super::*;
    use crate::alert::{FATAL, NO_RENEGOTIATION, WARNING};
    use crate::buffers::Buffers;
    use crate::connection::{Renegotiation, Settings};
    use crate::handshake::{
        Engine, Established, Exporter, Key, KeySchedule, Progress, Secret, Session, Status,
    };
    use crate::record::aead::{Aead, AeadError, Algorithm, RecordCrypto};
    use crate::record::seal::Sealer;
    use crate::record::testing::Glass;
    use crate::step::{Received, Step, Want};

    fn message(typ: u8, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        [&[typ, len[1], len[2], len[3]], body].concat()
    }

    /// Feeds `stream` in pieces and collects the messages.
    fn assemble(stream: &[u8], piece: usize, most: usize) -> Vec<(u8, Option<Vec<u8>>)> {
        let mut assembler = Assembler::new(most);
        let mut messages = vec![];
        for mut payload in stream.chunks(piece) {
            while !payload.is_empty() {
                let taken = assembler.feed(payload, |_, _| Ok(Fate::Keep)).unwrap_or_else(|_| unreachable!());
                payload = &payload[taken.taken..];
                if let Some(typ) = taken.message {
                    messages.push((typ, assembler.body(taken.direct).map(<[u8]>::to_vec)));
                    assembler.next();
                }
            }
        }
        assert!(!assembler.is_partial());
        messages
    }

    #[test]
    fn every_split_gives_the_same_messages() {
        let bodies: [&[u8]; 4] = [&[7; 100], &[], &[1], &[9; 30]];
        let stream: Vec<u8> = bodies.iter().enumerate().flat_map(|(i, b)| message(i as u8, b)).collect();
        let expected: Vec<_> = bodies.iter().enumerate().map(|(i, b)| (i as u8, Some(b.to_vec()))).collect();
        for piece in 1..=stream.len() {
            assert_eq!(assemble(&stream, piece, 100), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_message_longer_than_the_most_is_skipped_and_the_next_is_not() {
        let stream = [message(4, &[1; 101]), message(4, &[2; 100])].concat();
        for piece in 1..=stream.len() {
            assert_eq!(
                assemble(&stream, piece, 100),
                [(4, None), (4, Some(vec![2; 100]))],
                "pieces of {piece}"
            );
        }
    }

    /// An engine that has its handshake behind it, with tickets that fail.
    struct Finished(Version);

    impl Engine for Finished {
        fn step(&mut self, _: &mut [u8], _: &mut [u8]) -> Progress {
            Progress { released: 0, written: 0, status: Status::Finished, version_known: true }
        }

        fn last_words(&mut self, _: &mut [u8]) -> Option<usize> {
            None
        }

        fn finish(self: Box<Self>, _: &[Exporter]) -> Result<Established, Error> {
            let key = || Key::new(Algorithm::Aes128Gcm, &[0; 16], &[0; 12]).unwrap();
            let secret = || Secret { key: key(), seq: 0 };
            Ok(Established {
                session: Session {
                    version: self.0,
                    suite: rustls::CipherSuite::TLS13_AES_128_GCM_SHA256,
                    kind: None,
                    group: None,
                    alpn: None,
                    server_name: None,
                    peer_certificates: Vec::new(),
                    exported: Vec::new(),
                },
                write: secret(),
                read: secret(),
                schedule: Box::new(BadTickets),
                confidentiality_limit: u64::MAX,
            })
        }
    }

    struct BadTickets;

    impl KeySchedule for BadTickets {
        fn next_write(&mut self) -> Result<Secret, Error> {
            unreachable!("no KeyUpdate here")
        }

        fn next_read(&mut self) -> Result<Secret, Error> {
            unreachable!("no KeyUpdate here")
        }

        fn ticket(&mut self, body: &[u8]) -> Result<(), ProtocolError> {
            Err(if body == [2] { ProtocolError::DuplicateExtension } else { ProtocolError::BadTicket })
        }
    }

    struct GlassCrypto;

    impl RecordCrypto for GlassCrypto {
        fn supports(&self, _: Algorithm) -> bool {
            true
        }

        fn key(&self, _: Algorithm, _: &[u8]) -> Result<Box<dyn Aead>, AeadError> {
            Ok(Glass::default().boxed())
        }
    }

    /// What a client says of a first record with `message`, and the plaintext alert that it answers with.
    fn client_receives(
        version: Version,
        renegotiation: Renegotiation,
        message: &[u8],
    ) -> (Result<Step<Received>, Error>, Option<[u8; 2]>) {
        let mut settings = Settings::new(Arc::new(GlassCrypto));
        settings.renegotiation = renegotiation;
        let buffers = Buffers::heap();
        let mut tls =
            Connection::new(Box::new(Finished(version)), Role::Client, Arc::new(settings), None, buffers);
        let mut sealer = Sealer::new(version, Algorithm::Aes128Gcm, Glass::default().boxed(), [0; 12], 0);
        assert_eq!(tls.handshake(), Ok(Step::Done(())));

        let mut grant = tls.tls_in();
        let n = sealer.seal(ContentType::Handshake, message, grant.space());
        let n = n.unwrap_or_else(|_| unreachable!());
        assert_eq!(grant.commit(n), Ok(()));
        let answer = tls.read(&mut [0; 9]);
        let offset = sealer.plaintext_offset();
        let out = tls.tls_out();
        let alert = out.bytes().get(offset..offset + 2).map(|alert| [alert[0], alert[1]]);
        (answer, alert)
    }

    #[test]
    fn a_request_to_renegotiate_is_refused_or_ends_the_connection() {
        let hello_request = message(HELLO_REQUEST, &[]);
        let refused = client_receives(Version::Tls12, Renegotiation::Refuse, &hello_request);
        assert_eq!(refused, (Ok(Step::Want(Want::Read)), Some([WARNING, NO_RENEGOTIATION])));
        let aborted = client_receives(Version::Tls12, Renegotiation::Abort, &hello_request);
        assert_eq!(aborted, (Err(ProtocolError::Renegotiation.into()), Some([FATAL, NO_RENEGOTIATION])));
    }

    #[test]
    fn a_ticket_that_names_an_extension_twice_has_its_own_alert() {
        for (body, error, alert) in [
            (1, ProtocolError::BadTicket, rustls::AlertDescription::DecodeError),
            (2, ProtocolError::DuplicateExtension, rustls::AlertDescription::IllegalParameter),
        ] {
            let ticket = message(NEW_SESSION_TICKET, &[body]);
            let answer = client_receives(Version::Tls13, Renegotiation::Refuse, &ticket);
            assert_eq!(answer, (Err(error.into()), Some([FATAL, alert.into()])));
        }
    }

    #[test]
    fn the_header_decides() {
        use Role::{Client, Server};
        use Version::{Tls12, Tls13};
        let unexpected = |typ| Err(ProtocolError::UnexpectedHandshake(typ));
        for (version, role, typ, len, expected) in [
            (Tls13, Client, NEW_SESSION_TICKET, MAX_MESSAGE, Ok(Fate::Keep)),
            (Tls13, Client, NEW_SESSION_TICKET, 0x10000, Err(ProtocolError::HandshakeTooLong(0x10000))),
            (Tls13, Server, NEW_SESSION_TICKET, 10, unexpected(NEW_SESSION_TICKET)),
            (Tls12, Client, NEW_SESSION_TICKET, 10, unexpected(NEW_SESSION_TICKET)),
            (Tls13, Client, KEY_UPDATE, 1, Ok(Fate::Keep)),
            (Tls13, Server, KEY_UPDATE, 0, Err(ProtocolError::BadKeyUpdate)),
            (Tls13, Server, KEY_UPDATE, 2, Err(ProtocolError::BadKeyUpdate)),
            (Tls12, Server, KEY_UPDATE, 1, unexpected(KEY_UPDATE)),
            (Tls12, Client, HELLO_REQUEST, 0, Ok(Fate::Skip)),
            (Tls12, Client, HELLO_REQUEST, 1, unexpected(HELLO_REQUEST)),
            (Tls12, Server, HELLO_REQUEST, 0, unexpected(HELLO_REQUEST)),
            (Tls12, Server, CLIENT_HELLO, 512, Ok(Fate::Skip)),
            (Tls12, Server, CLIENT_HELLO, 0x10000, Err(ProtocolError::HandshakeTooLong(0x10000))),
            (Tls12, Client, CLIENT_HELLO, 512, unexpected(CLIENT_HELLO)),
            (Tls13, Server, CLIENT_HELLO, 512, unexpected(CLIENT_HELLO)),
            (Tls13, Client, 13, 10, unexpected(13)),
        ] {
            assert_eq!(fate(typ, len, version, role), expected, "{version:?} {role:?} {typ} {len}");
        }
    }
}
