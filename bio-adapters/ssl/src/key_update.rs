//! `SSL_key_update(3)`.

use wantls_transport::Transport;

use crate::{KeyUpdateType, Reason, Ssl};

impl<T: Transport> Ssl<T> {
    /// `SSL_key_update(3)`: schedules a KeyUpdate. 1, or 0 with a reason (H14):
    ///
    /// - [`Reason::WRONG_SSL_VERSION`]: only TLS 1.3 has it;
    /// - [`Reason::INVALID_KEY_UPDATE_TYPE`]: neither 0 nor 1;
    /// - [`Reason::STILL_IN_INIT`]: another one has not left yet;
    /// - [`Reason::BAD_WRITE_RETRY`]: a record of an unfinished write waits.
    ///
    /// The message leaves with the next write, read, peek or [`do_handshake`](Self::do_handshake); until then
    /// [`in_init`](Self::in_init) is true, and [`shutdown`](Self::shutdown) is refused.
    pub fn key_update(&mut self, kind: impl Into<i32>) -> i32 {
        self.clear_error();
        if !self.is_tls13() {
            return self.refuse(Reason::WRONG_SSL_VERSION, 0);
        }
        let Ok(kind) = KeyUpdateType::try_from(kind.into()) else {
            return self.refuse(Reason::INVALID_KEY_UPDATE_TYPE, 0);
        };
        if self.check_usable().is_err() {
            return 0;
        }
        if self.in_init() {
            return self.refuse(Reason::STILL_IN_INIT, 0);
        }
        if self.committed() > 0 || self.closing {
            return self.refuse(Reason::BAD_WRITE_RETRY, 0);
        }
        self.schedule(kind).map_or(0, |()| 1)
    }

    /// `SSL_get_key_update_type(3)`: the KeyUpdate that is scheduled, or owed to the peer that asked for one (H15).
    /// `None` stands for OpenSSL's -1.
    #[must_use]
    pub fn key_update_type(&self) -> Option<KeyUpdateType> {
        self.key_update.or_else(|| self.peer_wants_key_update().then_some(KeyUpdateType::NotRequested))
    }

    /// It is sealed at once, and `owes_key_update` keeps everything behind it.
    fn schedule(&mut self, kind: KeyUpdateType) -> Result<(), i32> {
        let request = kind == KeyUpdateType::Requested;
        if let Err(error) = self.parts()?.0.key_update(request) {
            return Err(self.fail(error, 0));
        }
        self.key_update = Some(kind);
        self.owes_key_update = true;
        Ok(())
    }

    pub(crate) fn peer_wants_key_update(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.key_update_due().is_some())
    }
}
