//! glibc's allocator, kept from giving memory back while something is measured.

/// Has the allocator keep what was freed. A peer that allocates for every record would otherwise pay for page faults
/// now and then, depending on what lies on top of the heap: a matter of luck that says nothing of the peer.
pub(crate) fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for parameter in [M_TRIM_THRESHOLD, M_MMAP_THRESHOLD] {
        // SAFETY: mallopt(3) takes two integers, and these are among its parameters. No other thread runs yet.
        unsafe { mallopt(parameter, 1 << 30) };
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
const M_TRIM_THRESHOLD: core::ffi::c_int = -1;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const M_MMAP_THRESHOLD: core::ffi::c_int = -3;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" {
    fn mallopt(parameter: core::ffi::c_int, value: core::ffi::c_int) -> core::ffi::c_int;
}
