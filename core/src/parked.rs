//! An idle connection without its buffers: for servers that hold many.

use alloc::boxed::Box;
use core::fmt;

use crate::buffers::{Buffers, MIN_TLS_IN, MIN_TLS_OUT};
use crate::connection::Connection;
use crate::error::{BuildError, Usage};
use crate::handshake::Session;
use crate::phase::Phase;

/// An established connection that has given its buffers back. It can't be read or written, only
/// [resumed](Self::resume): when the transport becomes readable, or there is something to say.
pub struct Parked(Box<Connection<[u8; 0]>>);

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Whether [`park`](Self::park) would succeed.
    ///
    /// # Errors
    /// [`Usage::NotIdle`]: something is under way.
    pub fn check_idle(&self) -> Result<(), Usage> {
        let at_rest = self.input.plain().is_empty()
            && self.input.unprocessed().is_empty()
            && self.output.is_empty()
            && self.unfinished.committed() == 0;
        match self.phase {
            Phase::Open | Phase::PeerClosed | Phase::LocalClosed if at_rest => Ok(()),
            Phase::Handshaking
            | Phase::Open
            | Phase::PeerClosed
            | Phase::LocalClosed
            | Phase::Closed
            | Phase::Failed => Err(Usage::NotIdle),
        }
    }

    /// Takes the buffers off an idle connection and keeps what is needed to resume it: secrets, sequence numbers, the
    /// session. The buffers come back wiped. It allocates once; the prepared keys, which are large, are given up.
    ///
    /// # Errors
    /// The connection itself, unchanged, if it is not idle: see [`check_idle`](Self::check_idle).
    pub fn park(self) -> Result<(Parked, Buffers<B>), Box<Self>> {
        if self.check_idle().is_err() {
            return Err(Box::new(self));
        }
        let (mut bare, buffers) = self.exchange(Buffers::new([], []));
        if let Some(traffic) = &mut bare.traffic {
            traffic.sleep();
        }
        Ok((Parked(Box::new(bare)), buffers))
    }
}

impl Parked {
    pub(crate) fn from_connection(connection: Box<Connection<[u8; 0]>>) -> Self {
        Self(connection)
    }

    pub(crate) fn into_connection(self) -> Box<Connection<[u8; 0]>> {
        self.0
    }

    /// Gives the connection buffers again, which may be others, and of another size, than before. The keys are
    /// prepared anew.
    ///
    /// # Errors
    /// [`BuildError::BufferTooSmall`], with the parked connection: `tls_in` needs [`MIN_TLS_IN`] bytes, `tls_out`
    /// [`MIN_TLS_OUT`]. With fewer bytes than a full record has, records are cut to what fits.
    pub fn resume<B: AsRef<[u8]> + AsMut<[u8]>>(
        self,
        buffers: Buffers<B>,
    ) -> Result<Connection<B>, (Self, BuildError)> {
        if let Err(error) = buffers.check_sizes(MIN_TLS_IN, MIN_TLS_OUT) {
            return Err((self, error));
        }
        let (mut connection, _) = self.0.exchange(buffers);
        if let Some(traffic) = &mut connection.traffic {
            // A fault of the provider, as it made these keys before: the connection reports it from its next call on.
            if let Err(error) = traffic.wake() {
                connection.fail(error);
            }
        }
        Ok(connection)
    }

    /// The facts of the handshake.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.0.session()
    }

    /// Where the connection is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase()
    }
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parked").field("phase", &self.phase()).finish_non_exhaustive()
    }
}
