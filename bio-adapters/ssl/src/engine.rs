//! The handshake engine's place in every call: what it still has to do comes first (rules H3 to H7, 1.5).

use wantls::{Step, Want};
use wantls_transport::Transport;

use crate::context::CantBegin;
use crate::link::{Link, Retry};
use crate::ssl::Tls;
use crate::{Failure, Reason, ShutdownState, Ssl, Wanting};

impl<T: Transport> Ssl<T> {
    /// `SSL_do_handshake(3)`: goes on with the handshake; any read or write does so too (H3).
    ///
    /// 1 once it has finished and its last flight has left, and from then on without any I/O (H6). -1: see
    /// [`get_error`](Self::get_error). 0 if the context is not for this role (H2). After
    /// [`key_update`](Self::key_update) it sends the KeyUpdate (H14); it does not answer a peer's (H15).
    pub fn do_handshake(&mut self) -> i32 {
        self.clear_error();
        if self.role.is_none() {
            return self.refuse(Reason::CONNECTION_TYPE_NOT_SET, -1);
        }
        if let Err(ret) = self.run_engine() {
            let misused = self.reason() == Some(Reason::SHOULD_NOT_HAVE_BEEN_CALLED);
            return if misused { 0 } else { ret };
        }
        1
    }

    /// `SSL_connect(3)`: [`do_handshake`](Self::do_handshake) as a client, unless a role was set already (H2).
    pub fn connect(&mut self) -> i32 {
        if self.role.is_none() {
            self.set_connect_state();
        }
        self.do_handshake()
    }

    /// `SSL_accept(3)`: [`do_handshake`](Self::do_handshake) as a server, unless a role was set already (H2).
    pub fn accept(&mut self) -> i32 {
        if self.role.is_none() {
            self.set_accept_state();
        }
        self.do_handshake()
    }

    // --- for the calls ---

    /// What each call begins with: a role, and a connection that has not failed.
    ///
    /// The error of one that has is given again, whatever is called; its alert is sent on as far as possible.
    pub(crate) fn check_usable(&mut self) -> Result<(), i32> {
        if self.role.is_none() {
            return Err(self.refuse(Reason::UNINITIALIZED, -1));
        }
        match self.tls.as_ref().and_then(Tls::fault).cloned() {
            Some(fault) => Err(self.fail(fault, -1)),
            None => Ok(()),
        }
    }

    /// Runs the engine if it has something to do.
    pub(crate) fn run_engine(&mut self) -> Result<(), i32> {
        self.check_usable()?;
        if self.in_init() { self.engine() } else { Ok(()) }
    }

    fn engine(&mut self) -> Result<(), i32> {
        self.key_update = None;
        loop {
            let step = self.parts()?.0.handshake();
            match step {
                Ok(Step::Done(())) => {
                    self.flush()?;
                    self.connected = true;
                    self.owes_key_update = false;
                    return Ok(());
                }
                Ok(Step::Want(want)) => {
                    self.flush()?;
                    if want == Want::Read {
                        self.receive()?;
                    }
                }
                Err(error) => return Err(self.fail(error, -1)),
            }
        }
    }

    /// Sends what is queued. An error: not all of it left.
    pub(crate) fn flush(&mut self) -> Result<(), i32> {
        let (tls, link) = self.parts()?;
        match link.send(tls) {
            Ok(true) => {
                self.want = Wanting::Nothing;
                Ok(())
            }
            Ok(false) => {
                self.want = Wanting::Writing;
                Err(-1)
            }
            Err(error) => Err(self.transport_failed(error)),
        }
    }

    /// Sends replies that are queued, if no call depends on it: neither a record of an unfinished write, which only
    /// a write sends on (W13), nor our close_notify, which only a shutdown does (S4), nor anything but a KeyUpdate once
    /// our direction counts as closed.
    pub(crate) fn offer_replies(&mut self) {
        if self.owes_key_update {
            self.key_update = None;
        } else if self.committed() > 0 || self.shutdown.contains(ShutdownState::SENT) {
            return;
        }
        let Ok((tls, link)) = self.parts() else { return };
        // Reading goes on without it; a write will meet the same failure.
        if matches!(link.send(tls), Ok(true)) {
            self.owes_key_update = false;
        }
    }

    /// Receives. An error: nothing came.
    pub(crate) fn receive(&mut self) -> Result<(), i32> {
        let (tls, link) = self.parts()?;
        match link.receive(tls) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.want = Wanting::Reading;
                Err(-1)
            }
            Err(error) => Err(self.transport_failed(error)),
        }
    }

    /// Stops a read that could go on, as if nothing had come (R16).
    pub(crate) fn pause(&mut self) -> i32 {
        self.want = Wanting::Reading;
        self.link.retry = Some(Retry::Read);
        -1
    }

    /// The connection and its transport; the connection is made when it is needed first.
    pub(crate) fn parts(&mut self) -> Result<(&mut Tls, &mut Link<T>), i32> {
        if self.tls.is_none() {
            self.tls = Some(self.begin()?);
        }
        match &mut self.tls {
            Some(tls) => Ok((tls, &mut self.link)),
            None => Err(-1),
        }
    }

    fn begin(&mut self) -> Result<Tls, i32> {
        let Some(role) = self.role else { return Err(self.refuse(Reason::UNINITIALIZED, -1)) };
        match self.context.begin(role, self.host_name.as_ref()) {
            Ok(mut tls) => {
                if let Some(bytes) = self.fragments.changed() {
                    tls.set_max_fragment(bytes);
                }
                Ok(tls)
            }
            Err(CantBegin::Refused(reason)) => Err(self.refuse(reason, -1)),
            Err(CantBegin::Build(error)) => {
                self.failure = Some(Failure::Build(error));
                Err(-1)
            }
        }
    }
}
