//! Closing: `SSL_shutdown(3)` as steps.

use crate::connection::Connection;
use crate::error::{Error, Usage};
use crate::phase::Phase;
use crate::step::{Shutdown, Step, Want};

/// How far our own close has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Closing {
    /// `shutdown` has not been called.
    #[default]
    No,
    /// close_notify is in `tls_out`, or was.
    Queued,
    /// The caller was told that it has left.
    Told,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Closes our direction, and on later calls waits for the peer to close its own (`SSL_shutdown(3)`).
    ///
    /// - `Want(Write)`: close_notify is queued; drain `tls_out` and call again;
    /// - `Done(Sent)`: it has left. That is all a peer needs that closes first; call again to wait for the peer's;
    /// - `Want(Read)`: the peer's close_notify has not arrived;
    /// - `Done(Complete)`: both directions are closed.
    ///
    /// After the first call nothing can be written; reading goes on. An unfinished
    /// [`WriteMode::Whole`](crate::WriteMode::Whole) write is given up: the record that is queued goes out whole in
    /// front of close_notify, the rest of the data does not.
    ///
    /// # Errors
    /// [`Usage::HandshakeNotFinished`] before the handshake is done; [`Usage::UnreadData`] if data waits in front of
    /// the peer's close_notify: read it, then call again; the error that ended the connection.
    pub fn shutdown(&mut self) -> Result<Step<Shutdown>, Error> {
        self.check_fault()?;
        if self.phase == Phase::Handshaking {
            return Err(Usage::HandshakeNotFinished.into());
        }
        if self.phase.can_write() {
            self.send_close_notify()?;
        }
        if self.closing != Closing::Told {
            self.closing = Closing::Queued;
            if !self.output.is_empty() {
                return Ok(Step::Want(Want::Write));
            }
            self.closing = Closing::Told;
            let complete = self.phase == Phase::Closed;
            return Ok(Step::Done(if complete { Shutdown::Complete } else { Shutdown::Sent }));
        }
        if let Step::Want(want) = self.next_plaintext()? {
            return Ok(Step::Want(want));
        }
        if !self.input.plain().is_empty() {
            return Err(Usage::UnreadData.into());
        }
        Ok(Step::Done(Shutdown::Complete))
    }
}
