//! How many bytes of heap are in use: with glibc all of them, those of C libraries included; elsewhere Rust's.

pub(crate) use counted::in_use;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod counted {
    /// As mallinfo(3) has it.
    #[repr(C)]
    struct Mallinfo2 {
        arena: usize,
        ordblks: usize,
        smblks: usize,
        hblks: usize,
        hblkhd: usize,
        usmblks: usize,
        fsmblks: usize,
        uordblks: usize,
        fordblks: usize,
        keepcost: usize,
    }

    unsafe extern "C" {
        fn mallinfo2() -> Mallinfo2;
    }

    /// Heap bytes in use: what was allocated from the arenas, and what was mapped by itself.
    pub(crate) fn in_use() -> usize {
        // SAFETY: mallinfo2 takes nothing and returns the struct declared above.
        let info = unsafe { mallinfo2() };
        info.uordblks + info.hblkhd
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod counted {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The system's allocator, counted.
    struct Counting;

    static IN_USE: AtomicUsize = AtomicUsize::new(0);

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// Heap bytes in use.
    pub(crate) fn in_use() -> usize {
        IN_USE.load(Ordering::Relaxed)
    }

    // SAFETY: everything is passed on to the system's allocator; counting touches no memory that was allocated.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
            // SAFETY: the caller keeps the promises that `alloc` asks for.
            unsafe { System.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { System.alloc_zeroed(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { System.dealloc(pointer, layout) }
        }
    }
}
