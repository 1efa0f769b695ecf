//! Wake-ups for a stream whose reader and writer are two tasks.
//!
//! A reader may have to send, and a writer to receive, but a transport remembers one waker for each direction: the
//! task that came last would take the other's place, and the other would sleep for ever. So the transport only ever
//! sees one waker, which wakes both.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// Who waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Reader = 0,
    Writer = 1,
}

/// The tasks that wait for a transport.
#[derive(Debug, Default)]
pub(crate) struct Wakers(Mutex<[Option<Waker>; 2]>);

impl Wakers {
    /// Remembers a task until the next wake-up.
    pub(crate) fn set(&self, side: Side, waker: &Waker) {
        // A waker that panics leaves the slots as they are: no half of a change can be seen.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut slots[side as usize] {
            Some(old) => old.clone_from(waker),
            empty => *empty = Some(waker.clone()),
        }
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Woken outside the lock: a waker may poll at once.
        let woken = core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        woken.into_iter().flatten().for_each(Waker::wake);
    }
}
