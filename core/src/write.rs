//! Application data in, records out: one path, three contracts.

use crate::alert::{ALERT_LEN, CLOSE_NOTIFY, NO_RENEGOTIATION, WARNING};
use crate::buffers::{RESERVE, RESERVE_ALERTS, RESERVE_FATAL};
use crate::connection::Connection;
use crate::error::{Error, RetryFault, Usage};
use crate::phase::Event;
use crate::post_handshake::KeyUpdate;
use crate::record::seal::SealError;
use crate::record::{ContentType, Version};
use crate::step::{Step, Want};

/// What [`Connection::write`] promises. It can be changed at any time (semantics of `SSL_set_mode(3)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WriteMode {
    /// `Done(n)`: exactly the first `n` bytes were taken. A want: nothing was taken, and any retry is legal.
    #[default]
    Accept,
    /// The contract of `SSL_write(3)`: `Done(len)` only when everything was sealed and has left `tls_out`; a call
    /// that wanted has to be repeated with the same arguments.
    Whole {
        /// Whether a retry may come from another address (`SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER`).
        moving: bool,
    },
}

/// A write in [`WriteMode::Whole`] that has begun and not ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unfinished {
    /// Plaintext bytes whose records have left `tls_out`.
    done: usize,
    /// The record that has not left yet.
    pending: Option<PendingRecord>,
    /// Address of the first byte. It is compared, never used.
    base: usize,
}

#[derive(Clone, Copy, Debug)]
struct PendingRecord {
    /// Its plaintext bytes.
    len: usize,
    /// Where it ends in the stream of `tls_out`.
    mark: u64,
}

impl Unfinished {
    /// Plaintext bytes that are sealed already.
    pub(crate) fn committed(&self) -> usize {
        self.done + self.pending.map_or(0, |record| record.len)
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Refuses a retry that is not the call that began.
    fn check(&self, data: &[u8], moving: bool) -> Result<(), Usage> {
        self.check_len(data.len())?;
        let committed = self.committed();
        if committed > 0 && !moving && data.as_ptr().addr() != self.base {
            return Err(Usage::BadWriteRetry { committed, fault: RetryFault::Moved });
        }
        Ok(())
    }

    fn check_len(&self, len: usize) -> Result<(), Usage> {
        let committed = self.committed();
        if len < committed {
            return Err(Usage::BadWriteRetry { committed, fault: RetryFault::Shorter });
        }
        Ok(())
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Takes application data, seals it, and queues the records in `tls_out` (`SSL_write(3)`). Runs the handshake
    /// first if it has not finished, and sends the KeyUpdate that is due.
    ///
    /// In [`WriteMode::Accept`]:
    /// - `Done(n)`: the first `n` bytes of `data` were taken, `n >= 1` unless `data` is empty;
    /// - `Want(Write)`: nothing was taken; drain `tls_out`, then write whatever you like;
    /// - `Want(Read)`: the handshake waits for the peer; nothing was taken.
    ///
    /// In [`WriteMode::Whole`]: `Done(data.len())` when all of it has left `tls_out`; else repeat the call with the
    /// same arguments (it may be longer, and may come from elsewhere with `moving`).
    ///
    /// # Errors
    /// [`Usage::WriteAfterShutdown`] after [`shutdown`](Self::shutdown); [`Usage::BadWriteRetry`] in `Whole` mode;
    /// [`Error::KeyExhausted`]; the error that ended the connection.
    pub fn write(&mut self, data: &[u8]) -> Result<Step<usize>, Error> {
        match self.mode {
            WriteMode::Accept => self.write_accept(&[data]),
            WriteMode::Whole { moving } => self.write_whole(data, moving),
        }
    }

    /// [`write`](Self::write) from several slices as if they were one. Short neighbours share a record.
    ///
    /// In [`WriteMode::Whole`] it writes the first slice that is not empty: a retry is defined for one buffer.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_vectored(&mut self, slices: &[&[u8]]) -> Result<Step<usize>, Error> {
        match self.mode {
            WriteMode::Accept => self.write_accept(slices),
            WriteMode::Whole { moving } => {
                let first = slices.iter().find(|s| !s.is_empty()).copied().unwrap_or_default();
                self.write_whole(first, moving)
            }
        }
    }

    /// Plaintext bytes of an unfinished [`WriteMode::Whole`] write that are sealed already: a retry has to start
    /// with them.
    #[must_use]
    pub fn committed(&self) -> usize {
        self.unfinished.committed()
    }

    /// How many of `len` bytes one call takes at the most where a call shall return after each record
    /// (`SSL_MODE_ENABLE_PARTIAL_WRITE`): pass a longer `data` to [`write`](Self::write) cut to this. A call that
    /// begins with a record pending finishes it and tries one more.
    #[must_use]
    pub fn partial_len(&self, len: usize) -> usize {
        len.min(self.committed() + self.max_fragment)
    }

    pub(crate) fn write_accept(&mut self, slices: &[&[u8]]) -> Result<Step<usize>, Error> {
        let mut slices = Slices::new(slices);
        self.check_writable()?;
        // A write that began in `Whole` mode goes on: what is sealed of it counts as taken.
        self.unfinished.check_len(slices.left)?;
        slices.advance(self.unfinished.committed());
        if slices.taken == 0 {
            if let Step::Want(want) = self.before_write()? {
                return Ok(Step::Want(want));
            }
            self.send_due_warning()?;
        }
        while slices.left > 0 {
            // What was taken is told first; the next call tells of the end.
            if slices.taken > 0 && self.write_key_has_ended() {
                break;
            }
            if !self.renew_write_key()? {
                break;
            }
            match self.fragment_len(slices.left) {
                0 => break,
                room => self.seal_slices(&mut slices, room)?,
            }
        }
        if slices.taken == 0 && slices.left > 0 {
            return Ok(Step::Want(Want::Write));
        }
        self.unfinished = Unfinished::default();
        Ok(Step::Done(slices.taken))
    }

    fn write_whole(&mut self, data: &[u8], moving: bool) -> Result<Step<usize>, Error> {
        self.check_writable()?;
        self.unfinished.check(data, moving)?;
        if self.unfinished.committed() == 0 {
            // Nothing of this write is sealed, so a want here pins nothing.
            if let Step::Want(want) = self.before_write()? {
                return Ok(Step::Want(want));
            }
            self.unfinished.base = data.as_ptr().addr();
        }
        loop {
            if let Some(record) = self.unfinished.pending {
                if !self.output.has_left(record.mark) {
                    return Ok(Step::Want(Want::Write));
                }
                self.unfinished.done += record.len;
                self.unfinished.pending = None;
            }
            let rest = &data[self.unfinished.done..];
            if rest.is_empty() {
                self.unfinished = Unfinished::default();
                return Ok(Step::Done(data.len()));
            }
            self.send_due_warning()?;
            // The KeyUpdate of a renewed key has to leave first as well: the record behind it needs the room.
            if !self.output.is_empty() || !self.renew_write_key()? || !self.output.is_empty() {
                return Ok(Step::Want(Want::Write));
            }
            let len = self.fragment_len(rest.len());
            self.seal(ContentType::ApplicationData, &rest[..len])?;
            self.unfinished.pending = Some(PendingRecord { len, mark: self.output.mark() });
        }
    }

    /// What comes before the first application record of a write.
    #[inline]
    pub(crate) fn before_write(&mut self) -> Result<Step<()>, Error> {
        if let Step::Want(want) = self.drive_handshake()? {
            return Ok(Step::Want(want));
        }
        let sent = self.send_due_key_update()?;
        Ok(if sent { Step::Done(()) } else { Step::Want(Want::Write) })
    }

    #[inline]
    pub(crate) fn check_writable(&mut self) -> Result<(), Error> {
        self.check_fault()?;
        if self.phase.can_write() { Ok(()) } else { Err(Usage::WriteAfterShutdown.into()) }
    }

    /// Whether the write key is used up and can't be changed.
    fn write_key_has_ended(&self) -> bool {
        self.traffic.as_ref().is_some_and(|t| t.version == Version::Tls12 && t.write_key_is_used_up())
    }

    /// Changes a write key that has protected as many records as it may (RFC 8446 section 5.5). `false`: there is
    /// no room for the KeyUpdate yet.
    #[inline]
    pub(crate) fn renew_write_key(&mut self) -> Result<bool, Error> {
        match &self.traffic {
            Some(traffic) if traffic.write_key_is_used_up() => self.change_write_key(traffic.version),
            Some(_) | None => Ok(true),
        }
    }

    fn change_write_key(&mut self, version: Version) -> Result<bool, Error> {
        match version {
            Version::Tls13 => {
                self.key_update_due.get_or_insert(KeyUpdate::NotRequested);
                self.send_due_key_update()
            }
            Version::Tls12 => Err(self.fail(Error::KeyExhausted)),
        }
    }

    /// Plaintext bytes that the next record takes of `left`. A record is cut short only where nothing is queued:
    /// otherwise waiting gives a fuller one. 0: none.
    pub(crate) fn fragment_len(&self, left: usize) -> usize {
        let wanted = left.min(self.max_fragment);
        let room = self.output.room().saturating_sub(RESERVE + self.overhead());
        if room >= wanted {
            wanted
        } else if self.output.is_empty() {
            room
        } else {
            0
        }
    }

    fn overhead(&self) -> usize {
        self.record_layout().1
    }

    /// Where the plaintext stands in a record that is sealed in place, and what the record has beside it, in bytes.
    pub(crate) fn record_layout(&self) -> (usize, usize) {
        self.traffic.as_ref().map_or((0, 0), |t| (t.sealer.plaintext_offset(), t.sealer.overhead()))
    }

    /// Seals one record of at most `room` bytes: of one slice without a copy, or of short neighbours together.
    fn seal_slices(&mut self, slices: &mut Slices<'_>, room: usize) -> Result<(), Error> {
        let first = slices.first();
        if first.len() >= SHORT || first.len() == slices.left {
            let len = first.len().min(room);
            self.seal(ContentType::ApplicationData, &first[..len])?;
            slices.advance(len);
            return Ok(());
        }
        let (offset, overhead) = self.record_layout();
        let space = self.output.space(room + overhead);
        let mut len = 0;
        while len < room && slices.left > 0 && slices.first().len() < SHORT {
            let piece = slices.first();
            let n = piece.len().min(room - len);
            space[offset + len..][..n].copy_from_slice(&piece[..n]);
            slices.advance(n);
            len += n;
        }
        self.seal_in_place(len, room).map(drop)
    }

    /// Seals the first `len` bytes that stand in the space for a plaintext of `space_len` bytes; returns the bytes of
    /// the record.
    pub(crate) fn seal_in_place(&mut self, len: usize, space_len: usize) -> Result<usize, Error> {
        let Some(traffic) = self.traffic.as_mut() else {
            return Err(Usage::HandshakeNotFinished.into());
        };
        let space = self.output.space(space_len + traffic.sealer.overhead());
        let sealed = traffic.sealer.seal_in_place(ContentType::ApplicationData, len, space);
        self.queue_sealed(sealed)
    }

    /// Seals one record into `tls_out`; the caller has made sure of the room.
    pub(crate) fn seal(&mut self, typ: ContentType, plaintext: &[u8]) -> Result<(), Error> {
        let Some(traffic) = self.traffic.as_mut() else {
            return Err(Usage::HandshakeNotFinished.into());
        };
        let space = self.output.space(plaintext.len() + traffic.sealer.overhead());
        let sealed = traffic.sealer.seal(typ, plaintext, space);
        self.queue_sealed(sealed).map(drop)
    }

    #[inline]
    fn queue_sealed(&mut self, sealed: Result<usize, SealError>) -> Result<usize, Error> {
        match sealed {
            Ok(len) => {
                self.output.queued(len);
                Ok(len)
            }
            Err(error) => Err(self.fail_to_seal(error)),
        }
    }

    fn fail_to_seal(&mut self, error: SealError) -> Error {
        self.fail(match error {
            SealError::Exhausted => Error::KeyExhausted,
            SealError::Room { .. } | SealError::Aead => {
                Error::Crypto(rustls::Error::General("the record crypto failed to seal a record".into()))
            }
        })
    }

    /// Seals the no_renegotiation warning that is due (RFC 5246 section 7.2.2), unless a record of an unfinished
    /// write stands in front, or there is no room: then it stays due.
    #[inline]
    pub(crate) fn send_due_warning(&mut self) -> Result<(), Error> {
        if self.refusal_due { self.send_warning() } else { Ok(()) }
    }

    fn send_warning(&mut self) -> Result<(), Error> {
        let needed = ALERT_LEN + self.overhead() + RESERVE_ALERTS;
        if !self.unfinished.is_pending() && self.output.room() >= needed {
            self.refusal_due = false;
            return self.seal(ContentType::Alert, &[WARNING, NO_RENEGOTIATION]);
        }
        Ok(())
    }

    /// Seals our close_notify; nothing can be written behind it.
    pub(crate) fn send_close_notify(&mut self) -> Result<(), Error> {
        debug_assert!(self.output.room() >= ALERT_LEN + self.overhead() + RESERVE_FATAL);
        self.unfinished = Unfinished::default();
        self.refusal_due = false;
        self.seal(ContentType::Alert, &[WARNING, CLOSE_NOTIFY])?;
        self.phase = self.phase.after(Event::LocalClosed);
        Ok(())
    }
}

/// Slices shorter than this share a record with their neighbours: the copy costs less than a record.
const SHORT: usize = 1024;

/// The unsent rest of a vectored write.
struct Slices<'a> {
    slices: &'a [&'a [u8]],
    /// Bytes of the first slice that are taken.
    offset: usize,
    /// Bytes that are left in all of them.
    left: usize,
    /// Bytes that are taken of all of them.
    taken: usize,
}

impl<'a> Slices<'a> {
    fn new(slices: &'a [&'a [u8]]) -> Self {
        let mut new = Self { slices, offset: 0, left: slices.iter().map(|s| s.len()).sum(), taken: 0 };
        new.skip_used();
        new
    }

    /// What is left of the first slice; not empty while anything is left.
    fn first(&self) -> &'a [u8] {
        self.slices.first().map_or(&[], |slice| &slice[self.offset..])
    }

    fn advance(&mut self, n: usize) {
        self.offset += n;
        self.left -= n;
        self.taken += n;
        self.skip_used();
    }

    fn skip_used(&mut self) {
        while let Some((first, rest)) = self.slices.split_first() {
            if self.offset < first.len() {
                break;
            }
            (self.slices, self.offset) = (rest, self.offset - first.len());
        }
    }
}
