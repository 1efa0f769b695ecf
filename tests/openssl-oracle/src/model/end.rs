//! The model as a [`Subject`].

use super::Model;
use super::read::Got;
use crate::subject::{Deviation, Outcome, Reason, Subject, code, reason};

impl Model {
    fn call(&mut self, f: impl FnOnce(&mut Self) -> i32) -> Outcome {
        self.queue = None;
        let ret = f(self);
        let reason = self.queue;
        let error = self.error_of(ret);
        Outcome { ret, error, reason, ..Outcome::default() }
    }

    fn write_count(&mut self, buf: &[u8], flags: u64) -> Outcome {
        let mut count = None;
        let outcome = self.call(|model| {
            count = model.write_app(buf, flags);
            i32::from(count.is_some())
        });
        Outcome { count, ..outcome }
    }

    fn take(&mut self, num: i32, peek: bool) -> Outcome {
        let mut data = Vec::new();
        let outcome = self.call(|model| {
            let Ok(len) = usize::try_from(num) else {
                model.raise(Reason::ssl(reason::BAD_LENGTH));
                return -1;
            };
            match model.read_app(len, peek) {
                Got::Ret(ret) => ret,
                Got::Data(bytes) => {
                    data = bytes;
                    i32::try_from(data.len()).unwrap_or(i32::MAX)
                }
            }
        });
        Outcome { data, ..outcome }
    }

    fn take_count(&mut self, num: usize, peek: bool) -> Outcome {
        let mut data = None;
        let outcome = self.call(|model| match model.read_app(num, peek) {
            Got::Ret(_) => 0,
            Got::Data(bytes) => {
                data = Some(bytes);
                1
            }
        });
        Outcome { count: data.as_ref().map(Vec::len), data: data.unwrap_or_default(), ..outcome }
    }
}

impl Subject for Model {
    fn write(&mut self, buf: &[u8], num: i32) -> Outcome {
        self.call(|model| {
            let Ok(len) = usize::try_from(num) else {
                model.raise(Reason::ssl(reason::BAD_LENGTH));
                return -1;
            };
            model.write_app(&buf[..len], 0).map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX))
        })
    }

    fn write_ex(&mut self, buf: &[u8]) -> Outcome {
        self.write_count(buf, 0)
    }

    fn write_ex2(&mut self, buf: &[u8], flags: u64) -> Outcome {
        self.write_count(buf, flags)
    }

    fn sendfile(&mut self, _size: usize) -> Outcome {
        self.call(|model| {
            if model.sent() {
                model.want = code::NOTHING;
                model.raise(Reason::ssl(reason::PROTOCOL_IS_SHUTDOWN));
            } else {
                model.raise(Reason::ssl(reason::UNINITIALIZED));
            }
            -1
        })
    }

    fn read(&mut self, num: i32) -> Outcome {
        self.take(num, false)
    }

    fn read_ex(&mut self, num: usize) -> Outcome {
        self.take_count(num, false)
    }

    fn peek(&mut self, num: i32) -> Outcome {
        self.take(num, true)
    }

    fn peek_ex(&mut self, num: usize) -> Outcome {
        self.take_count(num, true)
    }

    fn do_handshake(&mut self) -> Outcome {
        self.call(|model| {
            model.check_renegotiation();
            if model.init && !model.engine() { -1 } else { 1 }
        })
    }

    fn shutdown(&mut self) -> Outcome {
        self.call(Self::close)
    }

    fn key_update(&mut self, kind: i32) -> Outcome {
        self.call(|model| model.schedule_key_update(kind))
    }

    fn renegotiate(&mut self) -> Outcome {
        self.call(Self::schedule_renegotiation)
    }

    fn new_session_ticket(&mut self) -> Outcome {
        self.call(Self::schedule_ticket)
    }

    fn get_error(&mut self, ret: i32) -> i32 {
        self.queue = None;
        self.error_of(ret)
    }

    fn want(&self) -> i32 {
        self.want
    }

    fn pending(&self) -> i32 {
        self.record
            .as_ref()
            .filter(|record| record.kind == super::Kind::Data)
            .map_or(0, |record| i32::try_from(record.plain.len() - record.taken).unwrap_or(i32::MAX))
    }

    fn has_pending(&self) -> i32 {
        i32::from(self.record.is_some() || self.raw_input() > 0)
    }

    fn get_shutdown(&self) -> i32 {
        self.shutdown
    }

    fn set_shutdown(&mut self, flags: i32) {
        self.shutdown = flags;
    }

    fn in_init(&self) -> bool {
        self.init
    }

    fn is_init_finished(&self) -> bool {
        !self.init
    }

    fn key_update_type(&self) -> i32 {
        self.key_update.map_or(-1, i32::from)
    }

    fn renegotiate_pending(&self) -> i32 {
        i32::from(self.renegotiate)
    }

    fn set_mode(&mut self, bits: u32) -> u32 {
        self.mode |= bits;
        self.mode
    }

    fn clear_mode(&mut self, bits: u32) -> u32 {
        self.mode &= !bits;
        self.mode
    }

    fn set_max_send_fragment(&mut self, size: i64) -> i64 {
        self.set_max_fragment(size)
    }

    fn set_split_send_fragment(&mut self, size: i64) -> i64 {
        self.set_split_fragment(size)
    }

    fn out_waiting(&self) -> usize {
        self.out.len()
    }

    fn in_waiting(&self) -> usize {
        self.inn.len()
    }

    fn in_room(&self) -> usize {
        self.inn.room()
    }

    fn read_request(&self) -> usize {
        self.read_request
    }

    fn drain(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.out.pop(n, &mut bytes);
        bytes
    }

    fn fill(&mut self, bytes: &[u8]) -> usize {
        let n = self.inn.push(bytes);
        if n > 0 {
            self.read_request = 0;
        }
        n
    }

    fn close_in(&mut self) {
        self.inn.closed = true;
    }

    fn close_out(&mut self) {
        self.out.closed = true;
    }

    fn deviation(&self) -> Option<Deviation> {
        self.deviation
    }
}
