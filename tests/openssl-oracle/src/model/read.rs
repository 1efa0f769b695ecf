//! Reading: records out of the transport, and what each kind of record does.

use super::alert::description;
use super::wire::{HEADER, Kind, Retry};
use super::{Incoming, Model};
use crate::subject::{Reason, code, reason};

/// Why no record could be had.
enum Stop {
    Retry,
    Eof,
    Bad,
}

/// What a read ends with: bytes, or a return value.
pub(super) enum Got {
    Data(Vec<u8>),
    Ret(i32),
}

impl Model {
    /// `SSL_read` and `SSL_peek` after the check of the length.
    pub(super) fn read_app(&mut self, len: usize, peek: bool) -> Got {
        if self.rcvd() {
            if !peek {
                self.want = code::NOTHING;
            }
            return Got::Ret(0);
        }
        self.check_renegotiation();
        self.read_records(Some(Kind::Data), len, peek)
    }

    /// The loop over records; `expected` is nothing in `SSL_shutdown`.
    pub(super) fn read_records(&mut self, expected: Option<Kind>, len: usize, peek: bool) -> Got {
        if self.init && !self.engine() {
            return Got::Ret(-1);
        }
        loop {
            self.want = code::NOTHING;
            if self.record.is_none()
                && let Err(stop) = self.next_record()
            {
                return Got::Ret(self.stopped(&stop));
            }
            let Some(kind) = self.record.as_ref().map(|record| record.kind) else { return Got::Ret(-1) };
            if self.rcvd() {
                self.record = None;
                return Got::Ret(0);
            }
            if Some(kind) == expected {
                return self.deliver(len, peek);
            }
            let ret = match kind {
                Kind::Alert => self.alert_received(),
                Kind::Handshake => self.message_received(),
                Kind::Data => {
                    self.record = None;
                    self.fatal(None, reason::DATA_AFTER_CLOSE);
                    Some(-1)
                }
            };
            if let Some(ret) = ret {
                return Got::Ret(ret);
            }
        }
    }

    fn deliver(&mut self, len: usize, peek: bool) -> Got {
        let Some(record) = &mut self.record else { return Got::Ret(-1) };
        let rest = &record.plain[record.taken..];
        let data = rest[..len.min(rest.len())].to_vec();
        if data.is_empty() {
            return Got::Ret(0);
        }
        if !peek {
            record.taken += data.len();
            if record.taken == record.plain.len() {
                self.record = None;
            }
        }
        Got::Data(data)
    }

    fn alert_received(&mut self) -> Option<i32> {
        let [level, alert] = match &self.record {
            Some(record) if record.plain.len() == 2 => [record.plain[0], record.plain[1]],
            _ => [2, description::DECODE_ERROR],
        };
        let warning = !self.is_tls13() && level == 1;
        if warning {
            self.warn = alert;
            self.record = None;
        }
        if alert == 0 && (self.is_tls13() || warning) {
            // At TLS 1.3 the record stays, which `SSL_has_pending` shows.
            self.shutdown |= code::RCVD;
            return Some(0);
        }
        if level == 2 || self.is_tls13() {
            self.fatal(None, reason::ALERT + u32::from(alert));
            self.shutdown |= code::RCVD;
            self.record = None;
            return Some(0);
        }
        if alert == description::NO_RENEGOTIATION {
            self.fatal(Some(description::HANDSHAKE_FAILURE), reason::NO_RENEGOTIATION);
            return Some(-1);
        }
        None
    }

    fn message_received(&mut self) -> Option<i32> {
        if self.sent() && !self.is_tls13() {
            self.record = None;
            return self.pause();
        }
        if let Some(record) = &mut self.record {
            let n = (4 - self.message.len()).min(record.plain.len() - record.taken);
            self.message.extend_from_slice(&record.plain[record.taken..record.taken + n]);
            record.taken += n;
            if record.taken == record.plain.len() {
                self.record = None;
            }
        }
        self.init = true;
        if !self.engine() {
            return Some(-1);
        }
        self.pause()
    }

    /// Without auto-retry each message costs the caller one WANT_READ.
    fn pause(&mut self) -> Option<i32> {
        if self.auto_retry() {
            return None;
        }
        self.want = code::READING;
        self.flags = Retry::Read;
        Some(-1)
    }

    fn stopped(&mut self, stop: &Stop) -> i32 {
        self.want = match stop {
            Stop::Retry => code::READING,
            Stop::Eof | Stop::Bad => code::NOTHING,
        };
        match stop {
            Stop::Retry => -1,
            Stop::Eof if self.options.ignore_eof => {
                if self.sent() {
                    self.deviate(13);
                }
                self.shutdown = code::RCVD;
                self.warn = 0;
                0
            }
            Stop::Eof => {
                self.fatal(Some(description::DECODE_ERROR), reason::UNEXPECTED_EOF);
                0
            }
            Stop::Bad => {
                if !self.is_tls13() {
                    // The provider's own entry comes first.
                    self.raise(Reason { library: 57, code: 102 });
                }
                self.raise(Reason::ssl(reason::BAD_RECORD_MAC));
                self.fatal(Some(description::BAD_RECORD_MAC), reason::RECORD_LAYER_FAILURE);
                -1
            }
        }
    }

    /// Raw bytes of a record that is not complete, as `SSL_has_pending` counts them.
    pub(super) fn raw_input(&self) -> usize {
        if self.header.len() < HEADER { self.header.len() } else { self.body.len() }
    }

    fn next_record(&mut self) -> Result<(), Stop> {
        let mut header = core::mem::take(&mut self.header);
        let got = self.take_exactly(&mut header, HEADER);
        self.header = header;
        got?;
        let length = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
        let mut body = core::mem::take(&mut self.body);
        let got = self.take_exactly(&mut body, length);
        self.body = body;
        got?;
        let opened = self.read_key.open(self.version, &self.header, &self.body);
        self.header.clear();
        self.body.clear();
        let (kind, plain) = opened.ok_or(Stop::Bad)?;
        self.record = Some(Incoming { kind, plain, taken: 0 });
        Ok(())
    }

    /// Reads from the transport until `into` has `total` bytes; what is there is taken in any case.
    fn take_exactly(&mut self, into: &mut Vec<u8>, total: usize) -> Result<(), Stop> {
        while into.len() < total {
            self.flags = Retry::No;
            self.read_request = 0;
            let missing = total - into.len();
            if self.inn.pop(missing, into) > 0 {
                continue;
            }
            if self.inn.closed {
                return Err(Stop::Eof);
            }
            self.flags = Retry::Read;
            self.read_request = self.inn.limit(missing);
            return Err(Stop::Retry);
        }
        Ok(())
    }
}
