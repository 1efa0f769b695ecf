//! What a wrapper may know of the model beyond what an application can ask.

use super::{Dispatch, Model};
use crate::setup::Setup;

/// The inner state that decides where another library may differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// A fatal error has happened.
    pub dead: bool,
    /// A record of which a byte has not been accepted by the transport.
    pub pending: bool,
    /// An alert waits, or is partly out.
    pub alert: bool,
    /// An alert is partly out.
    pub half_alert: bool,
    /// Most plaintext bytes of a record.
    pub fragment: usize,
    /// Bytes of a handshake message that the engine has sealed and the transport not taken.
    pub engine: usize,
    /// Part of a record was taken from the transport.
    pub mid_record: bool,
}

impl Model {
    /// The subject that [`ModelLibrary`](super::ModelLibrary) makes.
    #[must_use]
    pub fn of(setup: &Setup) -> Self {
        Self::new(setup.version, setup.role, setup.out_capacity, setup.in_capacity).with(setup.options)
    }

    /// The state now.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            dead: self.dead,
            pending: self.pending.is_some(),
            alert: self.alert != Dispatch::None,
            half_alert: self.alert == Dispatch::Partly,
            fragment: usize::try_from(self.split_fragment).unwrap_or(1),
            engine: self.filter.as_ref().map_or(0, |filter| filter.bytes.len()),
            mid_record: !self.header.is_empty(),
        }
    }
}
