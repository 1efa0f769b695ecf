//! Drives the handshake engine between the two buffers, and hands over to the record layer.

use super::{Engine, Established, Status};
use crate::buffers::{Front, RESERVE, TLS12_RECORD};
use crate::connection::Connection;
use crate::error::{Error, ProtocolError};
use crate::phase::Event;
use crate::record::ContentType;
use crate::record::header::{HEADER_LEN, Header, RECORD_VERSION};
use crate::step::{Step, Want};
use crate::traffic::Traffic;

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Goes on with the handshake as far as the buffers allow.
    #[inline]
    pub(crate) fn drive_handshake(&mut self) -> Result<Step<()>, Error> {
        if self.engine.is_none() { Ok(Step::Done(())) } else { self.drive_engine() }
    }

    fn drive_engine(&mut self) -> Result<Step<()>, Error> {
        while let Some(mut engine) = self.engine.take() {
            if !self.has_room_for_a_chunk() {
                self.engine = Some(engine);
                return Ok(Step::Want(Want::Write));
            }
            match self.step_engine(engine.as_mut()) {
                Status::Continue => self.engine_waits = false,
                Status::NeedRecord => {
                    self.engine_waits = true;
                    match self.next_handshake_bytes() {
                        Ok(Some(len)) => self.input.hold(len),
                        Ok(None) => {
                            self.engine = Some(engine);
                            return Ok(Step::Want(Want::Read));
                        }
                        Err(error) => return Err(self.fail(error)),
                    }
                }
                Status::Finished => {
                    let established = match engine.finish(&self.settings.exporters) {
                        Ok(established) => established,
                        Err(error) => return Err(self.fail(error)),
                    };
                    return match self.adopt(established) {
                        Ok(()) => Ok(Step::Done(())),
                        Err(error) => Err(self.fail(error)),
                    };
                }
                Status::Failed(error) => {
                    self.engine = Some(engine);
                    let error = self.fail(error);
                    self.drain_failed_engine();
                    return Err(error);
                }
            }
            self.engine = Some(engine);
        }
        Ok(Step::Done(()))
    }

    /// Output that the engine still owes after a failure: alerts, and what was queued before them.
    pub(crate) fn drain_failed_engine(&mut self) {
        while self.has_room_for_a_chunk() {
            let Some(engine) = self.engine.as_mut() else { return };
            match engine.last_words(self.output.space(self.chunk + RESERVE)) {
                Some(written) => self.output.queued(written),
                None => self.engine = None,
            }
        }
    }

    fn step_engine(&mut self, engine: &mut dyn Engine) -> Status {
        let output = self.output.space(self.chunk + RESERVE);
        let progress = engine.step(self.input.held_bytes(), output);
        self.output.queued(progress.written);
        self.input.release(progress.released);
        self.version_known = progress.version_known;
        progress.status
    }

    /// Room first: an offered piece of the handshake that can't be placed would be lost.
    pub(crate) fn has_room_for_a_chunk(&self) -> bool {
        self.output.room() >= self.chunk + RESERVE
    }

    /// Whether the engine has something to do with what is there.
    pub(crate) fn can_step_engine(&self) -> bool {
        self.has_room_for_a_chunk()
            && (!self.engine_waits || !matches!(self.next_handshake_bytes(), Ok(None)))
    }

    /// Bytes that the engine is to be shown next: a record, or a header that no more bytes can make right, as the
    /// engine knows the error and the alert for it. `None`: they are not there yet.
    ///
    /// The record version is checked here, as rustls looks at its first byte only. Before the version is known a peer
    /// may name another one, that of its first flight; and in an alert, which may say that there is no common one.
    fn next_handshake_bytes(&self) -> Result<Option<usize>, Error> {
        let next = match self.input.front() {
            Front::Partial(header) | Front::Whole(header)
                if self.version_known && !is_alert(header) && header.version != RECORD_VERSION =>
            {
                return Err(ProtocolError::RecordVersion(header.version).into());
            }
            Front::Whole(header) => return Ok(Some(header.record_len())),
            Front::Partial(header) if !is_plausible(header) => return Ok(Some(HEADER_LEN)),
            Front::Partial(header) => header.record_len(),
            Front::Empty => HEADER_LEN,
        };
        let (needed, capacity) = (self.input.held() + next, self.input.capacity());
        if needed > capacity {
            return Err(Error::HandshakeTooLarge { needed, capacity });
        }
        if self.eof { Err(Error::Truncated) } else { Ok(None) }
    }

    /// The hand-over: from here on the record layer has the keys.
    fn adopt(&mut self, established: Established) -> Result<(), Error> {
        let (session, traffic) = Traffic::new(established, &self.settings, self.role)?;
        self.session = Some(session);
        self.traffic = Some(traffic);
        self.phase = self.phase.after(Event::Established);
        Ok(())
    }
}

fn is_alert(header: Header) -> bool {
    header.typ == ContentType::Alert as u8
}

/// Whether a header can begin a record of the handshake: anything else is refused at once, not waited for.
fn is_plausible(header: Header) -> bool {
    let known = ContentType::try_from(header.typ).is_ok();
    known && header.version >> 8 == 3 && header.record_len() <= TLS12_RECORD
}
