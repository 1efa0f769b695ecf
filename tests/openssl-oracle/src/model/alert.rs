//! Alerts: one slot, sent at once if no record is pending, otherwise queued.

use super::wire::{Kind, Retry};
use super::{Dispatch, Model, Pending};
use crate::subject::{Reason, code};

/// Alert descriptions (RFC 8446, section 6).
pub(super) mod description {
    pub(crate) const BAD_RECORD_MAC: u8 = 20;
    pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
    pub(crate) const DECODE_ERROR: u8 = 50;
    pub(crate) const INTERNAL_ERROR: u8 = 80;
    pub(crate) const NO_RENEGOTIATION: u8 = 100;
}

impl Model {
    /// The connection is dead from here on; the peer is told if that is possible.
    pub(super) fn fatal(&mut self, alert: Option<u8>, reason: u32) {
        self.raise(Reason::ssl(reason));
        if self.dead {
            return;
        }
        self.init = true;
        self.dead = true;
        if let Some(alert) = alert {
            self.send_alert([2, alert]);
        }
    }

    /// Replaces whatever is in the slot.
    pub(super) fn send_alert(&mut self, bytes: [u8; 2]) {
        if self.sent() && bytes[1] != 0 {
            return;
        }
        self.alert = Dispatch::Queued;
        self.alert_bytes = bytes;
        if self.pending.is_none() {
            self.dispatch_alert();
        }
    }

    /// Sends the alert in the slot; says whether it is completely out.
    pub(super) fn dispatch_alert(&mut self) -> bool {
        if self.pending.is_some() {
            if self.alert != Dispatch::Partly {
                // The record in the way is not the alert's: OpenSSL gives up.
                self.alert = Dispatch::None;
                return false;
            }
            if !self.push_unsent() {
                return false;
            }
            self.pending = None;
            self.alert = Dispatch::None;
            return true;
        }
        if !self.seal_and_push(Kind::Alert, &self.alert_bytes.clone()) {
            self.alert = Dispatch::Partly;
            self.pending = Some(Pending { kind: Kind::Alert, plain: 2 });
            return false;
        }
        self.alert = Dispatch::None;
        if self.filter.is_some() {
            // A flush whose result is ignored: what does not fit is lost with the filter.
            self.flush_filter();
        }
        true
    }

    /// Moves the filter's bytes on; says whether it is empty.
    pub(super) fn flush_filter(&mut self) -> bool {
        let Some(filter) = &mut self.filter else { return true };
        filter.flags = Retry::No;
        if filter.bytes.is_empty() {
            return true;
        }
        let n = self.out.push(&filter.bytes);
        filter.bytes.drain(..n);
        self.flags = Retry::No;
        if filter.bytes.is_empty() {
            return true;
        }
        self.flags = Retry::Write;
        filter.flags = Retry::Write;
        false
    }

    /// The engine's flush: `want` says what it is waiting for.
    pub(super) fn flush(&mut self) -> bool {
        let empty = self.flush_filter();
        self.want = if empty { code::NOTHING } else { code::WRITING };
        empty
    }
}
