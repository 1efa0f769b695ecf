//! Writing: the order of checks, and one record at a time.

use super::alert::description;
use super::wire::{Kind, Retry};
use super::{Dispatch, Model, Pending};
use crate::subject::{Reason, code, reason};

impl Model {
    /// `SSL_write_ex2`: how much was written, or nothing.
    pub(super) fn write_app(&mut self, buf: &[u8], flags: u64) -> Option<usize> {
        if self.sent() {
            self.want = code::NOTHING;
            self.raise(Reason::ssl(reason::PROTOCOL_IS_SHUTDOWN));
            return None;
        }
        if flags != 0 {
            self.raise(Reason::ssl(reason::UNSUPPORTED_FLAG));
            return None;
        }
        self.check_renegotiation();
        self.write_bytes(Kind::Data, buf.as_ptr().addr(), buf)
    }

    /// Application data and handshake messages take the same path.
    pub(super) fn write_bytes(&mut self, kind: Kind, address: usize, buf: &[u8]) -> Option<usize> {
        self.want = code::NOTHING;
        let mut total = self.done;
        let committed = total + self.pending.map_or(0, |p| p.plain);
        if buf.len() < committed {
            self.blame_write(kind);
            self.fatal(Some(description::INTERNAL_ERROR), reason::BAD_LENGTH);
            return None;
        }
        self.done = 0;
        if self.pending.is_none() && (self.key_update.is_some() || self.tickets > 0) {
            self.init = true;
        }
        if self.init && !self.in_engine && !self.engine() {
            return None;
        }
        if let Some(pending) = self.pending {
            let moved = self.mode & code::MOVING == 0 && self.base != address;
            let foreign = pending.kind != kind;
            if moved || foreign || pending.plain > buf.len() {
                self.blame_write(kind);
                self.fatal(Some(description::INTERNAL_ERROR), reason::BAD_WRITE_RETRY);
                return None;
            }
            if !self.push_unsent() {
                self.done = total;
                return None;
            }
            total += pending.plain;
            self.pending = None;
        }
        if total == 0 {
            self.base = address;
        }
        if total == buf.len() {
            return Some(total);
        }
        if self.alert != Dispatch::None && !self.dispatch_alert() {
            self.done = total;
            return None;
        }
        self.write_records(kind, buf, total)
    }

    fn write_records(&mut self, kind: Kind, buf: &[u8], mut total: usize) -> Option<usize> {
        let fragment = usize::try_from(self.split_fragment).unwrap_or(1);
        let partial = kind == Kind::Data && self.mode & code::PARTIAL != 0;
        loop {
            let rest = &buf[total..];
            let plain = rest.len().min(fragment);
            if !self.seal_and_push(kind, &rest[..plain]) {
                self.pending = Some(Pending { kind, plain });
                self.done = total;
                return None;
            }
            total += plain;
            if partial || total == buf.len() {
                return Some(total);
            }
        }
    }

    /// Errors that a well-behaved caller could not have avoided are defects.
    fn blame_write(&mut self, kind: Kind) {
        match (kind, self.pending.map(|p| p.kind)) {
            (Kind::Handshake, _) => self.deviate(1),
            (_, Some(Kind::Alert)) => self.deviate(5),
            _ => {}
        }
    }

    /// Encrypts one record and pushes it; a rest stays in `unsent`.
    pub(super) fn seal_and_push(&mut self, kind: Kind, plain: &[u8]) -> bool {
        let record = self.write_key.seal(self.version, kind, plain);
        if let Some(filter) = &mut self.filter {
            filter.flags = Retry::No;
            filter.bytes.extend_from_slice(&record);
            self.want = code::NOTHING;
            return true;
        }
        self.unsent = record;
        self.push_unsent()
    }

    /// Pushes the pending ciphertext until the transport refuses.
    pub(super) fn push_unsent(&mut self) -> bool {
        let n = if let Some(filter) = &mut self.filter {
            filter.flags = Retry::No;
            filter.bytes.extend_from_slice(&self.unsent);
            self.unsent.len()
        } else {
            self.flags = Retry::No;
            self.out.push(&self.unsent)
        };
        self.unsent.drain(..n);
        let empty = self.unsent.is_empty();
        self.want = if empty { code::NOTHING } else { code::WRITING };
        if !empty {
            self.flags = Retry::Write;
        }
        empty
    }
}
