//! A BIO pair: what is written to one half is read from the other.

use super::ffi;
use crate::pipe::{Flags, Half, Pipe};
use core::ffi::c_int;
use core::ptr;
use openssl_sys::{self as sys, BIO};

/// The two halves of a fresh pair; whoever takes one frees it.
pub(crate) struct Halves {
    /// The half for the SSL object.
    pub(crate) ssl: *mut BIO,
    /// The half for the network.
    pub(crate) net: *mut BIO,
}

/// Makes a pair in which `ssl` can hold `out` bytes and `net` can hold `inn` bytes; 0 is the default size.
pub(crate) fn new(out: usize, inn: usize) -> Halves {
    let (mut ssl, mut net) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: both pointers are valid for writing.
    let ok = unsafe { ffi::BIO_new_bio_pair(&raw mut ssl, out, &raw mut net, inn) };
    assert_eq!(ok, 1, "BIO_new_bio_pair failed");
    Halves { ssl, net }
}

/// `BIO_CTRL_RESET`, `BIO_CTRL_EOF`, `BIO_CTRL_FLUSH`, `BIO_C_DESTROY_BIO_PAIR`.
const RESET: c_int = 1;
const EOF: c_int = 2;
const FLUSH: c_int = 11;
const DESTROY: c_int = 139;
/// `BIO_FLAGS_READ`, `BIO_FLAGS_WRITE`, `BIO_FLAGS_SHOULD_RETRY`.
const READ: c_int = 1;
const WRITE: c_int = 2;
const RETRY: c_int = 8;

/// OpenSSL's pair as a [`Pipe`].
pub struct BioPair(Halves);

impl core::fmt::Debug for BioPair {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BioPair").finish_non_exhaustive()
    }
}

impl BioPair {
    /// A pair with these capacities of A and B; 0 is the default.
    #[must_use]
    pub fn new(a: usize, b: usize) -> Self {
        Self(new(a, b))
    }

    /// The halves A and B, for what the face does not offer.
    #[must_use]
    pub const fn raw_halves(&self) -> [*mut BIO; 2] {
        [self.0.ssl, self.0.net]
    }

    const fn raw(&self, half: Half) -> *mut BIO {
        match half {
            Half::A => self.0.ssl,
            Half::B => self.0.net,
        }
    }

    fn command(&self, half: Half, command: c_int) -> i64 {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::bio_command(self.raw(half), command) }
    }
}

impl Drop for BioPair {
    fn drop(&mut self) {
        for half in [Half::A, Half::B] {
            // SAFETY: owned by this object, freed once.
            unsafe { sys::BIO_free_all(self.raw(half)) };
        }
    }
}

impl Pipe for BioPair {
    fn write(&mut self, half: Half, bytes: &[u8]) -> i32 {
        let len = c_int::try_from(bytes.len()).expect("tests are small");
        // SAFETY: `len` bytes are readable.
        unsafe { sys::BIO_write(self.raw(half), bytes.as_ptr().cast(), len) }
    }

    fn read(&mut self, half: Half, n: usize) -> (i32, Vec<u8>) {
        let mut bytes = vec![0; n];
        let len = c_int::try_from(n).expect("tests are small");
        // SAFETY: the buffer has `len` bytes.
        let ret = unsafe { sys::BIO_read(self.raw(half), bytes.as_mut_ptr().cast(), len) };
        bytes.truncate(usize::try_from(ret).unwrap_or(0));
        (ret, bytes)
    }

    fn flags(&self, half: Half) -> Flags {
        // SAFETY: both halves live as long as this object.
        match unsafe { ffi::BIO_test_flags(self.raw(half), READ | WRITE | RETRY) } {
            0 => Flags::Clear,
            bits if bits == RETRY | READ => Flags::Read,
            bits if bits == RETRY | WRITE => Flags::Write,
            bits => unreachable!("a pair sets no other flags: {bits:#x}"),
        }
    }

    fn write_guarantee(&self, half: Half) -> usize {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::BIO_ctrl_get_write_guarantee(self.raw(half)) }
    }

    fn read_request(&self, half: Half) -> usize {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::BIO_ctrl_get_read_request(self.raw(half)) }
    }

    fn reset_read_request(&mut self, half: Half) {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::BIO_ctrl_reset_read_request(self.raw(half)) };
    }

    fn pending(&self, half: Half) -> usize {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::BIO_ctrl_pending(self.raw(half)) }
    }

    fn wpending(&self, half: Half) -> usize {
        // SAFETY: both halves live as long as this object.
        unsafe { ffi::BIO_ctrl_wpending(self.raw(half)) }
    }

    fn shutdown_wr(&mut self, half: Half) -> i64 {
        self.command(half, ffi::BIO_C_SHUTDOWN_WR)
    }

    fn eof(&self, half: Half) -> bool {
        self.command(half, EOF) != 0
    }

    fn flush(&mut self, half: Half) -> i64 {
        self.command(half, FLUSH)
    }

    fn reset(&mut self, half: Half) -> i64 {
        self.command(half, RESET)
    }

    fn destroy(&mut self, half: Half) {
        self.command(half, DESTROY);
    }
}
