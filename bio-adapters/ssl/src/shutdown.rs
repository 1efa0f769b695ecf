//! `SSL_shutdown(3)` and its flags.

use wantls_transport::Transport;

use crate::read::Found;
use crate::{Reason, ShutdownState, Ssl};

impl<T: Transport> Ssl<T> {
    /// `SSL_shutdown(3)`: closes our direction with a close_notify, and on later calls waits for the peer's.
    ///
    /// - 0: our close_notify has left; call again to wait for the peer's (S3). There is nothing to ask
    ///   [`get_error`](Self::get_error) then (S6).
    /// - 1: both directions are closed.
    /// - -1 with [`WantWrite`](crate::ErrorCode::WantWrite): it did not all fit; repeat the call (S4). A record of an
    ///   unfinished write goes out whole before it; the rest of that write does not.
    /// - -1 with [`WantRead`](crate::ErrorCode::WantRead): the peer's has not come.
    /// - -1 with [`Reason::SHUTDOWN_WHILE_IN_INIT`]: not during a handshake, nor with a KeyUpdate that has not left
    ///   (S1).
    /// - -1 with [`Reason::APPLICATION_DATA_AFTER_CLOSE_NOTIFY`]: data waits in front of the peer's close_notify: read
    ///   it, then repeat the call. In OpenSSL this is fatal (S7).
    ///
    /// From the first call on nothing can be written; reading goes on (S12).
    pub fn shutdown(&mut self) -> i32 {
        self.clear_error();
        if let Err(ret) = self.check_usable() {
            return ret;
        }
        if self.in_init() {
            return self.refuse(Reason::SHUTDOWN_WHILE_IN_INIT, -1);
        }
        if self.quiet {
            self.shutdown = ShutdownState::BOTH;
        } else if let Err(ret) = self.close() {
            return ret;
        }
        i32::from(self.shutdown.contains(ShutdownState::BOTH))
    }

    /// `SSL_get_shutdown(3)`.
    #[must_use]
    pub fn get_shutdown(&self) -> ShutdownState {
        self.shutdown
    }

    /// `SSL_set_shutdown(3)`: sets the flags by hand, which makes writes or reads answer as if closed (W4, R8), or
    /// takes that back. It sends nothing, and does not open a direction again that was really closed.
    pub fn set_shutdown(&mut self, flags: ShutdownState) {
        self.shutdown = flags & ShutdownState::BOTH;
    }

    /// `SSL_set_quiet_shutdown(3)`: [`shutdown`](Self::shutdown) only sets both flags and sends nothing (S2).
    pub fn set_quiet_shutdown(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// `SSL_get_quiet_shutdown(3)`.
    #[must_use]
    pub fn get_quiet_shutdown(&self) -> bool {
        self.quiet
    }

    fn close(&mut self) -> Result<(), i32> {
        if !self.shutdown.contains(ShutdownState::SENT) {
            self.shutdown = self.shutdown | ShutdownState::SENT;
            self.closing = true;
            // It wants to be flushed, which is next.
            if let Err(error) = self.parts()?.0.shutdown() {
                return Err(self.fail(error, -1));
            }
        }
        if self.closing {
            self.flush()?;
            self.closing = false;
            return Ok(());
        }
        if self.shutdown.contains(ShutdownState::RECEIVED) {
            return Ok(());
        }
        // The read's 0 means something else here.
        match self.next_data().map_err(|_| -1)? {
            Found::Closed => Ok(()),
            Found::Data => Err(self.refuse(Reason::APPLICATION_DATA_AFTER_CLOSE_NOTIFY, -1)),
        }
    }
}
