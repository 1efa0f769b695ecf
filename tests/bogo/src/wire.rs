//! The socket to the runner.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use wantls_transport::{Io, Recv, Sent, Transport};

/// How long we wait for the runner's end: it comes at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// A blocking socket. With `-async` it lets nothing through by itself: each [`retry`](Self::retry) grants one byte to
/// each side that had to wait; and it does not wait for the runner while bytes of ours wait, as it may wait for them.
pub(crate) struct Wire {
    socket: TcpStream,
    quota: Option<Quota>,
}

#[derive(Default)]
struct Quota {
    read: Side,
    write: Side,
    /// Writes wait, whatever is asked.
    hold_writes: bool,
}

#[derive(Default)]
struct Side {
    allowed: usize,
    asked: bool,
}

impl Side {
    /// How many of `len` bytes may pass now; `None`: the caller has to wait.
    fn pass(&mut self, len: usize) -> Option<usize> {
        self.asked = self.allowed == 0;
        (!self.asked).then(|| len.min(self.allowed))
    }

    fn grant(&mut self) -> bool {
        let asked = std::mem::take(&mut self.asked);
        self.allowed += usize::from(asked);
        asked
    }
}

impl Quota {
    /// Bytes of ours wait for their turn.
    fn writes_wait(&self) -> bool {
        self.write.asked && !self.hold_writes
    }
}

impl Wire {
    /// Connects, and tells the runner which of its shims this is, if it has several.
    pub(crate) fn connect(
        addresses: &[SocketAddr],
        shim_id: Option<u64>,
        is_async: bool,
    ) -> io::Result<Self> {
        let mut socket = TcpStream::connect(addresses)?;
        socket.set_nodelay(true)?;
        if let Some(id) = shim_id {
            socket.write_all(&id.to_le_bytes())?;
        }
        Ok(Self { socket, quota: is_async.then(Quota::default) })
    }

    /// Grants a byte to each side that had to wait. `false`: none had to, so repeating a call changes nothing.
    pub(crate) fn retry(&mut self) -> bool {
        self.quota.as_mut().is_some_and(|quota| {
            let (read, write) = (quota.read.grant(), !quota.hold_writes && quota.write.grant());
            read || write
        })
    }

    /// Lets one byte out, and then none before [`release_writes`](Self::release_writes). Only with `-async`.
    pub(crate) fn hold_writes_after_a_byte(&mut self) -> bool {
        self.quota.as_mut().is_some_and(|quota| {
            quota.write.allowed = 1;
            quota.hold_writes = true;
            true
        })
    }

    /// Lets writes go on.
    pub(crate) fn release_writes(&mut self) {
        if let Some(quota) = &mut self.quota {
            quota.hold_writes = false;
        }
    }

    /// Ends our side and waits for the runner's end: closing with bytes unread would reset the connection, and what
    /// was sent, an alert say, could be lost with it.
    pub(crate) fn linger(&mut self) {
        let _ = self.socket.set_nonblocking(false);
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.socket.set_read_timeout(Some(PATIENCE));
        let mut rest = [0; 4096];
        while matches!(self.socket.read(&mut rest), Ok(1..)) {}
    }
}

impl Transport for Wire {
    type Error = io::Error;

    fn recv(&mut self, space: &mut [u8]) -> io::Result<Recv> {
        let mut len = space.len();
        if let Some(quota) = &mut self.quota {
            let Some(allowed) = quota.read.pass(len) else { return Ok(Recv::WouldBlock) };
            len = allowed;
            self.socket.set_nonblocking(quota.writes_wait())?;
        }
        let received = match Io(&self.socket).recv(&mut space[..len]) {
            // A runner that closes with bytes of ours unread resets the connection. It is its end all the same.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Recv::Eof,
            received => received?,
        };
        if let (Recv::Bytes(n), Some(quota)) = (received, &mut self.quota) {
            quota.read.allowed -= n.get();
        }
        Ok(received)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<Sent> {
        let mut len = bytes.len();
        if let Some(quota) = &mut self.quota {
            let Some(allowed) = quota.write.pass(len) else { return Ok(Sent::WouldBlock) };
            len = allowed;
            self.socket.set_nonblocking(false)?;
        }
        let sent = Io(&self.socket).send(&bytes[..len])?;
        if let (Sent::Bytes(n), Some(quota)) = (sent, &mut self.quota) {
            quota.write.allowed -= n.get();
        }
        Ok(sent)
    }

    /// Without `-async` the socket is blocking, and is asked to receive only by a call that needs to read.
    fn waits(&self) -> bool {
        self.quota.is_none()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use std::net::TcpListener;

    use super::*;

    /// A wire, and the runner's end of it.
    fn pair(is_async: bool) -> (Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire::connect(&[listener.local_addr().unwrap()], Some(1), is_async).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        far.read_exact(&mut [0; 8]).unwrap();
        (wire, far)
    }

    fn bytes(n: usize) -> Recv {
        Recv::from_read(n)
    }

    #[test]
    fn reading_takes_one_byte_a_retry() {
        let (mut wire, mut far) = pair(true);
        far.write_all(b"abc").unwrap();
        let mut space = [0; 9];
        assert!(!wire.retry(), "nobody has asked");
        for expected in b"abc" {
            assert_eq!(wire.recv(&mut space).unwrap(), Recv::WouldBlock);
            assert!(wire.retry());
            assert_eq!(wire.recv(&mut space).unwrap(), bytes(1));
            assert_eq!(space[0], *expected);
        }
    }

    #[test]
    fn writing_gives_one_byte_a_retry() {
        let (mut wire, mut far) = pair(true);
        for expected in b"abc" {
            assert_eq!(wire.send(&[*expected, 0]).unwrap(), Sent::WouldBlock);
            assert!(wire.retry());
            assert_eq!(wire.send(&[*expected, 0]).unwrap(), Sent::Bytes(std::num::NonZeroUsize::MIN));
        }
        drop(wire);
        let mut all = Vec::new();
        far.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abc");
    }

    #[test]
    fn held_writes_let_one_byte_out_and_ask_for_nothing() {
        let (mut wire, _far) = pair(true);
        assert!(wire.hold_writes_after_a_byte());
        assert_eq!(wire.send(b"ab").unwrap(), Sent::Bytes(std::num::NonZeroUsize::MIN));
        assert_eq!(wire.send(b"b").unwrap(), Sent::WouldBlock);
        assert!(!wire.retry());
        wire.release_writes();
        assert!(wire.retry());
        assert_eq!(wire.send(b"b").unwrap(), Sent::Bytes(std::num::NonZeroUsize::MIN));
    }

    #[test]
    fn a_wire_that_is_not_async_takes_and_gives_what_there_is() {
        let (mut wire, mut far) = pair(false);
        far.write_all(b"abc").unwrap();
        far.shutdown(Shutdown::Write).unwrap();
        let (mut space, mut got) = ([0; 9], 0);
        while let Recv::Bytes(n) = wire.recv(&mut space).unwrap() {
            got += n.get();
        }
        assert_eq!(got, 3);
        assert!(matches!(wire.send(b"ab").unwrap(), Sent::Bytes(n) if n.get() == 2));
        assert!(!wire.hold_writes_after_a_byte());
    }
}
