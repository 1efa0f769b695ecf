//! Records in, application data out.

use core::num::NonZeroUsize;

use crate::alert::Meaning;
use crate::buffers::Front;
use crate::connection::{Connection, EofPolicy, Renegotiation};
use crate::error::{Error, ProtocolError, Usage};
use crate::phase::{Event, Phase};
use crate::post_handshake::{KeyUpdate, Request};
use crate::record::ContentType;
use crate::record::header::Header;
use crate::step::{Received, Step, Want};
use crate::traffic::Traffic;

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Reads plaintext into `out` (`SSL_read(3)`). Runs the handshake first if it has not finished, and processes
    /// records up to one with data.
    ///
    /// - `Done(Data(n))`: `n` bytes, of one record at the most; what is behind them in `out` is unspecified;
    /// - `Done(Closed)`: the peer's close_notify, now and from then on;
    /// - `Want(Read)`: more bytes are needed in `tls_in`;
    /// - `Want(Write)`: only while the handshake runs.
    ///
    /// A record is opened straight into `out` if that has room for all that is sealed in it, which at TLS 1.3 is one
    /// byte more than the data: 16385 bytes are enough for any record without padding. Otherwise it is copied.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Peer`], [`Error::Protocol`] and the other fatal ones, after all plaintext that
    /// came before was read; [`Usage::EmptyBuffer`] if `out` is empty and data waits.
    pub fn read(&mut self, out: &mut [u8]) -> Result<Step<Received>, Error> {
        if let Some(n) = self.read_direct(out)? {
            return Ok(Step::Done(Received::Data(n)));
        }
        let step = self.peek(out)?;
        if let Step::Done(Received::Data(n)) = step {
            self.input.consume_plain(n.get());
        }
        Ok(step)
    }

    /// Opens the next record into `out`. `None` where that can't be done, or the record held no data: it has then
    /// done what it says.
    fn read_direct(&mut self, out: &mut [u8]) -> Result<Option<NonZeroUsize>, Error> {
        if out.is_empty()
            || !self.input.plain().is_empty()
            || !matches!(self.phase, Phase::Open | Phase::LocalClosed)
        {
            return Ok(None);
        }
        // An error is found again by who reports it.
        let Ok(Some(header)) = self.next_record() else { return Ok(None) };
        match self.open_record_to(header.record_len(), out) {
            Ok(None) => Ok(None),
            Ok(Some((Outcome::Data, n))) => Ok(NonZeroUsize::new(n)),
            Ok(Some((outcome, _))) => self.act(outcome).map(|()| None),
            Err(error) => Err(self.refuse(header, error)),
        }
    }

    /// [`read`](Self::read) that leaves the plaintext where it is (`SSL_peek(3)`).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek(&mut self, out: &mut [u8]) -> Result<Step<Received>, Error> {
        if let Step::Want(want) = self.next_plaintext()? {
            return Ok(Step::Want(want));
        }
        let plain = self.input.plain();
        if plain.is_empty() {
            return Ok(Step::Done(Received::Closed));
        }
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        match NonZeroUsize::new(n) {
            Some(n) => Ok(Step::Done(Received::Data(n))),
            None => Err(Usage::EmptyBuffer.into()),
        }
    }

    /// Lends the plaintext of the next record, without a copy; an empty slice after the peer's close_notify. Give
    /// back what was used with [`consume`](Self::consume).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn fill_buf(&mut self) -> Result<Step<&[u8]>, Error> {
        match self.next_plaintext()? {
            Step::Done(()) => Ok(Step::Done(self.input.plain())),
            Step::Want(want) => Ok(Step::Want(want)),
        }
    }

    /// Marks `n` bytes of what [`fill_buf`](Self::fill_buf) lent as used.
    ///
    /// # Errors
    /// [`Usage::GrantExceeded`] if it had lent fewer; then nothing is marked.
    pub fn consume(&mut self, n: usize) -> Result<(), Error> {
        let offered = self.input.plain().len();
        if n > offered {
            return Err(Usage::GrantExceeded { given: n, offered }.into());
        }
        self.input.consume_plain(n);
        Ok(())
    }

    /// Processes records until there is plaintext, or the peer has closed.
    pub(crate) fn next_plaintext(&mut self) -> Result<Step<()>, Error> {
        loop {
            if !self.input.plain().is_empty() {
                return Ok(Step::Done(()));
            }
            self.check_fault()?;
            match self.phase {
                Phase::PeerClosed | Phase::Closed => return Ok(Step::Done(())),
                Phase::Handshaking => {
                    if let Step::Want(want) = self.drive_handshake()? {
                        return Ok(Step::Want(want));
                    }
                }
                Phase::Open | Phase::LocalClosed | Phase::Failed => match self.next_record() {
                    Ok(Some(header)) => self.process_record(header)?,
                    Ok(None) if !self.eof => return Ok(Step::Want(Want::Read)),
                    Ok(None) => self.on_eof()?,
                    Err(error) => return Err(self.fail(error)),
                },
            }
        }
    }

    /// The header of the record at the front, if the record is whole. A header that is wrong, or announces more
    /// than `tls_in` holds, is refused as soon as it is there.
    pub(crate) fn next_record(&self) -> Result<Option<Header>, Error> {
        let (header, whole) = match self.input.front() {
            Front::Empty => return Ok(None),
            Front::Partial(header) => (header, false),
            Front::Whole(header) => (header, true),
        };
        let Some(traffic) = &self.traffic else { return Ok(None) };
        header.check(traffic.version)?;
        let (needed, capacity) = (header.record_len(), self.input.capacity());
        if needed > capacity {
            return Err(Error::RecordTooLarge { needed, capacity });
        }
        Ok(whole.then_some(header))
    }

    fn process_record(&mut self, header: Header) -> Result<(), Error> {
        match self.open_record(header.record_len()) {
            Ok(outcome) => self.act(outcome),
            Err(error) => Err(self.refuse(header, error)),
        }
    }

    /// A record that is refused is processed: it no longer counts as pending.
    fn refuse(&mut self, header: Header, error: Error) -> Error {
        self.input.drop_record(header.record_len());
        self.fail(error)
    }

    /// Opens the record at the front where it stands.
    fn open_record(&mut self, len: usize) -> Result<Outcome, Error> {
        let Some(traffic) = self.traffic.as_mut() else {
            return Err(Usage::HandshakeNotFinished.into());
        };
        let record = self.input.record_mut(len);
        let opened = traffic.opener.open_in_place(record)?;
        let plain = opened.start..opened.end;
        let outcome = traffic.on_content(opened.typ, &record[plain.clone()])?;
        match outcome {
            Outcome::Data => self.input.keep_plain(len, plain),
            Outcome::Nothing | Outcome::Asked(_) | Outcome::Closed => self.input.drop_record(len),
        }
        Ok(outcome)
    }

    /// Opens the record at the front into `out`, and tells the length of what it held; only data stays there. `None`:
    /// that can't be done, and nothing has changed.
    fn open_record_to(&mut self, len: usize, out: &mut [u8]) -> Result<Option<(Outcome, usize)>, Error> {
        let Some(traffic) = self.traffic.as_mut() else { return Ok(None) };
        let Some((typ, n)) = traffic.opener.open_to(self.input.record(len), out)? else { return Ok(None) };
        let outcome = traffic.on_content(typ, &out[..n]);
        if !matches!(outcome, Ok(Outcome::Data)) {
            out[..n].fill(0);
        }
        let outcome = outcome?;
        self.input.drop_record(len);
        Ok(Some((outcome, n)))
    }

    /// What a record asks of the connection.
    pub(crate) fn act(&mut self, outcome: Outcome) -> Result<(), Error> {
        match outcome {
            Outcome::Data | Outcome::Nothing | Outcome::Asked(Request::Nothing) => Ok(()),
            Outcome::Closed => {
                self.phase = self.phase.after(Event::PeerClosed);
                Ok(())
            }
            Outcome::Asked(Request::KeyUpdate) => {
                self.key_update_due.get_or_insert(KeyUpdate::NotRequested);
                Ok(())
            }
            Outcome::Asked(Request::Renegotiation) => match self.settings.renegotiation {
                Renegotiation::Refuse => {
                    self.refusal_due = self.phase.can_write();
                    self.send_due_warning()
                }
                Renegotiation::Abort => Err(self.fail(ProtocolError::Renegotiation.into())),
            },
        }
    }

    /// The transport ended, and no whole record is left.
    fn on_eof(&mut self) -> Result<(), Error> {
        let between_records = self.input.unprocessed().is_empty();
        match self.settings.eof {
            EofPolicy::Close if between_records => {
                self.phase = self.phase.after(Event::PeerClosed);
                Ok(())
            }
            EofPolicy::Close | EofPolicy::Refuse => Err(self.fail(Error::Truncated)),
        }
    }

    /// Whether the next record, or the end of the transport, gives [`next_plaintext`](Self::next_plaintext)
    /// something to do.
    pub(crate) fn has_input_to_process(&self) -> bool {
        match self.next_record() {
            Ok(Some(_)) | Err(_) => true,
            Ok(None) => self.eof,
        }
    }
}

impl Traffic {
    /// Does what a record says, as far as it does not concern the rest of the connection.
    pub(crate) fn on_content(&mut self, typ: ContentType, content: &[u8]) -> Result<Outcome, Error> {
        match typ {
            ContentType::Handshake => Ok(Outcome::Asked(self.on_handshake(content)?)),
            _ if self.assembler.is_partial() => Err(ProtocolError::Interleaved.into()),
            ContentType::ApplicationData if content.is_empty() => {
                self.fruitless.empty_record()?;
                Ok(Outcome::Nothing)
            }
            ContentType::ApplicationData => {
                self.fruitless.data();
                Ok(Outcome::Data)
            }
            ContentType::Alert => match self.on_alert(content)? {
                Meaning::Closed => Ok(Outcome::Closed),
                Meaning::Ignored => Ok(Outcome::Nothing),
            },
            ContentType::ChangeCipherSpec => Err(ProtocolError::ChangeCipherSpec.into()),
        }
    }
}

/// What a record was about.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Data for the application.
    Data,
    /// Nothing that matters any more.
    Nothing,
    Asked(Request),
    Closed,
}
