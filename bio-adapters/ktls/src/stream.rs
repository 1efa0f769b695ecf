//! A connection whose records the kernel protects.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};

use wantls::{Incoming, Offload, Phase, ProtocolError, Session};
use wantls_transport::io_error;

use crate::hand_over::set_key;
use crate::{Direction, Socket};

const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;

/// The least plaintext that a full record of the kernel can have: it closes one where pages run out, at the worst after
/// each.
const LEAST_RECORD: usize = 4096;

/// A TLS stream on a socket whose kernel protects the records: it reads and writes plaintext, and sends files by
/// `sendfile(2)`.
///
/// It works on blocking and nonblocking sockets. On the latter, and after a timeout, calls fail with `WouldBlock`, which
/// has taken nothing: repeat them, or make others.
///
/// **Reading** answers `Ok(0)` only after the peer's close_notify; a transport that ends before it is
/// [`ErrorKind::UnexpectedEof`]. KeyUpdates, tickets and alerts are dealt with on the way. A record that does not decrypt
/// is [`ErrorKind::InvalidData`], and ends the connection.
///
/// **KeyUpdates** need Linux 6.14. On an older kernel the peer's first one ends the connection with
/// [`ErrorKind::Unsupported`], and so does a write key that has protected as many records as it may: of AES-GCM 2^24
/// records, counted as if each had 4 KiB of plaintext.
///
/// **Dropping** sends nothing: [`shutdown`](Self::shutdown) first.
#[derive(Debug)]
pub struct Stream<S: Socket> {
    keys: Offload,
    socket: S,
    /// The first byte of an alert whose second has not been received.
    alert: Option<u8>,
    /// The kernel's write key is not the connection's any more, so that nothing can be sent.
    mute: bool,
}

impl<S: Socket> Stream<S> {
    pub(crate) const fn new(keys: Offload, socket: S) -> Self {
        Self { keys, socket, alert: None, mute: false }
    }

    /// The socket, to set a timeout for instance.
    pub const fn get_ref(&self) -> &S {
        &self.socket
    }

    /// The socket. What is sent or received past the stream breaks the connection.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// The facts of the handshake.
    pub fn session(&self) -> Option<&Session> {
        self.keys.session()
    }

    /// Where the connection is.
    pub fn phase(&self) -> Phase {
        self.keys.phase()
    }

    /// Sends at most `len` bytes of `file` from byte `offset` on: one `sendfile(2)`, as `SSL_sendfile(3)` does. Returns
    /// the bytes taken, 0 at the end of the file. The position of `file` is not used.
    ///
    /// # Errors
    /// As [`write`](Write::write); the file's.
    pub fn sendfile(&mut self, file: &File, offset: u64, len: usize) -> Result<usize> {
        self.send_data(|socket| socket.sendfile(file, offset, len))
    }

    /// Changes our write key, and asks the peer to change its own with `request_peer`. What does not fit now is sent
    /// before the next data.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] in TLS 1.2; [`ErrorKind::Unsupported`] if the kernel can't change a key, which ends the
    /// connection, as the peer has been told.
    pub fn key_update(&mut self, request_peer: bool) -> Result<()> {
        self.keys.key_update(request_peer).map_err(io_error)?;
        self.offer_control()
    }

    /// Sends close_notify. Reading goes on. Can be repeated, after `WouldBlock` for instance.
    ///
    /// # Errors
    /// The socket's; the error that ended the connection.
    pub fn shutdown(&mut self) -> Result<()> {
        self.keys.close().map_err(io_error)?;
        self.send_control()
    }

    /// Sends data by `send`, once it may be sent.
    fn send_data(&mut self, send: impl FnOnce(&mut S) -> Result<usize>) -> Result<usize> {
        let writable = self.keys.check_writable();
        // An error may have an alert to send, which is a detail then.
        let sent = self.send_control();
        writable.map_err(io_error)?;
        sent?;
        let n = send(&mut self.socket)?;
        self.keys.protected((n / LEAST_RECORD) as u64 + 1);
        Ok(n)
    }

    /// Sends the alerts and KeyUpdates that are due.
    fn send_control(&mut self) -> Result<()> {
        while let Some(control) = self.keys.control() {
            if self.mute {
                break;
            }
            let n = self.socket.send(control.content_type(), control.content())?;
            if n != control.content().len() {
                return Err(ErrorKind::WriteZero.into());
            }
            if self.keys.control_sent().map_err(io_error)? {
                let set = set_key(&self.keys, &mut self.socket, Direction::Write);
                self.mute = set.is_err();
                set.map_err(|error| self.key_refused(&error))?;
            }
        }
        Ok(())
    }

    /// [`send_control`](Self::send_control) for calls that need not wait for it.
    fn offer_control(&mut self) -> Result<()> {
        match self.send_control() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            answer => answer,
        }
    }

    /// Receives one piece of data, or of something else: then 0.
    fn receive(&mut self, out: &mut [u8]) -> Result<(Incoming, usize)> {
        let (content_type, n) = match self.socket.recv(out) {
            Ok(received) => received,
            Err(error) => return Err(self.receive_failed(error)),
        };
        if n == 0 {
            return self.ended(Offload::received_eof).map(|incoming| (incoming, 0));
        }
        let content = &out[..n];
        let incoming = match content_type {
            ALERT => self.received_alert(content),
            _ => self.ended(|keys| keys.received(content_type, content)),
        };
        if !matches!(incoming, Ok(Incoming::Data)) {
            // Not the application's.
            out[..n].fill(0);
        }
        incoming.map(|incoming| (incoming, n))
    }

    /// A small `out` may have had room for the first byte of an alert only.
    fn received_alert(&mut self, content: &[u8]) -> Result<Incoming> {
        match (self.alert.take(), content) {
            (None, &[level]) => {
                self.alert = Some(level);
                Ok(Incoming::Nothing)
            }
            (Some(level), &[description]) => self.ended(|keys| keys.received(ALERT, &[level, description])),
            (_, alert) => self.ended(|keys| keys.received(ALERT, alert)),
        }
    }

    /// An error of `call` ends the connection: its alert is sent.
    fn ended<R>(
        &mut self,
        call: impl FnOnce(&mut Offload) -> core::result::Result<R, wantls::Error>,
    ) -> Result<R> {
        call(&mut self.keys).map_err(|error| {
            // The error is what the caller has to know; that its alert could not be sent is a detail.
            let _ = self.send_control();
            io_error(error)
        })
    }

    fn receive_failed(&mut self, error: Error) -> Error {
        if error.raw_os_error() != Some(libc::EBADMSG) {
            return error;
        }
        let fault = self.keys.fail(ProtocolError::BadRecordMac.into());
        let _ = self.send_control();
        io_error(fault)
    }

    /// The kernel does not take a new key, so the connection is over.
    fn key_refused(&mut self, error: &Error) -> Error {
        let fault = wantls::rustls::Error::General("the kernel can't change a key".into());
        self.keys.fail(wantls::Error::Crypto(fault));
        let _ = self.send_control();
        Error::new(ErrorKind::Unsupported, format!("the kernel can't change a key: {error}"))
    }
}

impl<S: Socket> Read for Stream<S> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(fault) = self.keys.fault() {
                return Err(io_error(fault.clone()));
            }
            if !self.keys.phase().can_read() {
                return Ok(0);
            }
            match self.receive(out)? {
                (Incoming::Data, n) => return Ok(n),
                (Incoming::Closed, _) => return Ok(0),
                (Incoming::Nothing, _) => {}
                (Incoming::NewReadKey, _) => {
                    let set = set_key(&self.keys, &mut self.socket, Direction::Read);
                    set.map_err(|error| self.key_refused(&error))?;
                }
            }
            // What the peer asked for. Reading does not wait for it, nor for a peer that has gone.
            let _ = self.offer_control();
        }
    }
}

impl<S: Socket> Write for Stream<S> {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        if data.is_empty() {
            return Ok(0);
        }
        self.send_data(|socket| socket.send(APPLICATION_DATA, data))
    }

    /// Sends what is due besides data; data is sent at once.
    fn flush(&mut self) -> Result<()> {
        self.send_control()
    }
}
