//! A transport with faults: short reads and writes, interrupted calls, storms of "try again", and an end at any byte.

use std::io::{Error, ErrorKind, Read, Result, Write};

use crate::Random;
use crate::tamper::{Edit, Tamper};

/// How a direction ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As if the peer had closed its socket.
    Eof,
    /// As if the peer's host had reset the connection.
    Reset,
}

/// What goes wrong. The same faults with the same calls give the same answers.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// What the choices below are drawn from.
    pub seed: u64,
    /// Bytes that one call moves at the most; each call draws a number up to this.
    pub most: usize,
    /// Whether each call moves exactly `most`, where it can, instead of a drawn number.
    pub steady: bool,
    /// The longest row of interrupted calls (`EINTR`) in front of one that is not.
    pub interrupts: usize,
    /// The longest row of calls that would block (`EAGAIN`) in front of one that may pass. Bytes gather meanwhile:
    /// that is how delayed and coalesced segments look from here.
    pub storm: usize,
    /// Receiving ends after so many bytes.
    pub receive_end: Option<(u64, End)>,
    /// Sending fails after so many bytes.
    pub send_reset: Option<u64>,
    /// The received bytes are changed.
    pub edit: Option<Edit>,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        seed: 0,
        most: usize::MAX,
        steady: true,
        interrupts: 0,
        storm: 0,
        receive_end: None,
        send_reset: None,
        edit: None,
    };
}

/// A transport below which things go wrong.
#[derive(Debug)]
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
    random: Random,
    reading: Direction,
    writing: Direction,
    tamper: Option<Tamper>,
}

/// The state of one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Direction {
    /// Bytes moved so far.
    moved: u64,
    /// Calls that are still to be interrupted, and to be blocked, before one passes.
    interrupts: usize,
    blocks: usize,
}

impl<T> Faulty<T> {
    /// Puts faults above `inner`.
    pub fn new(inner: T, faults: Faults) -> Self {
        let tamper = faults.edit.map(Tamper::new);
        let random = Random::new(faults.seed);
        Self { inner, faults, random, reading: Direction::default(), writing: Direction::default(), tamper }
    }

    /// The transport below.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// The transport below.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Bytes received so far.
    pub fn received(&self) -> u64 {
        self.reading.moved
    }

    /// Bytes sent so far.
    pub fn sent(&self) -> u64 {
        self.writing.moved
    }

    /// Whether the bytes that were received differ from those that were sent.
    pub fn changed(&self) -> bool {
        self.tamper.as_ref().is_some_and(Tamper::changed)
    }

    /// From now on nothing is received any more: the network has given up.
    pub fn cut(&mut self) {
        self.faults.receive_end = Some((self.reading.moved, End::Eof));
        self.faults.storm = 0;
    }

    /// Answers in the direction's place if it is its turn to fail, and else how many bytes may pass.
    fn admit(&mut self, direction: fn(&mut Self) -> &mut Direction, wanted: usize) -> Result<usize> {
        if direction(self).interrupts > 0 {
            direction(self).interrupts -= 1;
            return Err(ErrorKind::Interrupted.into());
        }
        if direction(self).blocks > 0 {
            direction(self).blocks -= 1;
            return Err(ErrorKind::WouldBlock.into());
        }
        direction(self).interrupts = self.random.below(self.faults.interrupts + 1);
        direction(self).blocks = self.random.below(self.faults.storm + 1);
        let most = wanted.min(self.faults.most);
        Ok(if self.faults.steady { most } else { 1 + self.random.below(most) }.min(wanted))
    }

    /// Bytes of `wanted` in front of `end`.
    fn before(moved: u64, end: u64, wanted: usize) -> usize {
        usize::try_from(end.saturating_sub(moved)).map_or(wanted, |left| left.min(wanted))
    }
}

impl<T: Read> Faulty<T> {
    fn read_below(&mut self, out: &mut [u8]) -> Result<usize> {
        let Some(tamper) = &mut self.tamper else { return self.inner.read(out) };
        let mut buffer = [0; 512];
        while tamper.is_empty() {
            match self.inner.read(&mut buffer) {
                Ok(0) if !tamper.finish() => return Ok(0),
                Ok(n) => tamper.feed(&buffer[..n]),
                Err(error) => return Err(error),
            }
        }
        Ok(tamper.take(out))
    }
}

impl<T: Read> Read for Faulty<T> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut allowed = self.admit(|s| &mut s.reading, out.len())?;
        if let Some((at, end)) = self.faults.receive_end {
            allowed = Self::before(self.reading.moved, at, allowed);
            if allowed == 0 {
                return if end == End::Eof { Ok(0) } else { Err(ErrorKind::ConnectionReset.into()) };
            }
        }
        let n = self.read_below(&mut out[..allowed])?;
        self.reading.moved += n as u64;
        Ok(n)
    }
}

impl<T: Write> Write for Faulty<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut allowed = self.admit(|s| &mut s.writing, bytes.len())?;
        if let Some(at) = self.faults.send_reset {
            allowed = Self::before(self.writing.moved, at, allowed);
            if allowed == 0 {
                return Err(Error::from(ErrorKind::ConnectionReset));
            }
        }
        let n = self.inner.write(&bytes[..allowed])?;
        self.writing.moved += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
}
