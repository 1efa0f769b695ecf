//! The face both libraries implement: the calls of `SSL_write(3)` and its family, in plain numbers.

use core::fmt;

/// `SSL_get_error` and `SSL_want` values, as in `openssl/ssl.h`.
pub mod code {
    /// Success.
    pub const NONE: i32 = 0;
    /// A library error; the queue has the reason.
    pub const SSL: i32 = 1;
    /// Repeat when there is more to read.
    pub const WANT_READ: i32 = 2;
    /// Repeat when there is room to write.
    pub const WANT_WRITE: i32 = 3;
    /// The fallback: no queue entry, no retry flag.
    pub const SYSCALL: i32 = 5;
    /// close_notify was received.
    pub const ZERO_RETURN: i32 = 6;

    /// `SSL_want`: nothing.
    pub const NOTHING: i32 = 1;
    /// `SSL_want`: the last call stopped in a write.
    pub const WRITING: i32 = 2;
    /// `SSL_want`: the last call stopped in a read.
    pub const READING: i32 = 3;

    /// `SSL_SENT_SHUTDOWN`.
    pub const SENT: i32 = 1;
    /// `SSL_RECEIVED_SHUTDOWN`.
    pub const RCVD: i32 = 2;

    /// `SSL_MODE_ENABLE_PARTIAL_WRITE`.
    pub const PARTIAL: u32 = 1;
    /// `SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER`.
    pub const MOVING: u32 = 2;
    /// `SSL_MODE_AUTO_RETRY`.
    pub const AUTO_RETRY: u32 = 4;
}

/// `SSL_R_...` numbers that an application can observe.
pub mod reason {
    /// `SSL_key_update` with a type that is neither 0 nor 1.
    pub const INVALID_KEY_UPDATE_TYPE: u32 = 120;
    /// `SSL_key_update` during a handshake, or with one already scheduled.
    pub const STILL_IN_INIT: u32 = 121;
    /// A retry from another address, or of another record type.
    pub const BAD_WRITE_RETRY: u32 = 127;
    /// Writing after the own close_notify.
    pub const PROTOCOL_IS_SHUTDOWN: u32 = 207;
    /// The protocol version has no such thing.
    pub const WRONG_SSL_VERSION: u32 = 266;
    /// A negative length, or a retry shorter than what is committed.
    pub const BAD_LENGTH: u32 = 271;
    /// No connect or accept role, or no KTLS.
    pub const UNINITIALIZED: u32 = 276;
    /// A record did not authenticate.
    pub const BAD_RECORD_MAC: u32 = 281;
    /// Application data while waiting for close_notify in `SSL_shutdown`.
    pub const DATA_AFTER_CLOSE: u32 = 291;
    /// The transport ended without close_notify.
    pub const UNEXPECTED_EOF: u32 = 294;
    /// The record layer's summary entry behind a more precise one.
    pub const RECORD_LAYER_FAILURE: u32 = 313;
    /// The peer refused a renegotiation.
    pub const NO_RENEGOTIATION: u32 = 339;
    /// `SSL_shutdown` while the handshake engine has work.
    pub const SHUTDOWN_IN_INIT: u32 = 407;
    /// A flag that TLS does not know.
    pub const UNSUPPORTED_FLAG: u32 = 412;
    /// Added to the number of a fatal alert received.
    pub const ALERT: u32 = 1000;
}

/// An entry of the error queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reason {
    /// `ERR_GET_LIB`: 20 is libssl, 2 the system, 32 BIO, 57 the providers.
    pub library: u32,
    /// `ERR_GET_REASON`.
    pub code: u32,
}

impl Reason {
    /// A reason of libssl.
    #[must_use]
    pub const fn ssl(code: u32) -> Self {
        Self { library: 20, code }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.library == 20 {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{}:{}", self.library, self.code)
        }
    }
}

/// What one call answered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The return value.
    pub ret: i32,
    /// `SSL_get_error` asked at once.
    pub error: i32,
    /// The first entry of the error queue, which was empty before the call.
    pub reason: Option<Reason>,
    /// `*written` or `*readbytes` of an `_ex` call; `None` if it was left untouched.
    pub count: Option<usize>,
    /// The bytes a read or peek delivered.
    pub data: Vec<u8>,
}

/// `1000`, `-1/WANT_WRITE`, `0/SSL 1020`, `1 n=5`: the notation of the rule tests.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ret)?;
        match self.error {
            code::NONE => Ok(()),
            code::SSL => write!(f, "/SSL"),
            code::WANT_READ => write!(f, "/WANT_READ"),
            code::WANT_WRITE => write!(f, "/WANT_WRITE"),
            code::SYSCALL => write!(f, "/SYSCALL"),
            code::ZERO_RETURN => write!(f, "/ZERO_RETURN"),
            other => write!(f, "/{other}"),
        }?;
        if let Some(reason) = self.reason {
            write!(f, " {reason}")?;
        }
        self.count.map_or(Ok(()), |count| write!(f, " n={count}"))
    }
}

/// Where a library is known to do something that we do not want to copy.
///
/// The numbers are those of the list of OpenSSL defects in the rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deviation(pub u8);

/// One end of a connection: the application's calls, its questions, and the transport's side.
///
/// Buffers are compared by address (a retry must come from the same one), so an implementor must use
/// `buf.as_ptr()` as the identity and copy nothing before the call.
#[allow(clippy::missing_errors_doc, reason = "answers are plain numbers, as OpenSSL's")]
pub trait Subject {
    /// `SSL_write(buf, num)`. Panics if `num` is larger than the buffer.
    fn write(&mut self, buf: &[u8], num: i32) -> Outcome;
    /// `SSL_write_ex(buf)`.
    fn write_ex(&mut self, buf: &[u8]) -> Outcome;
    /// `SSL_write_ex2(buf, flags)`.
    fn write_ex2(&mut self, buf: &[u8], flags: u64) -> Outcome;
    /// `SSL_sendfile` of `size` bytes of a file, which OpenSSL never reaches without KTLS.
    fn sendfile(&mut self, size: usize) -> Outcome;
    /// `SSL_read(num)`.
    fn read(&mut self, num: i32) -> Outcome;
    /// `SSL_read_ex(num)`.
    fn read_ex(&mut self, num: usize) -> Outcome;
    /// `SSL_peek(num)`.
    fn peek(&mut self, num: i32) -> Outcome;
    /// `SSL_peek_ex(num)`.
    fn peek_ex(&mut self, num: usize) -> Outcome;
    /// `SSL_do_handshake`.
    fn do_handshake(&mut self) -> Outcome;
    /// `SSL_shutdown`.
    fn shutdown(&mut self) -> Outcome;
    /// `SSL_key_update`: 0 is not requested, 1 requested.
    fn key_update(&mut self, kind: i32) -> Outcome;
    /// `SSL_renegotiate`.
    fn renegotiate(&mut self) -> Outcome;
    /// `SSL_new_session_ticket`.
    fn new_session_ticket(&mut self) -> Outcome;

    /// `SSL_get_error(ret)`, with the queue emptied first: what a late question says.
    fn get_error(&mut self, ret: i32) -> i32;
    /// `SSL_want`.
    fn want(&self) -> i32;
    /// `SSL_pending`.
    fn pending(&self) -> i32;
    /// `SSL_has_pending`.
    fn has_pending(&self) -> i32;
    /// `SSL_get_shutdown`.
    fn get_shutdown(&self) -> i32;
    /// `SSL_set_shutdown`.
    fn set_shutdown(&mut self, flags: i32);
    /// `SSL_in_init`.
    fn in_init(&self) -> bool;
    /// `SSL_is_init_finished`.
    fn is_init_finished(&self) -> bool;
    /// `SSL_get_key_update_type`: -1 if none is owed.
    fn key_update_type(&self) -> i32;
    /// `SSL_renegotiate_pending`.
    fn renegotiate_pending(&self) -> i32;
    /// `SSL_set_mode`, the new mask.
    fn set_mode(&mut self, bits: u32) -> u32;
    /// `SSL_clear_mode`, the new mask.
    fn clear_mode(&mut self, bits: u32) -> u32;
    /// `SSL_set_max_send_fragment`, 1 if accepted.
    fn set_max_send_fragment(&mut self, size: i64) -> i64;
    /// `SSL_set_split_send_fragment`, 1 if accepted.
    fn set_split_send_fragment(&mut self, size: i64) -> i64;

    /// Bytes waiting in the outgoing pair.
    fn out_waiting(&self) -> usize;
    /// Bytes waiting in the incoming pair, not yet taken by the library.
    fn in_waiting(&self) -> usize;
    /// Free bytes in the incoming pair.
    fn in_room(&self) -> usize;
    /// What the library's last failed read asked for (`BIO_ctrl_get_read_request`).
    fn read_request(&self) -> usize;
    /// Takes up to `n` bytes out of the outgoing pair.
    fn drain(&mut self, n: usize) -> Vec<u8>;
    /// Puts bytes into the incoming pair; says how many fitted.
    fn fill(&mut self, bytes: &[u8]) -> usize;
    /// The transport's read side ended (`BIO_shutdown_wr` of the other half).
    fn close_in(&mut self);
    /// The transport's write side broke (`BIO_shutdown_wr` of the own half).
    fn close_out(&mut self);

    /// The deviation that this call sequence has run into, if the implementor knows.
    fn deviation(&self) -> Option<Deviation> {
        None
    }
}
