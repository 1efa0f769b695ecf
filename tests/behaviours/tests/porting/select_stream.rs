use std::io;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use wantls::{Connection, Received, Step};
use wantls_transport::{Io, Stream};

/// Sends a request and reads the reply until the peer closes.
pub fn exchange(tls: Connection<Box<[u8]>>, mut socket: TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut socket, Token(0), both)?;

    let mut stream = Stream::new(tls, Io(socket));
    let (mut reply, mut buffer, mut rest) = (Vec::new(), [0; 16384], request);
    loop {
        if rest.is_empty() {
            match stream.read(&mut buffer)? {
                Step::Done(Received::Data(n)) => reply.extend_from_slice(&buffer[..n.get()]),
                Step::Done(Received::Closed) => return Ok(reply),
                Step::Want(_) => poll.poll(&mut events, None)?,
            }
        } else {
            match stream.write(rest)? {
                Step::Done(n) => rest = &rest[n..],
                Step::Want(_) => poll.poll(&mut events, None)?,
            }
        }
    }
}
