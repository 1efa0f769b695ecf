//! The declarations that `openssl-sys` lacks (`openssl/ssl.h`, `bio.h`, `err.h`).

use core::ffi::{c_int, c_long, c_ulong, c_void};
use openssl_sys::{BIO, SSL, SSL_SESSION};

/// `BIO_shutdown_wr`.
pub(crate) const BIO_C_SHUTDOWN_WR: c_int = 142;
/// `SSL_set_mode` through `SSL_ctrl`.
pub(crate) const SSL_CTRL_MODE: c_int = 33;
/// `SSL_clear_mode` through `SSL_ctrl`.
pub(crate) const SSL_CTRL_CLEAR_MODE: c_int = 78;
/// `SSL_set_max_send_fragment` through `SSL_ctrl`.
pub(crate) const SSL_CTRL_SET_MAX_SEND_FRAGMENT: c_int = 52;
/// `SSL_set_split_send_fragment` through `SSL_ctrl`.
pub(crate) const SSL_CTRL_SET_SPLIT_SEND_FRAGMENT: c_int = 125;
/// TLS 1.3 resumption without a key exchange, if both sides agree.
pub(crate) const SSL_OP_ALLOW_NO_DHE_KEX: u64 = 1 << 10;
/// Stateful tickets, whose size is constant.
pub(crate) const SSL_OP_NO_TICKET: u64 = 1 << 14;
/// Refuse every renegotiation.
pub(crate) const SSL_OP_NO_RENEGOTIATION: u64 = 1 << 30;
/// A server that lets its client renegotiate.
pub(crate) const SSL_OP_ALLOW_CLIENT_RENEGOTIATION: u64 = 1 << 8;
/// EOF without close_notify counts as one.
pub(crate) const SSL_OP_IGNORE_UNEXPECTED_EOF: u64 = 1 << 7;
/// Prefer [`SSL_OP_ALLOW_NO_DHE_KEX`].
pub(crate) const SSL_OP_PREFER_NO_DHE_KEX: u64 = 1 << 35;

unsafe extern "C" {
    pub(crate) fn BIO_new_bio_pair(a: *mut *mut BIO, asize: usize, b: *mut *mut BIO, bsize: usize) -> c_int;
    pub(crate) fn BIO_ctrl_reset_read_request(b: *mut BIO) -> c_int;
    pub(crate) fn BIO_test_flags(b: *const BIO, flags: c_int) -> c_int;
    pub(crate) fn BIO_ctrl_pending(b: *mut BIO) -> usize;
    pub(crate) fn BIO_ctrl_wpending(b: *mut BIO) -> usize;
    pub(crate) fn BIO_ctrl_get_write_guarantee(b: *mut BIO) -> usize;
    pub(crate) fn BIO_ctrl_get_read_request(b: *mut BIO) -> usize;
    pub(crate) fn SSL_sendfile(ssl: *mut SSL, fd: c_int, offset: i64, size: usize, flags: c_int) -> isize;
    pub(crate) fn SSL_key_update(ssl: *mut SSL, kind: c_int) -> c_int;
    pub(crate) fn SSL_get_key_update_type(ssl: *const SSL) -> c_int;
    pub(crate) fn SSL_renegotiate(ssl: *mut SSL) -> c_int;
    pub(crate) fn SSL_renegotiate_pending(ssl: *const SSL) -> c_int;
    pub(crate) fn SSL_new_session_ticket(ssl: *mut SSL) -> c_int;
    pub(crate) fn SSL_want(ssl: *const SSL) -> c_int;
    pub(crate) fn SSL_has_pending(ssl: *const SSL) -> c_int;
    pub(crate) fn SSL_in_init(ssl: *const SSL) -> c_int;
    pub(crate) fn SSL_set_options(ssl: *mut SSL, options: u64) -> u64;
    pub(crate) fn SSL_set_read_ahead(ssl: *mut SSL, on: c_int);
    pub(crate) fn SSL_set_quiet_shutdown(ssl: *mut SSL, on: c_int);
    pub(crate) fn SSL_set_block_padding(ssl: *mut SSL, size: usize) -> c_int;
    pub(crate) fn SSL_SESSION_dup(session: *const SSL_SESSION) -> *mut SSL_SESSION;
    pub(crate) fn ERR_peek_error() -> c_ulong;
    pub(crate) fn __errno_location() -> *mut c_int;
}

/// `BIO_ctrl` without an argument.
///
/// # Safety
/// `bio` must be valid.
pub(crate) unsafe fn bio_command(bio: *mut BIO, command: c_int) -> c_long {
    // SAFETY: the commands used here read neither argument.
    unsafe { openssl_sys::BIO_ctrl(bio, command, 0, core::ptr::null_mut::<c_void>()) }
}
