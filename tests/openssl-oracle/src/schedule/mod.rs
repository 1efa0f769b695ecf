//! A schedule: everything that happens to one connection, in order, serialisable and replayable.

mod dice;
mod handshakes;
mod strategy;
mod text;

pub use handshakes::handshakes;
pub use strategy::{schedules, sized};
pub use text::ParseError;

use crate::arena::Buf;
use crate::setup::Setup;

/// Which function of a family is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `SSL_write`, `SSL_read`, `SSL_peek`: signed length, signed answer.
    Plain,
    /// The `_ex` functions: a count on the side.
    Ex,
    /// `SSL_write_ex2` with these flags.
    Ex2(u64),
}

/// How a retry differs from the write before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// Same arguments.
    Same,
    /// The same offset and length in another buffer.
    Moved(Buf),
    /// Longer by so many bytes.
    Longer(u32),
    /// Shorter by so many bytes.
    Shorter(u32),
    /// What the last call did not report as written.
    Rest,
}

/// What the scripted peer does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Writes so many bytes.
    Write(u32),
    /// Sends a KeyUpdate, with 1 as a request.
    KeyUpdate(i32),
    /// Sends a ticket, if it is a TLS 1.3 server.
    Ticket,
    /// Sends close_notify, or continues its shutdown.
    Close,
    /// Meets garbage and answers with a fatal alert.
    Alert,
    /// Asks for a renegotiation, if it is a TLS 1.2 server.
    HelloRequest,
    /// The last byte in flight towards the subject is damaged.
    Damage,
}

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A write of `len` bytes of `buf` from `offset`.
    Write {
        /// The function.
        form: Form,
        /// The buffer.
        buf: Buf,
        /// First byte.
        offset: u32,
        /// Length, negative only for [`Form::Plain`].
        len: i32,
    },
    /// What a careful program does: the last write again if it is unfinished, otherwise this one.
    Careful {
        /// The function.
        form: Form,
        /// The buffer.
        buf: Buf,
        /// First byte.
        offset: u32,
        /// Length.
        len: i32,
    },
    /// The last write again.
    Retry {
        /// The function.
        form: Form,
        /// The difference.
        how: How,
    },
    /// The buffer gets other contents.
    Change(Buf),
    /// `SSL_sendfile`.
    Sendfile(u32),
    /// A read.
    Read {
        /// The function.
        form: Form,
        /// Length.
        len: i32,
    },
    /// A peek.
    Peek {
        /// The function.
        form: Form,
        /// Length.
        len: i32,
    },
    /// `SSL_do_handshake`.
    Handshake,
    /// `SSL_shutdown`.
    Shutdown,
    /// `SSL_set_shutdown`.
    SetShutdown(i32),
    /// `SSL_key_update`.
    KeyUpdate(i32),
    /// `SSL_set_mode`.
    SetMode(u32),
    /// `SSL_clear_mode`.
    ClearMode(u32),
    /// `SSL_set_max_send_fragment`.
    MaxFragment(i64),
    /// `SSL_set_split_send_fragment`.
    SplitFragment(i64),
    /// Up to so many bytes leave the outgoing pair and reach the peer, which reads them at once.
    Drain(u32),
    /// Up to so many bytes in flight enter the incoming pair.
    Fill(u32),
    /// All but the last byte leave the outgoing pair.
    DrainButOne,
    /// All but the last byte in flight enter the incoming pair.
    FillButOne,
    /// The incoming transport ends here; what is still in flight is lost.
    Eof,
    /// The peer acts.
    Peer(Peer),
}

/// A setup and its steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// What is fixed before the first step.
    pub setup: Setup,
    /// The steps in order.
    pub steps: Vec<Step>,
}
