//! The two ends of `wantls pair`, and the loop that drives them: how a core without I/O is used.
//!
//! An end makes a call. If the call wants something, the end moves bytes between its connection and its half of the
//! pair, and repeats the call. If nothing moves, the other end has to act first.

use std::fmt::{self, Debug};
use std::time::Instant;

use indicatif::ProgressBar;
use wantls::{Connection, Error, Received, Shutdown, Step, Want};
use wantls_bio_pair::Bio;
use wantls_transport::pump;

use crate::checksum::Hasher;
use crate::failure::Failure;
use crate::source::{CHUNK, Source};
use crate::tap::Tap;
use crate::trace::{Lane, Trace};

/// Drives both ends, in turns, until both have closed.
pub(crate) fn run(client: &mut Sender, server: &mut Receiver, trace: &mut Trace) -> Result<(), Failure> {
    while !(client.end.is_closed() && server.end.is_closed()) {
        let client_moved = turn(client, trace)?;
        let server_moved = turn(server, trace)?;
        if !client_moved && !server_moved {
            // The core promises that this can't happen.
            return Err(Failure::Other("both ends wait for each other".to_owned()));
        }
    }
    Ok(())
}

/// Makes calls until one wants what the pair can't give now. `false`: nothing was achieved.
fn turn(side: &mut impl Side, trace: &mut Trace) -> Result<bool, Failure> {
    let mut achieved = false;
    while !side.end().is_closed() {
        match side.call(trace)? {
            Step::Done(()) => achieved = true,
            Step::Want(_) if side.end().move_bytes(trace)? => achieved = true,
            Step::Want(_) => break,
        }
    }
    Ok(achieved)
}

/// One side's script: which call comes next.
trait Side {
    fn end(&mut self) -> &mut End;
    fn call(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure>;
}

/// How far an end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Handshake,
    Data,
    Close,
    Closed,
}

/// How often an end had to wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) read: u64,
    pub(crate) write: u64,
}

/// A connection, and its half of the pair.
pub(crate) struct End {
    lane: Lane,
    pub(crate) tls: Connection<Box<[u8]>>,
    pub(crate) bio: Tap<Bio>,
    pub(crate) wanted: Wanted,
    /// When the handshake was done.
    pub(crate) established: Option<Instant>,
    stage: Stage,
}

impl End {
    pub(crate) fn new(lane: Lane, tls: Connection<Box<[u8]>>, bio: Bio) -> Self {
        let (wanted, stage) = (Wanted::default(), Stage::Handshake);
        Self { lane, tls, bio: Tap::new(bio), wanted, established: None, stage }
    }

    fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Moves bytes both ways, as far as the pair allows.
    fn move_bytes(&mut self, trace: &mut Trace) -> Result<bool, Failure> {
        let pumped = pump(&mut self.tls, &mut self.bio)
            .map_err(|error| Failure::Other(format!("the BIO pair failed: {error}")))?;
        let begun = self.bio.take_begun();
        if pumped.sent > 0 {
            trace.sent(self.lane, pumped.sent, &begun)?;
        }
        Ok(pumped.progressed())
    }

    fn handshake(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        let answer = self.tls.handshake();
        let step = self.note(trace, format_args!("handshake()"), answer)?;
        if step == Step::Done(()) {
            self.established = Some(Instant::now());
            self.stage = Stage::Data;
        }
        Ok(step)
    }

    fn shutdown(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        let answer = self.tls.shutdown();
        let step = self.note(trace, format_args!("shutdown()"), answer)?;
        if step == Step::Done(Shutdown::Complete) {
            self.stage = Stage::Closed;
        }
        Ok(step.map(|_| ()))
    }

    /// Notes and counts what a call answered.
    fn note<T: Debug>(
        &mut self,
        trace: &mut Trace,
        call: fmt::Arguments<'_>,
        answer: Result<Step<T>, Error>,
    ) -> Result<Step<T>, Failure> {
        let step = match answer {
            Ok(step) => step,
            Err(error) => {
                trace.call(self.lane, call, format_args!("{error}"), false)?;
                return Err(Failure::Tls { side: self.lane.prefix(), error });
            }
        };
        let want = step.want();
        trace.call(self.lane, call, format_args!("{step:?}"), want.is_some())?;
        match want {
            Some(Want::Read) => self.wanted.read += 1,
            Some(_) => self.wanted.write += 1,
            None => {}
        }
        Ok(step)
    }
}

/// The end that sends the file: the client.
pub(crate) struct Sender {
    pub(crate) end: End,
    pub(crate) file: Source,
    buffer: Box<[u8]>,
    /// What of the buffer is not written yet.
    start: usize,
    stop: usize,
    progress: ProgressBar,
}

impl Sender {
    pub(crate) fn new(end: End, file: Source, progress: ProgressBar) -> Self {
        Self { end, file, buffer: vec![0; CHUNK].into(), start: 0, stop: 0, progress }
    }

    fn write(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        if self.start == self.stop {
            (self.start, self.stop) = (0, self.file.read(&mut self.buffer)?);
            if self.stop == 0 {
                self.end.stage = Stage::Close;
                return Ok(Step::Done(()));
            }
        }
        let data = &self.buffer[self.start..self.stop];
        let answer = self.end.tls.write(data);
        let step = self.end.note(trace, format_args!("write({} bytes)", data.len()), answer)?;
        if let Step::Done(n) = step {
            self.start += n;
            self.progress.inc(n as u64);
        }
        Ok(step.map(|_| ()))
    }
}

impl Side for Sender {
    fn end(&mut self) -> &mut End {
        &mut self.end
    }

    fn call(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        match self.end.stage {
            Stage::Handshake => self.end.handshake(trace),
            Stage::Data => self.write(trace),
            Stage::Close | Stage::Closed => self.end.shutdown(trace),
        }
    }
}

/// The end that receives the file: the server. It keeps the checksum, not the data.
pub(crate) struct Receiver {
    pub(crate) end: End,
    buffer: Box<[u8]>,
    pub(crate) hash: Hasher,
    /// When the client's close_notify was read, behind all data.
    pub(crate) finished: Option<Instant>,
}

impl Receiver {
    pub(crate) fn new(end: End) -> Self {
        Self { end, buffer: vec![0; CHUNK].into(), hash: Hasher::default(), finished: None }
    }

    fn read(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        let answer = self.end.tls.read(&mut self.buffer);
        let step = self.end.note(trace, format_args!("read()"), answer)?;
        match step {
            Step::Done(Received::Data(n)) => {
                self.hash.update(&self.buffer[..n.get()]);
            }
            Step::Done(Received::Closed) => {
                self.finished = Some(Instant::now());
                self.end.stage = Stage::Close;
            }
            Step::Want(_) => {}
        }
        Ok(step.map(|_| ()))
    }
}

impl Side for Receiver {
    fn end(&mut self) -> &mut End {
        &mut self.end
    }

    fn call(&mut self, trace: &mut Trace) -> Result<Step<()>, Failure> {
        match self.end.stage {
            Stage::Handshake => self.end.handshake(trace),
            Stage::Data => self.read(trace),
            Stage::Close | Stage::Closed => self.end.shutdown(trace),
        }
    }
}
