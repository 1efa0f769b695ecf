//! The reference model: what the rules say, as a state machine over queues of bytes.
//!
//! It covers established connections: writes, reads, shutdown, KeyUpdate, tickets, HelloRequest, alerts and
//! EOF, with OpenSSL's behaviour *including* its defects. Where the sequence of calls runs into one of those,
//! [`Subject::deviation`](crate::subject::Subject::deviation) names it, so that a library that behaves better is not compared from there on.

mod alert;
mod end;
mod engine;
mod facts;
mod read;
mod wire;
mod write;

use crate::setup::{AMPLE, Ends, Library, Options, Role, Setup, Version};
use crate::subject::{Deviation, Reason, code, reason};
pub use facts::Facts;
use wire::{Cipher, Fifo, Kind, Retry};

/// The model on both sides.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModelLibrary;

impl Library for ModelLibrary {
    fn name(&self) -> &'static str {
        "model"
    }

    fn open(&self, setup: &Setup) -> Ends {
        let subject = Model::new(setup.version, setup.role, setup.out_capacity, setup.in_capacity);
        let peer = Model::new(setup.version, setup.role.other(), AMPLE, AMPLE);
        Ends { subject: Box::new(subject.with(setup.options)), peer: Box::new(peer) }
    }
}

/// A record of which at least one byte has not been accepted by the transport, as the connection sees it:
/// the ciphertext itself is in [`Model::unsent`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pending {
    kind: Kind,
    plain: usize,
}

/// The alert slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Dispatch {
    None,
    Queued,
    Partly,
}

/// What the handshake engine has put into its filter and must flush.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sending {
    KeyUpdate,
    Ticket,
    HelloRequest,
}

/// The buffering filter in front of the transport while the engine runs; it has its own retry flags.
#[derive(Debug, Default)]
struct Filter {
    bytes: Vec<u8>,
    flags: Retry,
}

/// The record that reads are served from.
#[derive(Debug)]
struct Incoming {
    kind: Kind,
    plain: Vec<u8>,
    taken: usize,
}

/// One end of an established connection.
#[derive(Debug)]
pub struct Model {
    version: Version,
    role: Role,
    options: Options,
    out: Fifo,
    inn: Fifo,
    /// The transport BIO serves both directions, so it has one set of flags.
    flags: Retry,
    filter: Option<Filter>,
    read_request: usize,

    unsent: Vec<u8>,
    pending: Option<Pending>,
    done: usize,
    base: usize,
    alert: Dispatch,
    alert_bytes: [u8; 2],
    key_update: Option<u8>,
    tickets: u32,
    renegotiate: bool,
    hello_request: bool,
    sending: Option<Sending>,
    in_engine: bool,
    init: bool,
    dead: bool,
    shutdown: i32,
    want: i32,
    warn: u8,
    mode: u32,
    max_fragment: i64,
    split_fragment: i64,
    write_key: Cipher,

    header: Vec<u8>,
    body: Vec<u8>,
    record: Option<Incoming>,
    message: Vec<u8>,
    read_key: Cipher,

    queue: Option<Reason>,
    deviation: Option<Deviation>,
}

impl Model {
    /// An established end.
    #[must_use]
    pub fn new(version: Version, role: Role, out: usize, inn: usize) -> Self {
        Self {
            version,
            role,
            options: Options::default(),
            out: Fifo::new(out),
            inn: Fifo::new(inn),
            flags: Retry::No,
            filter: None,
            read_request: 0,
            unsent: Vec::new(),
            pending: None,
            done: 0,
            base: 0,
            alert: Dispatch::None,
            alert_bytes: [0; 2],
            key_update: None,
            tickets: 0,
            renegotiate: false,
            hello_request: false,
            sending: None,
            in_engine: false,
            init: false,
            dead: false,
            shutdown: 0,
            want: code::NOTHING,
            warn: 0,
            mode: code::AUTO_RETRY,
            max_fragment: 16384,
            split_fragment: 16384,
            write_key: Cipher::default(),
            header: Vec::new(),
            body: Vec::new(),
            record: None,
            message: Vec::new(),
            read_key: Cipher::default(),
            queue: None,
            deviation: None,
        }
    }

    fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }

    const fn is_tls13(&self) -> bool {
        matches!(self.version, Version::Tls13)
    }

    const fn sent(&self) -> bool {
        self.shutdown & code::SENT != 0
    }

    const fn rcvd(&self) -> bool {
        self.shutdown & code::RCVD != 0
    }

    const fn auto_retry(&self) -> bool {
        self.mode & code::AUTO_RETRY != 0
    }

    /// Only the first entry of the queue can be observed.
    fn raise(&mut self, reason: Reason) {
        self.queue.get_or_insert(reason);
    }

    fn deviate(&mut self, number: u8) {
        self.deviation.get_or_insert(Deviation(number));
    }

    /// The order of checks of `SSL_get_error`.
    fn error_of(&mut self, ret: i32) -> i32 {
        if ret > 0 {
            return code::NONE;
        }
        if let Some(first) = self.queue {
            return if first.library == 2 { code::SYSCALL } else { code::SSL };
        }
        let flags = match (self.want, &self.filter) {
            (code::READING, _) | (code::WRITING, None) => self.flags,
            (code::WRITING, Some(filter)) => filter.flags,
            _ => Retry::No,
        };
        match flags {
            Retry::Read => code::WANT_READ,
            Retry::Write => {
                if self.dead {
                    self.deviate(9);
                }
                code::WANT_WRITE
            }
            Retry::No if self.rcvd() && self.warn == 0 => {
                if self.dead {
                    self.deviate(8);
                }
                code::ZERO_RETURN
            }
            Retry::No => code::SYSCALL,
        }
    }

    /// `SSL_shutdown`.
    fn close(&mut self) -> i32 {
        if self.init {
            self.raise(Reason::ssl(reason::SHUTDOWN_IN_INIT));
            return -1;
        }
        if self.options.quiet {
            self.shutdown = code::SENT | code::RCVD;
            return 1;
        }
        if !self.sent() {
            if self.pending.is_some() {
                self.deviate(6);
            }
            self.shutdown |= code::SENT;
            self.send_alert([1, 0]);
            if self.alert != Dispatch::None {
                return -1;
            }
        } else if self.alert != Dispatch::None {
            if !self.dispatch_alert() {
                return -1;
            }
        } else if !self.rcvd() {
            self.read_records(None, 0, false);
            if !self.rcvd() {
                return -1;
            }
        }
        i32::from(self.shutdown == code::SENT | code::RCVD && self.alert == Dispatch::None)
    }

    /// `SSL_key_update`.
    fn schedule_key_update(&mut self, kind: i32) -> i32 {
        let refused = if !self.is_tls13() {
            reason::WRONG_SSL_VERSION
        } else if !matches!(kind, 0 | 1) {
            reason::INVALID_KEY_UPDATE_TYPE
        } else if self.init {
            reason::STILL_IN_INIT
        } else if self.pending.is_some() {
            reason::BAD_WRITE_RETRY
        } else {
            self.init = true;
            self.key_update = u8::try_from(kind).ok();
            return 1;
        };
        self.raise(Reason::ssl(refused));
        0
    }

    /// `SSL_new_session_ticket`.
    fn schedule_ticket(&mut self) -> i32 {
        let refused = self.init && self.tickets == 0;
        if refused || self.role == Role::Client || !self.is_tls13() {
            return 0;
        }
        self.tickets += 1;
        if self.pending.is_none() {
            self.init = true;
        }
        1
    }

    /// `SSL_renegotiate`; only the server's side is modelled.
    fn schedule_renegotiation(&mut self) -> i32 {
        let refused = if self.is_tls13() {
            reason::WRONG_SSL_VERSION
        } else if self.options.no_renegotiation {
            reason::NO_RENEGOTIATION
        } else {
            self.renegotiate = true;
            return 1;
        };
        self.raise(Reason::ssl(refused));
        0
    }

    /// A requested renegotiation starts when nothing is half done.
    fn check_renegotiation(&mut self) {
        if self.renegotiate && self.raw_input() == 0 && self.pending.is_none() && !self.init {
            self.renegotiate = false;
            self.hello_request = true;
            self.init = true;
        }
    }

    fn set_max_fragment(&mut self, size: i64) -> i64 {
        if !(512..=16384).contains(&size) {
            return 0;
        }
        self.max_fragment = size;
        self.split_fragment = self.split_fragment.min(size);
        1
    }

    fn set_split_fragment(&mut self, size: i64) -> i64 {
        if size == 0 || size > self.max_fragment {
            return 0;
        }
        self.split_fragment = size;
        1
    }
}
