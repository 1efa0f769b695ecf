use std::io;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use wantls_ssl::{ErrorCode, Ssl};
use wantls_transport::Io;

/// Sends a request and reads the reply until the peer closes.
pub fn exchange(ssl: &mut Ssl<Io<TcpStream>>, request: &[u8]) -> io::Result<Vec<u8>> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
    let both = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut ssl.transport_mut().0, Token(0), both)?;

    let (mut reply, mut buffer, mut sent) = (Vec::new(), [0; 16384], false);
    loop {
        let ret = if sent { ssl.read(&mut buffer) } else { ssl.write(request) };
        match ssl.check(ret) {
            Ok(n) if sent => reply.extend_from_slice(&buffer[..n]),
            Ok(_) => sent = true,
            Err(ErrorCode::WantRead | ErrorCode::WantWrite) => poll.poll(&mut events, None)?,
            Err(ErrorCode::ZeroReturn) => return Ok(reply),
            Err(ErrorCode::None | ErrorCode::Ssl | ErrorCode::Syscall) => {
                return Err(io::Error::other(format!("{:?}", ssl.failure())));
            }
        }
    }
}
