//! One OpenSSL end.

use super::{credentials, ffi, pair};
use crate::setup::{Options, Role, Version};
use crate::subject::{Outcome, Reason, Subject};
use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use foreign_types::ForeignTypeRef;
use openssl::ssl::{Ssl, SslSession, SslVerifyMode};
use openssl_sys as sys;

/// What kind of end to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    pub(crate) role: Role,
    pub(crate) options: Options,
}

/// An SSL object on one half of a BIO pair, and the other half.
pub struct Ossl {
    ssl: Ssl,
    /// Owned by `ssl`.
    half: *mut sys::BIO,
    /// Owned by this object.
    net: *mut sys::BIO,
    scratch: Vec<u8>,
}

impl core::fmt::Debug for Ossl {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ossl").finish_non_exhaustive()
    }
}

impl Drop for Ossl {
    fn drop(&mut self) {
        self.free_net();
    }
}

impl Ossl {
    /// An end with a role and nothing sent yet.
    pub(crate) fn fresh(version: Version, side: Side, out: usize, inn: usize) -> Self {
        let context = credentials::of(version).context(side.role);
        let ssl = Ssl::new(context).expect("an SSL object");
        let mut end = Self { ssl, half: ptr::null_mut(), net: ptr::null_mut(), scratch: Vec::new() };
        end.use_pair(out, inn);
        end.set_role(side.role);
        end.set_options(side.options);
        end
    }

    /// An end without a role, for the rules about that.
    #[must_use]
    pub fn without_role(version: Version, out: usize) -> Self {
        let ssl = Ssl::new(credentials::of(version).context(Role::Client)).expect("an SSL object");
        let mut end = Self { ssl, half: ptr::null_mut(), net: ptr::null_mut(), scratch: Vec::new() };
        end.use_pair(out, crate::setup::AMPLE);
        end
    }

    /// Takes both BIOs away, for the rule about that.
    pub fn without_bio(&mut self) {
        // SAFETY: valid object; the half that it owned is freed, and `net` keeps its own memory.
        unsafe { sys::SSL_set_bio(self.raw(), ptr::null_mut(), ptr::null_mut()) };
    }

    /// Replaces the pair; bytes in the old one are lost.
    pub(crate) fn use_pair(&mut self, out: usize, inn: usize) {
        let halves = pair::new(out.max(1), inn.max(1));
        self.use_bio(halves.ssl);
        self.net = halves.net;
    }

    /// Reads and writes through `bio`, which this end owns from now on.
    pub(crate) fn use_bio(&mut self, bio: *mut sys::BIO) {
        // SAFETY: both are valid; with the same BIO for both directions one reference is taken over.
        unsafe { sys::SSL_set_bio(self.raw(), bio, bio) };
        self.half = bio;
        self.free_net();
    }

    fn free_net(&mut self) {
        if !self.net.is_null() {
            // SAFETY: owned by this object, and forgotten in the next line.
            unsafe { sys::BIO_free_all(self.net) };
            self.net = ptr::null_mut();
        }
    }

    fn set_role(&mut self, role: Role) {
        let ssl = self.raw();
        match role {
            // SAFETY: the object is valid and has not been used.
            Role::Client => unsafe { sys::SSL_set_connect_state(ssl) },
            // SAFETY: the same.
            Role::Server => unsafe { sys::SSL_set_accept_state(ssl) },
        }
    }

    fn set_options(&mut self, options: Options) {
        let ssl = self.raw();
        let mut bits = 0;
        if options.no_renegotiation {
            bits |= ffi::SSL_OP_NO_RENEGOTIATION;
        }
        if options.ignore_eof {
            bits |= ffi::SSL_OP_IGNORE_UNEXPECTED_EOF;
        }
        if options.allow_client_renegotiation {
            bits |= ffi::SSL_OP_ALLOW_CLIENT_RENEGOTIATION;
        }
        if options.verify {
            self.ssl.set_verify(SslVerifyMode::PEER);
        }
        // SAFETY: valid object, any bits.
        unsafe { ffi::SSL_set_options(ssl, bits) };
        // SAFETY: valid object.
        unsafe { ffi::SSL_set_read_ahead(ssl, c_int::from(options.read_ahead)) };
        // SAFETY: valid object.
        unsafe { ffi::SSL_set_quiet_shutdown(ssl, c_int::from(options.quiet)) };
        // SAFETY: valid object.
        unsafe { sys::SSL_set_num_tickets(ssl, options.tickets) };
        // SAFETY: valid object; an unusable size is refused by the library.
        unsafe { ffi::SSL_set_block_padding(ssl, options.block_padding) };
    }

    /// Offers `session`, which this connection alone uses.
    pub(crate) fn resume(&mut self, session: &SslSession) {
        // SAFETY: both are valid; the library takes its own reference.
        let ok = unsafe { sys::SSL_set_session(self.raw(), session.as_ptr()) };
        assert_eq!(ok, 1, "SSL_set_session failed");
    }

    /// The session, with the ticket that came last.
    pub(crate) fn session(&self) -> SslSession {
        self.ssl.session().expect("the handshake has finished").to_owned()
    }

    /// Whether the handshake resumed a session.
    #[must_use]
    pub fn resumed(&self) -> bool {
        self.ssl.session_reused()
    }

    /// The SSL object, for the rules about functions that have no counterpart elsewhere.
    pub fn raw(&self) -> *mut sys::SSL {
        self.ssl.as_ptr()
    }

    /// `SSL_write` with a NULL buffer.
    ///
    /// # Safety
    /// All bytes that the call would read must already be in the pending record.
    pub unsafe fn write_null(&mut self, num: c_int) -> Outcome {
        self.call(|ssl| {
            // SAFETY: the caller guarantees that nothing is read.
            unsafe { sys::SSL_write(ssl, ptr::null(), num) }
        })
    }

    /// One call with an empty queue before it and the questions after it.
    pub fn call(&mut self, f: impl FnOnce(*mut sys::SSL) -> c_int) -> Outcome {
        let ssl = self.raw();
        clear_errors();
        let ret = f(ssl);
        // SAFETY: valid object.
        let error = unsafe { sys::SSL_get_error(ssl, ret) };
        Outcome { ret, error, reason: first_error(), ..Outcome::default() }
    }

    fn call_ex(&mut self, f: impl FnOnce(*mut sys::SSL, *mut usize) -> c_int) -> Outcome {
        let mut count = usize::MAX;
        let outcome = self.call(|ssl| f(ssl, &raw mut count));
        Outcome { count: (count != usize::MAX).then_some(count), ..outcome }
    }

    fn take(
        &mut self,
        num: c_int,
        f: unsafe extern "C" fn(*mut sys::SSL, *mut c_void, c_int) -> c_int,
    ) -> Outcome {
        let room = usize::try_from(num).unwrap_or(0);
        let mut scratch = self.scratch(room);
        // SAFETY: the scratch buffer has `num` bytes; a negative length is refused before any access.
        let mut outcome = self.call(|ssl| unsafe { f(ssl, scratch.as_mut_ptr().cast(), num) });
        outcome.data = scratch[..usize::try_from(outcome.ret).unwrap_or(0)].to_vec();
        self.scratch = scratch;
        outcome
    }

    fn take_ex(
        &mut self,
        num: usize,
        f: unsafe extern "C" fn(*mut sys::SSL, *mut c_void, usize, *mut usize) -> c_int,
    ) -> Outcome {
        let mut scratch = self.scratch(num);
        // SAFETY: the scratch buffer has `num` bytes, and the count is a local of the caller.
        let mut outcome = self.call_ex(|ssl, n| unsafe { f(ssl, scratch.as_mut_ptr().cast(), num, n) });
        outcome.data = scratch[..outcome.count.unwrap_or(0)].to_vec();
        self.scratch = scratch;
        outcome
    }

    fn scratch(&mut self, room: usize) -> Vec<u8> {
        let mut scratch = core::mem::take(&mut self.scratch);
        if scratch.len() < room {
            scratch.resize(room, 0);
        }
        scratch
    }

    fn control(&self, command: c_int, value: c_long) -> c_long {
        // SAFETY: the commands used here take a number and no pointer.
        unsafe { sys::SSL_ctrl(self.raw(), command, value, ptr::null_mut()) }
    }
}

impl Subject for Ossl {
    fn write(&mut self, buf: &[u8], num: i32) -> Outcome {
        assert!(usize::try_from(num).unwrap_or(0) <= buf.len(), "a length beyond the buffer");
        // SAFETY: `num` bytes are readable; a negative length is refused before any access.
        self.call(|ssl| unsafe { sys::SSL_write(ssl, buf.as_ptr().cast(), num) })
    }

    fn write_ex(&mut self, buf: &[u8]) -> Outcome {
        // SAFETY: pointer and length come from one slice; the count is a local of the caller.
        self.call_ex(|ssl, n| unsafe { sys::SSL_write_ex(ssl, buf.as_ptr().cast(), buf.len(), n) })
    }

    fn write_ex2(&mut self, buf: &[u8], flags: u64) -> Outcome {
        // SAFETY: pointer and length come from one slice; the count is a local of the caller.
        self.call_ex(|ssl, n| unsafe { sys::SSL_write_ex2(ssl, buf.as_ptr().cast(), buf.len(), flags, n) })
    }

    fn sendfile(&mut self, size: usize) -> Outcome {
        self.call(|ssl| {
            // SAFETY: without KTLS the descriptor is never used, and -1 is not one.
            let ret = unsafe { ffi::SSL_sendfile(ssl, -1, 0, size, 0) };
            c_int::try_from(ret).unwrap_or(c_int::MAX)
        })
    }

    fn read(&mut self, num: i32) -> Outcome {
        self.take(num, sys::SSL_read)
    }

    fn read_ex(&mut self, num: usize) -> Outcome {
        self.take_ex(num, sys::SSL_read_ex)
    }

    fn peek(&mut self, num: i32) -> Outcome {
        self.take(num, sys::SSL_peek)
    }

    fn peek_ex(&mut self, num: usize) -> Outcome {
        self.take_ex(num, sys::SSL_peek_ex)
    }

    fn do_handshake(&mut self) -> Outcome {
        // SAFETY: valid object.
        self.call(|ssl| unsafe { sys::SSL_do_handshake(ssl) })
    }

    fn shutdown(&mut self) -> Outcome {
        // SAFETY: valid object.
        self.call(|ssl| unsafe { sys::SSL_shutdown(ssl) })
    }

    fn key_update(&mut self, kind: i32) -> Outcome {
        // SAFETY: valid object, any number.
        self.call(|ssl| unsafe { ffi::SSL_key_update(ssl, kind) })
    }

    fn renegotiate(&mut self) -> Outcome {
        // SAFETY: valid object.
        self.call(|ssl| unsafe { ffi::SSL_renegotiate(ssl) })
    }

    fn new_session_ticket(&mut self) -> Outcome {
        // SAFETY: valid object. A stateful ticket has a constant size, which traces need.
        unsafe { ffi::SSL_set_options(self.raw(), ffi::SSL_OP_NO_TICKET) };
        // SAFETY: valid object.
        self.call(|ssl| unsafe { ffi::SSL_new_session_ticket(ssl) })
    }

    fn get_error(&mut self, ret: i32) -> i32 {
        clear_errors();
        // SAFETY: valid object.
        unsafe { sys::SSL_get_error(self.raw(), ret) }
    }

    fn want(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { ffi::SSL_want(self.raw()) }
    }

    fn pending(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { sys::SSL_pending(self.raw()) }
    }

    fn has_pending(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { ffi::SSL_has_pending(self.raw()) }
    }

    fn get_shutdown(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { sys::SSL_get_shutdown(self.raw()) }
    }

    fn set_shutdown(&mut self, flags: i32) {
        // SAFETY: valid object, any number.
        unsafe { sys::SSL_set_shutdown(self.raw(), flags) }
    }

    fn in_init(&self) -> bool {
        // SAFETY: valid object.
        unsafe { ffi::SSL_in_init(self.raw()) != 0 }
    }

    fn is_init_finished(&self) -> bool {
        // SAFETY: valid object.
        unsafe { sys::SSL_is_init_finished(self.raw()) != 0 }
    }

    fn key_update_type(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { ffi::SSL_get_key_update_type(self.raw()) }
    }

    fn renegotiate_pending(&self) -> i32 {
        // SAFETY: valid object.
        unsafe { ffi::SSL_renegotiate_pending(self.raw()) }
    }

    fn set_mode(&mut self, bits: u32) -> u32 {
        mask(self.control(ffi::SSL_CTRL_MODE, c_long::from(bits)))
    }

    fn clear_mode(&mut self, bits: u32) -> u32 {
        mask(self.control(ffi::SSL_CTRL_CLEAR_MODE, c_long::from(bits)))
    }

    fn set_max_send_fragment(&mut self, size: i64) -> i64 {
        self.control(ffi::SSL_CTRL_SET_MAX_SEND_FRAGMENT, size)
    }

    fn set_split_send_fragment(&mut self, size: i64) -> i64 {
        self.control(ffi::SSL_CTRL_SET_SPLIT_SEND_FRAGMENT, size)
    }

    fn out_waiting(&self) -> usize {
        // SAFETY: the half lives as long as the SSL object.
        unsafe { ffi::BIO_ctrl_wpending(self.half) }
    }

    fn in_waiting(&self) -> usize {
        // SAFETY: the half lives as long as the SSL object.
        unsafe { ffi::BIO_ctrl_pending(self.half) }
    }

    fn in_room(&self) -> usize {
        // SAFETY: the network half is owned by this object.
        unsafe { ffi::BIO_ctrl_get_write_guarantee(self.net) }
    }

    fn read_request(&self) -> usize {
        // SAFETY: the network half is owned by this object.
        unsafe { ffi::BIO_ctrl_get_read_request(self.net) }
    }

    fn drain(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n.min(self.out_waiting())];
        if bytes.is_empty() {
            return bytes;
        }
        let len = c_int::try_from(bytes.len()).expect("pairs are small");
        // SAFETY: the buffer has `len` bytes, the half is owned by this object.
        let got = unsafe { sys::BIO_read(self.net, bytes.as_mut_ptr().cast(), len) };
        assert_eq!(got, len, "a pair gives what it says it has");
        bytes
    }

    fn fill(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.in_room());
        if n == 0 {
            return 0;
        }
        let len = c_int::try_from(n).expect("pairs are small");
        // SAFETY: `len` bytes are readable, the half is owned by this object.
        let put = unsafe { sys::BIO_write(self.net, bytes.as_ptr().cast(), len) };
        assert_eq!(put, len, "a pair takes what it guarantees");
        n
    }

    fn close_in(&mut self) {
        // SAFETY: the half is owned by this object.
        unsafe { ffi::bio_command(self.net, ffi::BIO_C_SHUTDOWN_WR) };
    }

    fn close_out(&mut self) {
        // SAFETY: the half lives as long as the SSL object.
        unsafe { ffi::bio_command(self.half, ffi::BIO_C_SHUTDOWN_WR) };
    }
}

fn mask(answer: c_long) -> u32 {
    u32::try_from(answer).unwrap_or(u32::MAX)
}

fn clear_errors() {
    // SAFETY: touches only this thread's queue.
    unsafe { sys::ERR_clear_error() };
    // SAFETY: the pointer is this thread's errno.
    let errno = unsafe { ffi::__errno_location() };
    // SAFETY: valid for as long as the thread lives.
    unsafe { *errno = 0 };
}

fn first_error() -> Option<Reason> {
    // SAFETY: looks only at this thread's queue.
    let packed = unsafe { ffi::ERR_peek_error() };
    let library = u32::try_from(sys::ERR_GET_LIB(packed)).unwrap_or(0);
    let code = u32::try_from(sys::ERR_GET_REASON(packed)).unwrap_or(0);
    (packed != 0).then_some(Reason { library, code })
}
