//! The transport's side of a connection: what was said of the BIO.

use wantls::Step;
use wantls_transport::{Recv, Sent, Transport};

use crate::ErrorCode;
use crate::ssl::Tls;

/// The operation of the transport that blocked last and has to be repeated (`BIO_should_retry(3)`).
///
/// It says what that operation found, not how things are now: a transport that was served in the meantime leaves it
/// standing (rules B4, E4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    Read,
    Write,
}

impl From<Retry> for ErrorCode {
    fn from(retry: Retry) -> Self {
        match retry {
            Retry::Read => Self::WantRead,
            Retry::Write => Self::WantWrite,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Link<T> {
    pub(crate) transport: T,
    pub(crate) retry: Option<Retry>,
    /// The transport has ended.
    pub(crate) at_end: bool,
    /// The transport may hold something back.
    unflushed: bool,
}

impl<T: Transport> Link<T> {
    pub(crate) const fn new(transport: T) -> Self {
        Self { transport, retry: None, at_end: false, unflushed: false }
    }

    /// Sends what is queued until the transport refuses, and has it sent on. `true`: all of it.
    pub(crate) fn send(&mut self, tls: &mut Tls) -> Result<bool, T::Error> {
        loop {
            let out = tls.tls_out();
            if out.bytes().is_empty() {
                break;
            }
            self.retry = None;
            match self.transport.send(out.bytes())? {
                Sent::Bytes(n) => {
                    let n = n.get().min(out.bytes().len());
                    // No more than was offered, so the grant can't refuse.
                    let _ = out.consume(n);
                    self.unflushed = true;
                }
                Sent::WouldBlock => {
                    self.retry = Some(Retry::Write);
                    return Ok(false);
                }
            }
        }
        if self.unflushed && self.transport.flush()? != Step::Done(()) {
            self.retry = Some(Retry::Write);
            return Ok(false);
        }
        self.unflushed = false;
        Ok(true)
    }

    /// Receives once, and no more than the rest of the record in front, or of its header (rule R4): what comes behind
    /// stays in the transport. `false`: there is nothing.
    pub(crate) fn receive(&mut self, tls: &mut Tls) -> Result<bool, T::Error> {
        let mut grant = tls.tls_in();
        let missing = grant.missing();
        let space = grant.space();
        let n = missing.min(space.len());
        self.retry = None;
        match self.transport.recv(&mut space[..n])? {
            Recv::Bytes(received) => {
                let _ = grant.commit(received.get().min(n));
                Ok(true)
            }
            Recv::WouldBlock => {
                self.retry = Some(Retry::Read);
                Ok(false)
            }
            Recv::Eof => {
                self.at_end = true;
                tls.tls_in_eof();
                Ok(true)
            }
        }
    }
}
