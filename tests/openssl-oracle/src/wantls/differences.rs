//! Where wantls differs by choice: the comparison ends in front of it, and it is counted under its name.
//!
//! The conditions are judged on the reference model, that is on what OpenSSL does, so that a mistake of ours can't
//! excuse itself.

use crate::model::{Facts, Model, ModelLibrary};
use crate::setup::{Ends, Library, Setup, Version};
use crate::subject::{Deviation, Outcome, Subject, code, reason};

/// Numbers of OpenSSL's defects, and of what else differs, with the names in [`wantls_ssl::DIFFERENCES`].
pub const NAMES: &[(u8, &str)] = &[
    (1, "one-key-update"),
    (2, "warnings-are-kept"),
    (5, "warnings-are-kept"),
    (6, "shutdown-finishes-record"),
    (8, "sticky-errors"),
    (9, "sticky-errors"),
    (BAD_RETRY, "bad-retry"),
    (STICKY, "sticky-errors"),
    (ALERT_LEAVES, "alerts-leave"),
    (READS_GO_ON, "reads-go-on"),
    (ONE_KEY_UPDATE, "one-key-update"),
    (UNREAD_DATA, "unread-data-stays"),
    (CLOSED_IS_CLOSED, "closed-is-closed"),
    (TRUNCATION, "truncation-is-told"),
    (NOT_A_CLOSE, "an-alert-is-no-close"),
    (WARNING_KEPT, "warnings-are-kept"),
    (WHOLE_KEY_UPDATE, "key-update-is-whole"),
    (13, "truncation-is-told"),
    (SENDFILE, "sendfile-any-kernel"),
];

const BAD_RETRY: u8 = 101;
const STICKY: u8 = 102;
const ALERT_LEAVES: u8 = 103;
const READS_GO_ON: u8 = 104;
const ONE_KEY_UPDATE: u8 = 105;
const UNREAD_DATA: u8 = 106;
const CLOSED_IS_CLOSED: u8 = 107;
const TRUNCATION: u8 = 108;
const NOT_A_CLOSE: u8 = 109;
const WARNING_KEPT: u8 = 110;
const WHOLE_KEY_UPDATE: u8 = 111;
const SENDFILE: u8 = 112;

/// The name of a deviation.
#[must_use]
pub fn difference(deviation: Deviation) -> Option<&'static str> {
    NAMES.iter().find(|(number, _)| *number == deviation.0).map(|(_, name)| *name)
}

/// The guide for comparisons with wantls: the model, which says where it will differ.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explained;

impl Library for Explained {
    fn name(&self) -> &'static str {
        "explained model"
    }

    fn open(&self, setup: &Setup) -> Ends {
        let Ends { peer, .. } = ModelLibrary.open(setup);
        Ends { subject: Box::new(Guide::new(setup)), peer }
    }
}

/// A model that says where we will differ.
pub(super) struct Guide {
    model: Model,
    setup: Setup,
    /// Shutdown flags that are set, but only by hand.
    by_hand: i32,
    /// TLS 1.2: something was read while SENT was set by hand. OpenSSL forgets a HelloRequest then.
    silenced: bool,
    deviation: Option<Deviation>,
}

/// What was so before a call.
#[derive(Clone, Copy)]
struct Before {
    facts: Facts,
    init: bool,
    owes_key_update: bool,
    shutdown: i32,
    out: usize,
}

/// Which family a call belongs to, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Write,
    Read,
    Shutdown,
    KeyUpdate,
    Sendfile,
    Other,
}

/// A protected alert of TLS 1.3, in bytes.
const ALERT: usize = 24;
/// The KeyUpdate message, in bytes.
const KEY_UPDATE_MESSAGE: usize = 5;
/// Its record, in bytes.
const KEY_UPDATE: usize = 27;

impl Guide {
    pub(super) fn new(setup: &Setup) -> Self {
        Self { model: Model::of(setup), setup: *setup, by_hand: 0, silenced: false, deviation: None }
    }

    fn call(&mut self, call: Call, f: impl FnOnce(&mut Model) -> Outcome) -> Outcome {
        let before = Before {
            facts: self.model.facts(),
            init: self.model.in_init(),
            owes_key_update: self.model.key_update_type() >= 0,
            shutdown: self.model.get_shutdown(),
            out: self.model.out_waiting(),
        };
        let outcome = f(&mut self.model);
        if let Some(number) = self.judge(call, before, &outcome) {
            self.deviation.get_or_insert(Deviation(number));
        }
        self.silenced |=
            call == Call::Read && self.setup.version == Version::Tls12 && self.by_hand & code::SENT != 0;
        // What a call set is no longer by hand alone.
        if call == Call::Shutdown && before.shutdown & code::SENT == 0 {
            self.by_hand &= !code::SENT;
        }
        outcome
    }

    fn judge(&self, call: Call, before: Before, outcome: &Outcome) -> Option<u8> {
        let after = self.model.facts();
        let died = after.dead && !before.facts.dead;
        let code = outcome.reason.map_or(0, |reason| reason.code);
        if before.facts.dead {
            return Some(STICKY);
        }
        match call {
            Call::Write if died && matches!(code, reason::BAD_LENGTH | reason::BAD_WRITE_RETRY) => {
                return Some(BAD_RETRY);
            }
            // The rest of a warning, which reads of ours send.
            Call::Read if before.facts.half_alert => return Some(WARNING_KEPT),
            // It takes a queued warning for its close_notify, if the flag that says that one was sent is set by hand.
            Call::Shutdown if before.facts.alert && before.shutdown & self.by_hand & code::SENT != 0 => {
                return Some(WARNING_KEPT);
            }
            Call::Shutdown if code == reason::DATA_AFTER_CLOSE => return Some(UNREAD_DATA),
            Call::Shutdown if died && outcome.ret > 0 => return Some(NOT_A_CLOSE),
            Call::KeyUpdate if self.really_sent(before.shutdown) && outcome.error != code::SSL => {
                return Some(CLOSED_IS_CLOSED);
            }
            // The guide is of established connections: no kernel TLS is the only reason left.
            Call::Sendfile if code == reason::UNINITIALIZED => return Some(SENDFILE),
            Call::Write | Call::Read | Call::Shutdown | Call::KeyUpdate | Call::Sendfile | Call::Other => {}
        }
        let sealed = before.owes_key_update && self.model.key_update_type() < 0;
        if sealed && before.facts.fragment < KEY_UPDATE_MESSAGE {
            return Some(WHOLE_KEY_UPDATE);
        }
        if died && (before.facts.pending || before.facts.alert) {
            return Some(ALERT_LEAVES);
        }
        if matches!(call, Call::Read | Call::Shutdown) {
            return self.judge_read(before, outcome, died);
        }
        None
    }

    fn judge_read(&self, before: Before, outcome: &Outcome, died: bool) -> Option<u8> {
        let init = self.model.in_init();
        if before.init && init && outcome.error == code::WANT_WRITE {
            return Some(READS_GO_ON);
        }
        let grown = self.model.out_waiting().saturating_sub(before.out);
        let due = if before.init && before.owes_key_update { KEY_UPDATE } else { before.facts.engine };
        let wrote = grown > due + ALERT || init && !died;
        if self.setup.version == Version::Tls13 && wrote {
            return Some(ONE_KEY_UPDATE);
        }
        let swallowed = self.setup.options.ignore_eof
            && self.model.get_shutdown() & code::RCVD != 0
            && before.shutdown & code::RCVD == 0
            && (self.model.facts().mid_record || before.shutdown & code::SENT != 0);
        swallowed.then_some(TRUNCATION)
    }

    fn really_sent(&self, shutdown: i32) -> bool {
        shutdown & code::SENT != 0 && self.by_hand & code::SENT == 0
    }
}

impl Subject for Guide {
    fn write(&mut self, buf: &[u8], num: i32) -> Outcome {
        self.call(Call::Write, |model| model.write(buf, num))
    }

    fn write_ex(&mut self, buf: &[u8]) -> Outcome {
        self.call(Call::Write, |model| model.write_ex(buf))
    }

    fn write_ex2(&mut self, buf: &[u8], flags: u64) -> Outcome {
        self.call(Call::Write, |model| model.write_ex2(buf, flags))
    }

    fn sendfile(&mut self, size: usize) -> Outcome {
        self.call(Call::Sendfile, |model| model.sendfile(size))
    }

    fn read(&mut self, num: i32) -> Outcome {
        self.call(Call::Read, |model| model.read(num))
    }

    fn read_ex(&mut self, num: usize) -> Outcome {
        self.call(Call::Read, |model| model.read_ex(num))
    }

    fn peek(&mut self, num: i32) -> Outcome {
        self.call(Call::Read, |model| model.peek(num))
    }

    fn peek_ex(&mut self, num: usize) -> Outcome {
        self.call(Call::Read, |model| model.peek_ex(num))
    }

    fn do_handshake(&mut self) -> Outcome {
        self.call(Call::Other, Model::do_handshake)
    }

    fn shutdown(&mut self) -> Outcome {
        self.call(Call::Shutdown, Model::shutdown)
    }

    fn key_update(&mut self, kind: i32) -> Outcome {
        self.call(Call::KeyUpdate, |model| model.key_update(kind))
    }

    fn renegotiate(&mut self) -> Outcome {
        self.call(Call::Other, Model::renegotiate)
    }

    fn new_session_ticket(&mut self) -> Outcome {
        self.call(Call::Other, Model::new_session_ticket)
    }

    fn get_error(&mut self, ret: i32) -> i32 {
        self.model.get_error(ret)
    }

    fn want(&self) -> i32 {
        self.model.want()
    }

    fn pending(&self) -> i32 {
        self.model.pending()
    }

    fn has_pending(&self) -> i32 {
        self.model.has_pending()
    }

    fn get_shutdown(&self) -> i32 {
        self.model.get_shutdown()
    }

    fn set_shutdown(&mut self, flags: i32) {
        let before = self.model.get_shutdown();
        if before & !self.by_hand & !flags != 0 {
            self.deviation.get_or_insert(Deviation(CLOSED_IS_CLOSED));
        }
        if self.silenced && flags & code::SENT == 0 {
            self.deviation.get_or_insert(Deviation(WARNING_KEPT));
        }
        self.by_hand = flags & (self.by_hand | !before);
        self.model.set_shutdown(flags);
    }

    fn in_init(&self) -> bool {
        self.model.in_init()
    }

    fn is_init_finished(&self) -> bool {
        self.model.is_init_finished()
    }

    fn key_update_type(&self) -> i32 {
        self.model.key_update_type()
    }

    fn renegotiate_pending(&self) -> i32 {
        self.model.renegotiate_pending()
    }

    fn set_mode(&mut self, bits: u32) -> u32 {
        self.model.set_mode(bits)
    }

    fn clear_mode(&mut self, bits: u32) -> u32 {
        self.model.clear_mode(bits)
    }

    fn set_max_send_fragment(&mut self, size: i64) -> i64 {
        self.model.set_max_send_fragment(size)
    }

    fn set_split_send_fragment(&mut self, size: i64) -> i64 {
        self.model.set_split_send_fragment(size)
    }

    fn out_waiting(&self) -> usize {
        self.model.out_waiting()
    }

    fn in_waiting(&self) -> usize {
        self.model.in_waiting()
    }

    fn in_room(&self) -> usize {
        self.model.in_room()
    }

    fn read_request(&self) -> usize {
        self.model.read_request()
    }

    fn drain(&mut self, n: usize) -> Vec<u8> {
        self.model.drain(n)
    }

    fn fill(&mut self, bytes: &[u8]) -> usize {
        self.model.fill(bytes)
    }

    fn close_in(&mut self) {
        self.model.close_in();
    }

    fn close_out(&mut self) {
        self.model.close_out();
    }

    fn deviation(&self) -> Option<Deviation> {
        self.deviation.or(self.model.deviation())
    }
}
