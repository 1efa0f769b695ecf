//! Every state of a connection, and every transition between them. Nothing else changes a [`Phase`].
//!
//! ```text
//!              Established                 PeerClosed
//!  Handshaking ───────────▶ Open ───────────────────────▶ PeerClosed
//!                             │ LocalClosed                  │ LocalClosed
//!                             ▼                              ▼
//!                        LocalClosed ──────────────────▶  Closed
//!                                        PeerClosed
//!  any of them ── Failed ──▶ Failed
//! ```

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The handshake has not finished.
    Handshaking,
    /// Data flows both ways.
    Open,
    /// The peer has sent close_notify: nothing more can be read, writing goes on (RFC 8446 section 6.1).
    PeerClosed,
    /// We have queued close_notify: nothing more can be written, reading goes on.
    LocalClosed,
    /// Both close_notify alerts have been exchanged.
    Closed,
    /// A fatal error; what is queued in `tls_out` can still be sent.
    Failed,
}

/// What moves a connection from one phase to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The handshake finished and the traffic keys are in use.
    Established,
    /// The peer's close_notify was processed.
    PeerClosed,
    /// Our close_notify was sealed into `tls_out`.
    LocalClosed,
    /// A fatal error.
    Failed,
}

impl Phase {
    /// The phase after `event`. An event that has no place in a phase leaves it as it is.
    pub(crate) fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::Closed | Self::Failed, _) => self,
            (_, Event::Failed) => Self::Failed,
            (Self::Handshaking, Event::Established) => Self::Open,
            (Self::Open, Event::PeerClosed) => Self::PeerClosed,
            (Self::Open, Event::LocalClosed) => Self::LocalClosed,
            (Self::LocalClosed, Event::PeerClosed) | (Self::PeerClosed, Event::LocalClosed) => Self::Closed,
            (
                Self::Handshaking | Self::Open | Self::PeerClosed | Self::LocalClosed,
                Event::Established | Event::PeerClosed | Event::LocalClosed,
            ) => self,
        }
    }

    /// Whether bytes from the peer can still matter.
    #[must_use]
    pub fn can_read(self) -> bool {
        matches!(self, Self::Handshaking | Self::Open | Self::LocalClosed)
    }

    /// Whether application data can still be sent, now or after the handshake.
    #[must_use]
    pub fn can_write(self) -> bool {
        matches!(self, Self::Handshaking | Self::Open | Self::PeerClosed)
    }

    /// Whether nothing more can happen but the sending of what is queued.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Closed | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [Phase; 6] = [
        Phase::Handshaking,
        Phase::Open,
        Phase::PeerClosed,
        Phase::LocalClosed,
        Phase::Closed,
        Phase::Failed,
    ];
    const EVENTS: [Event; 4] = [Event::Established, Event::PeerClosed, Event::LocalClosed, Event::Failed];

    #[test]
    fn a_closed_direction_never_opens_again() {
        for phase in PHASES.into_iter().filter(|p| *p != Phase::Handshaking) {
            for event in EVENTS {
                let next = phase.after(event);
                assert!(phase.can_read() || !next.can_read(), "{phase:?} {event:?}");
                assert!(phase.can_write() || !next.can_write(), "{phase:?} {event:?}");
            }
        }
    }

    #[test]
    fn terminal_phases_stay() {
        for phase in PHASES.into_iter().filter(|p| p.is_terminal()) {
            for event in EVENTS {
                assert_eq!(phase.after(event), phase);
            }
        }
    }

    #[test]
    fn every_phase_can_fail_but_a_clean_close_stays_clean() {
        for phase in PHASES {
            let failed = phase.after(Event::Failed);
            assert_eq!(failed, if phase == Phase::Closed { Phase::Closed } else { Phase::Failed });
        }
    }

    #[test]
    fn closing_in_either_order_ends_closed() {
        let open = Phase::Handshaking.after(Event::Established);
        assert_eq!(open.after(Event::PeerClosed).after(Event::LocalClosed), Phase::Closed);
        assert_eq!(open.after(Event::LocalClosed).after(Event::PeerClosed), Phase::Closed);
    }
}
