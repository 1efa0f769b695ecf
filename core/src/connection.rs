//! The connection: its two grants at the transport edge, its calls at the application edge, its questions.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::buffers::{Buffers, TlsInBuf, TlsOutBuf};
use crate::error::{Error, Usage};
use crate::handshake::{Engine, Exporter, Session};
use crate::phase::Phase;
use crate::post_handshake::KeyUpdate;
use crate::record::aead::RecordCrypto;
use crate::record::{MAX_PLAINTEXT, Version};
use crate::shutdown::Closing;
use crate::step::{Interest, Step};
use crate::traffic::Traffic;
use crate::write::{Unfinished, WriteMode};

/// Which side of the handshake a connection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends the ClientHello.
    Client,
    /// Answers it.
    Server,
}

/// What the end of the transport means where no close_notify came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EofPolicy {
    /// [`Error::Truncated`]: an attacker may have cut the connection (RFC 8446 section 6.1).
    #[default]
    Refuse,
    /// Between two records, the same as a close_notify (`SSL_OP_IGNORE_UNEXPECTED_EOF`); inside a record still
    /// [`Error::Truncated`]. For protocols that mark the end of their messages themselves.
    Close,
}

/// What a TLS 1.2 peer's request to renegotiate means. There is no renegotiation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Renegotiation {
    /// It is answered with a no_renegotiation warning, and the connection goes on (`SSL_OP_NO_RENEGOTIATION`).
    #[default]
    Refuse,
    /// It ends the connection: [`ProtocolError::Renegotiation`](crate::ProtocolError::Renegotiation), and a fatal
    /// no_renegotiation alert for the peer. For those who rather lose a peer that asks.
    Abort,
}

/// What a context gives all its connections.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) crypto: Arc<dyn RecordCrypto>,
    pub(crate) mode: WriteMode,
    pub(crate) eof: EofPolicy,
    pub(crate) renegotiation: Renegotiation,
    pub(crate) exporters: Vec<Exporter>,
    pub(crate) keep_certificates: bool,
    /// Bytes of the longest ticket that is kept.
    pub(crate) max_ticket: usize,
    /// Records under one write key, where that is fewer than the suite allows.
    pub(crate) rekey_after: u64,
}

/// What is in a connection, in bytes. See [`Connection::pending`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Plaintext that can be read now, of the record opened last (`SSL_pending(3)`).
    pub plaintext: usize,
    /// Bytes of the peer that are not processed yet.
    pub tls_in: usize,
    /// Bytes to the peer that have not been taken yet.
    pub tls_out: usize,
    /// Exactly whether the next [`read`](Connection::read), or [`handshake`](Connection::handshake), does something
    /// without the transport doing something first. `false` in a terminal phase with nothing left to read.
    pub progress_without_io: bool,
}

/// A TLS connection that does no I/O.
///
/// **The transport edge**: [`tls_in`](Self::tls_in) grants space for received bytes, [`tls_out`](Self::tls_out) grants
/// the bytes to send, [`tls_in_eof`](Self::tls_in_eof) tells of the end. Serve both, whenever
/// [`interest`](Self::interest) says so, whatever the last call answered.
///
/// **The application edge**: [`handshake`](Self::handshake), [`write`](Self::write), [`read`](Self::read),
/// [`fill_buf`](Self::fill_buf), [`shutdown`](Self::shutdown), [`key_update`](Self::key_update). Each answers with a
/// [`Step`]: done, or what the transport has to do before the same call is repeated.
///
/// **Questions**, without effect: [`interest`](Self::interest), [`pending`](Self::pending), [`phase`](Self::phase),
/// [`session`](Self::session).
///
/// After the handshake no call allocates, but for a KeyUpdate, a ticket, and a ticket that is split over records.
pub struct Connection<B: AsRef<[u8]> + AsMut<[u8]>> {
    pub(crate) input: TlsInBuf<B>,
    pub(crate) output: TlsOutBuf<B>,
    pub(crate) role: Role,
    pub(crate) phase: Phase,
    pub(crate) fault: Option<Error>,
    pub(crate) eof: bool,
    pub(crate) settings: Arc<Settings>,

    pub(crate) engine: Option<Box<dyn Engine>>,
    /// The engine has seen all that it holds and needs another record.
    pub(crate) engine_waits: bool,
    /// The engine knows the version, so that records have to name the one that goes with it.
    pub(crate) version_known: bool,
    /// Bytes of the largest piece of output that the engine makes.
    pub(crate) chunk: usize,

    pub(crate) traffic: Option<Traffic>,
    pub(crate) session: Option<Session>,
    pub(crate) key_update_due: Option<KeyUpdate>,
    /// A no_renegotiation warning is due.
    pub(crate) refusal_due: bool,

    pub(crate) mode: WriteMode,
    pub(crate) max_fragment: usize,
    pub(crate) unfinished: Unfinished,
    pub(crate) closing: Closing,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    pub(crate) fn new(
        engine: Box<dyn Engine>,
        role: Role,
        settings: Arc<Settings>,
        max_fragment_size: Option<usize>,
        buffers: Buffers<B>,
    ) -> Self {
        Self {
            input: TlsInBuf::new(buffers.tls_in),
            output: TlsOutBuf::new(buffers.tls_out),
            role,
            phase: Phase::Handshaking,
            fault: None,
            eof: false,
            mode: settings.mode,
            settings,
            engine: Some(engine),
            engine_waits: false,
            version_known: false,
            chunk: crate::buffers::handshake_chunk(max_fragment_size),
            traffic: None,
            session: None,
            key_update_due: None,
            refusal_due: false,
            max_fragment: max_fragment_size
                .map_or(MAX_PLAINTEXT, |size| size.saturating_sub(crate::record::header::HEADER_LEN)),
            unfinished: Unfinished::default(),
            closing: Closing::No,
        }
    }

    // --- the transport edge ---

    /// Grants space for bytes from the peer. Without space (unread plaintext, a full buffer) receiving has to wait:
    /// that is the back-pressure.
    pub fn tls_in(&mut self) -> TlsIn<'_, B> {
        TlsIn { connection: self }
    }

    /// The transport has ended: no more bytes will come. Without a close_notify before it the next read that finds
    /// nothing left answers [`Error::Truncated`], or as [`EofPolicy`] says.
    pub fn tls_in_eof(&mut self) {
        self.eof = true;
    }

    /// Grants the bytes to send. Whatever happened, an error included, they are to be sent in order.
    pub fn tls_out(&mut self) -> TlsOut<'_, B> {
        self.finish_failed_handshake();
        TlsOut { connection: self }
    }

    /// Both grants at once, for a transport that sends while it receives: the space for received bytes, and the bytes to
    /// send. Then [`TlsIn::commit`] and [`TlsOut::consume`] what was moved, before any other call.
    pub fn tls_both(&mut self) -> (&mut [u8], &[u8]) {
        self.finish_failed_handshake();
        let space = if self.input_space() > 0 { self.input.space() } else { &mut [] };
        (space, self.output.bytes())
    }

    // --- the application edge ---

    /// Goes on with the handshake (`SSL_do_handshake(3)`); reading and writing do so by themselves. `Done` once it
    /// has finished, and from then on; the last flight may still be in `tls_out`.
    ///
    /// # Errors
    /// [`Error::Handshake`], [`Error::Peer`], [`Error::HandshakeTooLarge`], [`Error::Truncated`].
    pub fn handshake(&mut self) -> Result<Step<()>, Error> {
        self.check_fault()?;
        let step = self.drive_handshake()?;
        if step == Step::Done(()) && !self.unfinished.is_pending() {
            self.send_due_key_update()?;
        }
        Ok(step)
    }

    /// Changes our write key (RFC 8446 section 4.6.3, `SSL_key_update(3)`), and asks the peer to change its own with
    /// `request_peer`. The KeyUpdate goes out at once if there is room and no write is unfinished, else in front of
    /// the next application data.
    ///
    /// # Errors
    /// [`Usage::HandshakeNotFinished`]; [`Usage::NoKeyUpdate`] in TLS 1.2; [`Usage::WriteAfterShutdown`] after our
    /// close_notify; the error that ended the connection.
    pub fn key_update(&mut self, request_peer: bool) -> Result<(), Error> {
        self.check_fault()?;
        match &self.traffic {
            None => return Err(Usage::HandshakeNotFinished.into()),
            Some(traffic) if traffic.version == Version::Tls12 => return Err(Usage::NoKeyUpdate.into()),
            Some(_) if !self.phase.can_write() => return Err(Usage::WriteAfterShutdown.into()),
            Some(_) => {}
        }
        let due = self.key_update_due.get_or_insert(KeyUpdate::NotRequested);
        if request_peer {
            *due = KeyUpdate::Requested;
        }
        if !self.unfinished.is_pending() {
            self.send_due_key_update()?;
        }
        Ok(())
    }

    /// Changes what [`write`](Self::write) promises, from the next call on.
    pub fn set_write_mode(&mut self, mode: WriteMode) {
        self.mode = mode;
    }

    /// The write mode.
    #[must_use]
    pub fn write_mode(&self) -> WriteMode {
        self.mode
    }

    /// Bounds the plaintext of each record from the next one on, to 1 to 16384 bytes; more or less is taken as the
    /// nearer end (`SSL_set_max_send_fragment(3)`).
    pub fn set_max_fragment(&mut self, bytes: usize) {
        self.max_fragment = bytes.clamp(1, MAX_PLAINTEXT);
    }

    // --- the end ---

    /// Ends here, whatever the phase, and gives the buffers back, plaintext wiped: for the next connection. What
    /// [`pending`](Self::pending) counts is lost; to say goodbye first, [`shutdown`](Self::shutdown) and send
    /// [`tls_out`](Self::tls_out). An idle connection that goes on later is [parked](Self::park) instead.
    pub fn into_buffers(self) -> Buffers<B> {
        Buffers::new(self.input.into_store(), self.output.into_store())
    }

    // --- questions ---

    /// What to poll the transport for now.
    #[must_use]
    pub fn interest(&self) -> Interest {
        Interest { read: self.input_space() > 0, write: !self.output.is_empty() }
    }

    /// What is in the connection, and whether it can progress without the transport.
    #[must_use]
    pub fn pending(&self) -> Pending {
        let plaintext = self.input.plain().len();
        let progress = match self.phase {
            Phase::Handshaking => self.can_step_engine(),
            Phase::Open | Phase::LocalClosed => self.has_input_to_process(),
            Phase::PeerClosed | Phase::Closed | Phase::Failed => false,
        };
        Pending {
            plaintext,
            tls_in: self.input.unprocessed().len(),
            tls_out: self.output.len(),
            progress_without_io: plaintext > 0 || progress,
        }
    }

    /// Where the connection is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Which side we are.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The error that ended the connection, if one did.
    #[must_use]
    pub fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// The facts of the handshake, once it has finished.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Bytes that a record is longer than its plaintext (22 for TLS 1.3; 29 for TLS 1.2 with AES-GCM, 21 with
    /// ChaCha20-Poly1305), once the handshake has finished.
    #[must_use]
    pub fn record_overhead(&self) -> Option<usize> {
        self.traffic.as_ref().map(|traffic| traffic.sealer.overhead())
    }

    /// How many handshake messages of the peer were processed since the handshake: KeyUpdates, tickets, requests to
    /// renegotiate. A caller that has to know whether a call processed one compares (`SSL_MODE_AUTO_RETRY`).
    #[must_use]
    pub fn post_handshake_messages(&self) -> u64 {
        self.traffic.as_ref().map_or(0, |traffic| traffic.messages)
    }

    /// Whether a KeyUpdate is due that has not been sealed yet, and whether it asks the peer for one. After our
    /// close_notify it stays due for ever.
    #[must_use]
    pub fn key_update_due(&self) -> Option<bool> {
        self.key_update_due.map(|update| update == KeyUpdate::Requested)
    }

    // --- what the other files share ---

    /// The same connection with other buffers, and the old ones.
    ///
    /// The buffers have to be empty: their content stays behind.
    pub(crate) fn exchange<C>(self, buffers: Buffers<C>) -> (Connection<C>, Buffers<B>)
    where
        C: AsRef<[u8]> + AsMut<[u8]>,
    {
        let old = Buffers::new(self.input.into_store(), self.output.into_store());
        let exchanged = Connection {
            input: TlsInBuf::new(buffers.tls_in),
            output: TlsOutBuf::new(buffers.tls_out),
            role: self.role,
            phase: self.phase,
            fault: self.fault,
            eof: self.eof,
            settings: self.settings,
            engine: self.engine,
            engine_waits: self.engine_waits,
            version_known: self.version_known,
            chunk: self.chunk,
            traffic: self.traffic,
            session: self.session,
            key_update_due: self.key_update_due,
            refusal_due: self.refusal_due,
            mode: self.mode,
            max_fragment: self.max_fragment,
            unfinished: self.unfinished,
            closing: self.closing,
        };
        (exchanged, old)
    }

    /// The error that ended the connection, again; a failed handshake first gets its alert out.
    #[inline]
    pub(crate) fn check_fault(&mut self) -> Result<(), Error> {
        self.finish_failed_handshake();
        match &self.fault {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    #[inline]
    fn finish_failed_handshake(&mut self) {
        if self.phase == Phase::Failed && self.engine.is_some() {
            self.drain_failed_engine();
        }
    }

    fn input_space(&self) -> usize {
        if self.eof || !self.phase.can_read() { 0 } else { self.input.space_len() }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> fmt::Debug for Connection<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("phase", &self.phase)
            .field("fault", &self.fault)
            .field("interest", &self.interest())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

/// Space for bytes from the peer. Dropping it changes nothing.
#[derive(Debug)]
pub struct TlsIn<'c, B: AsRef<[u8]> + AsMut<[u8]>> {
    connection: &'c mut Connection<B>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> TlsIn<'_, B> {
    /// The space; empty where receiving has to wait, or makes no sense any more.
    pub fn space(&mut self) -> &mut [u8] {
        if self.connection.eof || !self.connection.phase.can_read() {
            return &mut [];
        }
        self.connection.input.space()
    }

    /// Bytes that still miss from the record at the front, or from its header. A transport that must not be read
    /// ahead of the record gives no more than that.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.connection.input.missing()
    }

    /// The first `n` bytes of the space were filled.
    ///
    /// # Errors
    /// [`Usage::GrantExceeded`] if `n` is more than was offered; then nothing was received.
    pub fn commit(mut self, n: usize) -> Result<(), Error> {
        // The space, not its length: a caller that has not asked for it has nothing to commit to yet.
        let offered = self.space().len();
        if n > offered {
            return Err(Usage::GrantExceeded { given: n, offered }.into());
        }
        self.connection.input.received(n);
        Ok(())
    }
}

/// Bytes to send. Dropping it changes nothing.
#[derive(Debug)]
pub struct TlsOut<'c, B: AsRef<[u8]> + AsMut<[u8]>> {
    connection: &'c mut Connection<B>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> TlsOut<'_, B> {
    /// The bytes, in order; perhaps several records.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.connection.output.bytes()
    }

    /// The transport has taken the first `n` bytes.
    ///
    /// # Errors
    /// [`Usage::GrantExceeded`] if `n` is more than was offered; then nothing was taken.
    pub fn consume(self, n: usize) -> Result<(), Error> {
        let offered = self.connection.output.len();
        if n > offered {
            return Err(Usage::GrantExceeded { given: n, offered }.into());
        }
        self.connection.output.consume(n);
        // A failed handshake may have waited for the room to send its alert.
        self.connection.finish_failed_handshake();
        Ok(())
    }
}
