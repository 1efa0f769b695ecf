//! The C library's allocator: kept from playing tricks on the clock, and counted.
//!
//! Rust's allocations and those of C libraries all end in `malloc(3)` and its family, so that is where they are
//! counted: the functions here stand in front of glibc's own. Elsewhere nothing is counted, and nothing printed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was allocated while somebody was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    /// Bytes that are allocated now.
    pub(crate) live: i64,
    /// Bytes that were allocated at once, at the most, since [`reset`].
    pub(crate) peak: i64,
    /// Calls that allocated.
    pub(crate) calls: i64,
}

/// Whom allocations are put down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client = 1,
    Server = 2,
}

/// Holes between allocations, to shift those that follow.
static HOLES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer of zeros somewhere else in its page than the one before.
pub(crate) fn buffer(len: usize) -> Vec<u8> {
    HOLES.lock().unwrap().push(hole());
    vec![0; len]
}

/// Something in the way, up to a page, so that what is allocated next lies elsewhere than the last time.
pub(crate) fn hole() -> Vec<u8> {
    vec![0; spread(PAGE)]
}

const PAGE: usize = 4096;

/// A number below `bound`, well spread, and the same in every run.
pub(crate) fn spread(bound: usize) -> usize {
    static STATE: AtomicU64 = AtomicU64::new(1);
    // A linear congruence (Knuth's MMIX), of whose bits the upper ones are the better.
    let next = |x: u64| Some(x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
    let state = STATE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap();
    (state >> 33) as usize % bound
}

/// Gives the holes back.
pub(crate) fn fill_holes() {
    HOLES.lock().unwrap().clear();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) use glibc::{count, counted, keep_freed_memory, reset};

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod other {
    use super::{Count, Side};

    pub(crate) fn keep_freed_memory() {}

    pub(crate) fn counted<R>(_: Side, work: impl FnOnce() -> R) -> R {
        work()
    }

    pub(crate) fn count(_: Side) -> Option<Count> {
        None
    }

    pub(crate) fn reset() {}
}
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) use other::{count, counted, keep_freed_memory, reset};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use core::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

    use super::{Count, Side};

    /// The [`Side`] that is counted; 0: none.
    static COUNTED: AtomicUsize = AtomicUsize::new(0);
    static LIVE: [AtomicI64; 3] = [const { AtomicI64::new(0) }; 3];
    static PEAK: [AtomicI64; 3] = [const { AtomicI64::new(0) }; 3];
    static CALLS: [AtomicI64; 3] = [const { AtomicI64::new(0) }; 3];

    const M_TRIM_THRESHOLD: c_int = -1;
    const M_MMAP_THRESHOLD: c_int = -3;
    const ENOMEM: c_int = 12;

    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
        fn malloc_usable_size(at: *mut c_void) -> usize;
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(at: *mut c_void, size: usize) -> *mut c_void;
        fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
        fn __libc_free(at: *mut c_void);
    }

    /// Has the allocator keep what was freed. A peer that allocates for every record would otherwise pay for page
    /// faults now and then, depending on what lies on top of the heap: luck that says nothing of the peer.
    pub(crate) fn keep_freed_memory() {
        for parameter in [M_TRIM_THRESHOLD, M_MMAP_THRESHOLD] {
            // SAFETY: mallopt(3) takes two integers, and these are among its parameters. No other thread runs yet.
            unsafe { mallopt(parameter, 1 << 30) };
        }
    }

    /// Puts what `work` allocates and frees down to `side`.
    pub(crate) fn counted<R>(side: Side, work: impl FnOnce() -> R) -> R {
        COUNTED.store(side as usize, Relaxed);
        let result = work();
        COUNTED.store(0, Relaxed);
        result
    }

    /// What was put down to `side` since [`reset`].
    pub(crate) fn count(side: Side) -> Option<Count> {
        let of = |counters: &[AtomicI64; 3]| counters[side as usize].load(Relaxed);
        Some(Count { live: of(&LIVE), peak: of(&PEAK), calls: of(&CALLS) })
    }

    /// Begins to count from nothing.
    pub(crate) fn reset() {
        for counter in LIVE.iter().chain(&PEAK).chain(&CALLS) {
            counter.store(0, Relaxed);
        }
    }

    fn allocated(at: *mut c_void) -> *mut c_void {
        let side = COUNTED.load(Relaxed);
        if side != 0 && !at.is_null() {
            CALLS[side].fetch_add(1, Relaxed);
            let live = LIVE[side].fetch_add(size(at), Relaxed) + size(at);
            PEAK[side].fetch_max(live, Relaxed);
        }
        at
    }

    fn freed(at: *mut c_void) {
        let side = COUNTED.load(Relaxed);
        if side != 0 && !at.is_null() {
            LIVE[side].fetch_sub(size(at), Relaxed);
        }
    }

    fn size(at: *mut c_void) -> i64 {
        // SAFETY: `at` came from this allocator and has not been freed.
        (unsafe { malloc_usable_size(at) }) as i64
    }

    // SAFETY (all that follow): the contract is that of the function of the same name, and is handed on as it is.
    // They take the place of glibc's, which foresees it ("Replacing malloc" in its manual).

    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        // SAFETY: any size is allowed.
        allocated(unsafe { __libc_malloc(size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
        // SAFETY: any sizes are allowed.
        allocated(unsafe { __libc_calloc(count, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(at: *mut c_void, size: usize) -> *mut c_void {
        freed(at);
        // SAFETY: the caller's.
        allocated(unsafe { __libc_realloc(at, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
        // SAFETY: the caller's.
        allocated(unsafe { __libc_memalign(align, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
        // SAFETY: the caller's.
        unsafe { memalign(align, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn posix_memalign(result: *mut *mut c_void, align: usize, size: usize) -> c_int {
        // SAFETY: the caller's.
        let at = unsafe { memalign(align, size) };
        if at.is_null() {
            return ENOMEM;
        }
        // SAFETY: the caller's: `result` is to be written to.
        unsafe { *result = at };
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn free(at: *mut c_void) {
        freed(at);
        // SAFETY: the caller's.
        unsafe { __libc_free(at) };
    }
}
