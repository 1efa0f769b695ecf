//! One connection of the echo server.

use mio::net::TcpStream;
use wantls::{Received, Step};
use wantls_nonblocking::{Error, Stream};

/// Turns that one connection gets before the others have theirs.
const TURNS: usize = 8;

/// What a session needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// An event.
    Event,
    /// Another turn: it could go on, but others wait.
    Turn,
    /// Nothing: both sides have closed.
    Nothing,
}

/// A connection whose data goes back where it came from.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) stream: Stream<TcpStream>,
}

impl Session {
    /// Goes on as far as the socket allows. The data that is to go back waits in `tls_in`, so that a peer that does
    /// not read is not read from either.
    pub(crate) fn advance(&mut self, buffer: &mut [u8]) -> Result<Next, Error> {
        for _ in 0..TURNS {
            let n = match self.stream.peek(buffer)? {
                Step::Done(Received::Data(n)) => n.get(),
                Step::Done(Received::Closed) => return self.close(),
                Step::Want(_) => return Ok(Next::Event),
            };
            match self.stream.write(&buffer[..n])? {
                Step::Done(taken) => self.stream.consume(taken)?,
                Step::Want(_) => return Ok(Next::Event),
            }
        }
        Ok(Next::Turn)
    }

    fn close(&mut self) -> Result<Next, Error> {
        Ok(match self.stream.shutdown()? {
            Step::Done(_) => Next::Nothing,
            Step::Want(_) => Next::Event,
        })
    }
}
