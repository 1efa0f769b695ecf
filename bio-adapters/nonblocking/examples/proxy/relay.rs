//! One relayed connection: TLS towards the client, plain towards the server behind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use mio::net::TcpStream;
use wantls::{Received, Step};
use wantls_nonblocking::Stream;

/// Bytes that wait for one direction.
const CAPACITY: usize = 16 * 1024;

/// Both directions of a connection. Each goes on while the other is stuck: a write that wants to read (the server speaks
/// first, and the handshake has not finished) and a client that sends but does not receive do not stop it.
pub(crate) struct Relay {
    pub(crate) tls: Stream<TcpStream>,
    pub(crate) plain: TcpStream,
    to_plain: Lane,
    to_tls: Lane,
}

/// Bytes on their way, and how far their direction has come.
#[derive(Default)]
struct Lane {
    bytes: Vec<u8>,
    start: usize,
    /// The source has ended.
    ended: bool,
    /// The end was passed on.
    closed: bool,
}

impl Lane {
    fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn sent(&mut self, n: usize) {
        self.start += n;
    }

    /// Refills an empty lane; `false`: nothing came. `read` answers 0 at the end, `None` if it would block.
    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<Option<usize>>) -> io::Result<bool> {
        if self.ended || !self.waiting().is_empty() {
            return Ok(false);
        }
        self.bytes.resize(CAPACITY, 0);
        self.start = 0;
        let n = read(&mut self.bytes)?;
        self.bytes.truncate(n.unwrap_or(0));
        self.ended = n == Some(0);
        Ok(n.is_some())
    }
}

impl Relay {
    pub(crate) fn new(tls: Stream<TcpStream>, plain: TcpStream) -> Self {
        Self { tls, plain, to_plain: Lane::default(), to_tls: Lane::default() }
    }

    /// Goes on in both directions until neither can. `true`: both have ended.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        while self.client_to_server()? | self.server_to_client()? {}
        // What a write took may still be in tls_out.
        let flushed = matches!(self.tls.flush()?, Step::Done(()));
        Ok(self.to_plain.closed && self.to_tls.closed && flushed)
    }

    /// Client to server. `true`: something moved.
    fn client_to_server(&mut self) -> io::Result<bool> {
        let Self { tls, plain, to_plain: lane, .. } = self;
        let filled = lane.fill(|space| {
            Ok(match tls.read(space)? {
                Step::Done(Received::Data(n)) => Some(n.get()),
                Step::Done(Received::Closed) => Some(0),
                Step::Want(_) => None,
            })
        })?;
        let mut moved = filled;
        while !lane.waiting().is_empty() {
            let Some(n) = unblocked(plain.write(lane.waiting()))? else { return Ok(moved) };
            lane.sent(n);
            moved = true;
        }
        if lane.ended && !lane.closed {
            lane.closed = true;
            plain.shutdown(Shutdown::Write)?;
        }
        Ok(moved)
    }

    /// Server to client. `true`: something moved.
    fn server_to_client(&mut self) -> io::Result<bool> {
        let Self { tls, plain, to_tls: lane, .. } = self;
        let filled = lane.fill(|space| unblocked(plain.read(space)))?;
        let mut moved = filled;
        while !lane.waiting().is_empty() {
            // Whatever it wants: the other direction goes on, and the next event comes back here.
            let Step::Done(n) = tls.write(lane.waiting())? else { return Ok(moved) };
            lane.sent(n);
            moved = true;
        }
        if lane.ended && !lane.closed && tls.tls().session().is_some() {
            lane.closed = matches!(tls.shutdown()?, Step::Done(_));
        }
        Ok(moved)
    }
}

fn unblocked(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    match answer {
        Ok(n) => Ok(Some(n)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => Ok(None),
        Err(error) => Err(error),
    }
}
