//! Two ends over faulty transports, and what has to hold whatever goes wrong.
//!
//! - **Nothing hangs.** Each side ends within a bounded number of steps. Where bytes were lost both may wait for each
//!   other, which no TLS can notice: then the network gives up, as it would for an application with a timer, and
//!   each side has to end.
//! - **Nothing is delivered that was not sent**, in its order and once.
//! - **What is acknowledged as closed was complete**: a side that reads the peer's close has read all that the peer
//!   had written.

use std::io::{Error as IoError, ErrorKind, Read, Write};

use wantls::{Connection, Received, Step};
use wantls_bio_pair::{Bio, Capacity, ReadOutcome, WriteOutcome};
use wantls_transport::{Io, Stream, StreamError};

use crate::Result;
use crate::faulty::{Faults, Faulty};

type Tls = Connection<Box<[u8]>>;

/// Rounds without any progress after which the network gives up: more than the longest storm of both sides.
const PATIENCE: usize = 200;

/// How a side ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It wrote everything, closed, and read the peer's close.
    Clean,
    /// The connection failed.
    Tls(wantls::Error),
    /// The transport failed.
    Transport(ErrorKind),
}

/// What one side did.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Bytes of TLS that it sent.
    pub sent: u64,
    /// Bytes of TLS that it received.
    pub received: u64,
    /// Bytes of TLS that it had received when its handshake finished.
    pub handshake: u64,
    /// Whether they differ from what was sent.
    pub changed: bool,
    /// Bytes of plaintext that it got.
    pub got: usize,
}

/// What a duel ended with.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The client's side.
    pub client: Report,
    /// The server's side.
    pub server: Report,
    /// Whether the network had to give up.
    pub gave_up: bool,
}

/// What each side gets.
#[derive(Debug)]
pub struct Player {
    /// The connection.
    pub tls: Tls,
    /// What goes wrong below it.
    pub faults: Faults,
    /// What it says before it closes.
    pub data: Vec<u8>,
    /// Bytes of each write.
    pub write: usize,
}

/// Runs a session of both players over a BIO pair of `capacity` bytes in each direction.
///
/// # Errors
/// A promise that did not hold.
pub fn duel(client: Player, server: Player, capacity: usize) -> Result<Outcome> {
    let (a, b) = Bio::pair(Capacity::new(capacity)?, Capacity::new(capacity)?);
    let (mut client, mut server) = (Side::new(client, a), Side::new(server, b));
    // Each round moves a byte or is idle, and idle rounds are bounded; the product is far from any real run.
    let bound = 20 * PATIENCE + 40 * PATIENCE * (client.data.len() + server.data.len() + 10_000);
    let (mut idle, mut gave_up) = (0, false);
    for _ in 0..bound {
        let before = (client.progress(), server.progress());
        client.step(&server.data, server.accepted, server.data.len())?;
        server.step(&client.data, client.accepted, client.data.len())?;
        if let (Some(_), Some(_)) = (&client.ending, &server.ending) {
            return Ok(Outcome { client: client.report()?, server: server.report()?, gave_up });
        }
        idle = if before == (client.progress(), server.progress()) { idle + 1 } else { 0 };
        if idle > PATIENCE {
            if gave_up {
                return Err(format!("a side does not end: {:?} {:?}", client.stream, server.stream).into());
            }
            client.check_stall()?;
            server.check_stall()?;
            client.stream.transport_mut().0.cut();
            server.stream.transport_mut().0.cut();
            (idle, gave_up) = (0, true);
        }
    }
    Err(format!("no end in {bound} rounds: {:?} {:?}", client.stream, server.stream).into())
}

struct Side {
    stream: Stream<Io<Faulty<Pipe>>, Box<[u8]>>,
    data: Vec<u8>,
    write: usize,
    accepted: usize,
    got: usize,
    handshake: u64,
    close_sent: bool,
    close_read: bool,
    ending: Option<Ending>,
}

impl Side {
    fn new(player: Player, bio: Bio) -> Self {
        Self {
            stream: Stream::new(player.tls, Io(Faulty::new(Pipe(bio), player.faults))),
            data: player.data,
            write: player.write.max(1),
            accepted: 0,
            got: 0,
            handshake: 0,
            close_sent: false,
            close_read: false,
            ending: None,
        }
    }

    /// Whatever is different where something has happened.
    fn progress(&self) -> (u64, u64, usize, usize, bool) {
        let wire = &self.stream.transport().0;
        (wire.received(), wire.sent(), self.accepted, self.got, self.ending.is_some())
    }

    /// One write and one read; `theirs` is what the peer says, of which it has `written` so far.
    fn step(&mut self, theirs: &[u8], written: usize, all: usize) -> Result<()> {
        if self.ending.is_some() {
            self.stream.transport_mut().0.inner_mut().discard();
            return Ok(());
        }
        let mut failed = self.push().err();
        let mut buffer = [0; 4096];
        // A failed write leaves data to be read, as for any socket.
        match self.stream.read(&mut buffer) {
            Ok(Step::Done(Received::Data(n))) => {
                let n = n.get();
                let expected = theirs[..written].get(self.got..self.got + n);
                if expected != Some(&buffer[..n]) {
                    return Err(format!("{n} bytes at {} were never sent", self.got).into());
                }
                self.got += n;
            }
            Ok(Step::Done(Received::Closed)) => {
                if self.got != all || written != all {
                    return Err(format!("closed after {} bytes of {all}", self.got).into());
                }
                self.close_read = true;
            }
            Ok(Step::Want(_)) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
        if self.handshake == 0 && self.stream.tls().session().is_some() {
            self.handshake = self.stream.transport().0.received();
        }
        let ending = match failed {
            Some(StreamError::Tls(error)) => Some(Ending::Tls(error)),
            Some(StreamError::Transport(error)) => Some(Ending::Transport(error.kind())),
            None if self.close_sent && self.close_read => Some(Ending::Clean),
            None => None,
        };
        if ending.is_some() {
            // An alert may still be queued; it goes out as far as the transport takes it.
            let _ = self.stream.flush();
            self.stream.transport_mut().0.inner_mut().close();
            self.ending = ending;
        }
        Ok(())
    }

    fn push(&mut self) -> std::result::Result<(), StreamError<IoError>> {
        if self.accepted < self.data.len() {
            let end = self.data.len().min(self.accepted + self.write);
            if let Step::Done(n) = self.stream.write(&self.data[self.accepted..end])? {
                self.accepted += n;
            }
        } else if !self.close_sent {
            // With no data of its own a side still waits for its handshake.
            if let Step::Done(()) = self.stream.handshake()? {
                self.close_sent = self.stream.shutdown()?.done().is_some();
            }
        }
        Ok(())
    }

    /// A side that waits has to have a reason: nothing left to send, and nothing that it could do by itself.
    fn check_stall(&self) -> Result<()> {
        let (interest, pending) = (self.stream.tls().interest(), self.stream.tls().pending());
        if self.ending.is_none() && (pending.progress_without_io || pending.tls_out > 0 || !interest.read) {
            return Err(format!("it stands still without a reason: {:?}", self.stream).into());
        }
        Ok(())
    }

    fn report(&self) -> Result<Report> {
        let wire = &self.stream.transport().0;
        let ending = self.ending.clone().ok_or("not ended")?;
        let (sent, received, changed) = (wire.sent(), wire.received(), wire.changed());
        Ok(Report { ending, sent, received, changed, handshake: self.handshake, got: self.got })
    }
}

/// A half of a BIO pair as `std::io` knows transports.
#[derive(Debug)]
struct Pipe(Bio);

impl Pipe {
    /// The application is gone: what comes is thrown away, as a closed socket does.
    fn discard(&mut self) {
        let mut sink = [0; 1024];
        while let Ok(ReadOutcome::Bytes(_)) = self.0.read(&mut sink) {}
    }

    fn close(&mut self) {
        self.0.shutdown_wr();
    }
}

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(out) {
            Ok(ReadOutcome::Bytes(n)) => Ok(n),
            Ok(ReadOutcome::Eof) => Ok(0),
            Ok(ReadOutcome::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
            Err(error) => Err(IoError::other(error)),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.write(bytes) {
            Ok(WriteOutcome::Bytes(n)) => Ok(n),
            Ok(WriteOutcome::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
            Err(error) => Err(IoError::other(error)),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Each promise is seen when it is broken.
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

    use wantls_testkit::Suite;

    use super::*;

    fn players(faults: Faults) -> [Player; 2] {
        let (client, server) = wantls_testkit::established(Suite::Tls13Aes128);
        [client, server].map(|tls| Player { tls, faults, data: b"what is said".to_vec(), write: 5 })
    }

    /// Runs both sides, the client against `theirs` instead of what the server says, until something is seen.
    fn seen(theirs: &[u8], all: usize) -> String {
        let [client, server] = players(Faults::NONE);
        let (a, b) = Bio::pair(Capacity::new(4096).unwrap(), Capacity::new(4096).unwrap());
        let (mut client, mut server) = (Side::new(client, a), Side::new(server, b));
        for _ in 0..100 {
            server.step(&client.data, client.accepted, client.data.len()).unwrap();
            if let Err(broken) = client.step(theirs, server.accepted, all) {
                return broken.to_string();
            }
        }
        "nothing".into()
    }

    #[test]
    fn other_data_is_seen() {
        assert_eq!(seen(b"what is said", 12), "nothing");
        assert!(seen(b"what is SAID", 12).contains("never sent"));
    }

    #[test]
    fn a_close_that_comes_too_early_is_seen() {
        assert_eq!(seen(b"what is said, and more", 22), "closed after 12 bytes of 22");
    }

    #[test]
    fn a_side_that_stands_still_is_seen() {
        let [client, server] = players(Faults { storm: usize::MAX - 1, ..Faults::NONE });
        let broken = duel(client, server, 4096).unwrap_err().to_string();
        assert!(broken.contains("stands still without a reason"), "{broken}");
    }
}
