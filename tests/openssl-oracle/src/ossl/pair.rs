//! A BIO pair: what the SSL writes to one half is read from the other.

use super::ffi;
use core::ptr;
use openssl_sys::BIO;

/// The two halves of a fresh pair; whoever takes one frees it.
pub(crate) struct Halves {
    /// The half for the SSL object.
    pub(crate) ssl: *mut BIO,
    /// The half for the network.
    pub(crate) net: *mut BIO,
}

/// Makes a pair in which `ssl` can hold `out` bytes and `net` can hold `inn` bytes.
pub(crate) fn new(out: usize, inn: usize) -> Halves {
    let (mut ssl, mut net) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: both pointers are valid for writing; capacities above zero are what the function wants.
    let ok = unsafe { ffi::BIO_new_bio_pair(&raw mut ssl, out.max(1), &raw mut net, inn.max(1)) };
    assert_eq!(ok, 1, "BIO_new_bio_pair failed");
    Halves { ssl, net }
}
