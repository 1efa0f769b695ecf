//! One connection of the echo server.

use mio::net::TcpStream;
use wantls::buffers::{TLS13_RECORD, min_tls_out};
use wantls::{Buffers, Connection, Parked, Received, Step};
use wantls_nonblocking::{Error, Stream};

/// Turns that one connection gets before the others have theirs.
const TURNS: usize = 8;

/// rustls's `max_fragment_size` for the handshake: it decides how large `tls_out` has to be.
pub(crate) const FRAGMENT: usize = 4096;

/// Buffers that no connection needs just now.
#[derive(Debug, Default)]
pub(crate) struct Spare(Vec<Buffers<Box<[u8]>>>);

impl Spare {
    /// The most that are kept.
    const MOST: usize = 64;

    pub(crate) fn take(&mut self) -> Buffers<Box<[u8]>> {
        self.0.pop().unwrap_or_else(|| Buffers::heap_of(TLS13_RECORD, min_tls_out(Some(FRAGMENT))))
    }

    fn give(&mut self, buffers: Buffers<Box<[u8]>>) {
        if self.0.len() < Self::MOST {
            self.0.push(buffers);
        }
    }
}

/// What becomes of a session.
#[derive(Debug)]
pub(crate) enum Next {
    /// It waits for an event.
    Event(Session),
    /// It could go on, but others wait.
    Turn(Session),
    /// Both sides have closed.
    Nothing,
}

/// A connection whose data goes back where it came from. It has buffers only while something is under way.
#[derive(Debug)]
pub(crate) enum Session {
    Awake(Box<Stream<TcpStream>>),
    Asleep(Parked, TcpStream),
}

impl Session {
    pub(crate) fn new(tls: Connection<Box<[u8]>>, socket: TcpStream) -> Self {
        Self::Awake(Box::new(Stream::new(tls, socket)))
    }

    /// Goes on as far as the socket allows.
    pub(crate) fn advance(self, buffer: &mut [u8], spare: &mut Spare) -> Result<Next, Error> {
        let mut stream = self.wake(spare);
        let ended = match echo(&mut stream, buffer) {
            Ok(Step::Done(Progress::Turn)) => return Ok(Next::Turn(Self::Awake(stream))),
            Ok(Step::Want(_)) => return Ok(Next::Event(Self::sleep(stream, spare))),
            Ok(Step::Done(Progress::Closed)) => Ok(Next::Nothing),
            Err(error) => Err(error),
        };
        spare.give(stream.into_parts().0.into_buffers());
        ended
    }

    fn wake(self, spare: &mut Spare) -> Box<Stream<TcpStream>> {
        match self {
            Self::Awake(stream) => stream,
            Self::Asleep(parked, socket) => match parked.resume(spare.take()) {
                Ok(tls) => Box::new(Stream::new(tls, socket)),
                Err((_, error)) => unreachable!("buffers that were large enough before: {error}"),
            },
        }
    }

    /// Parks the connection if it is idle. What comes meanwhile waits in the socket.
    fn sleep(stream: Box<Stream<TcpStream>>, spare: &mut Spare) -> Self {
        let (tls, socket) = stream.into_parts();
        match tls.park() {
            Ok((parked, buffers)) => {
                spare.give(buffers);
                Self::Asleep(parked, socket)
            }
            Err(busy) => Self::new(*busy, socket),
        }
    }
}

enum Progress {
    /// It had its turns.
    Turn,
    Closed,
}

/// Sends back what comes. The data waits in `tls_in` until it is written, so that a peer that does not read is not read
/// from either.
fn echo(stream: &mut Stream<TcpStream>, buffer: &mut [u8]) -> Result<Step<Progress>, Error> {
    for _ in 0..TURNS {
        let n = match stream.peek(buffer)? {
            Step::Done(Received::Data(n)) => n.get(),
            Step::Done(Received::Closed) => return Ok(stream.shutdown()?.map(|_| Progress::Closed)),
            Step::Want(want) => return Ok(Step::Want(want)),
        };
        match stream.write(&buffer[..n])? {
            Step::Done(taken) => stream.consume(taken)?,
            Step::Want(want) => return Ok(Step::Want(want)),
        }
    }
    Ok(Step::Done(Progress::Turn))
}
