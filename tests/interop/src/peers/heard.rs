//! What the other side's application received.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// Bytes that come in from another thread.
#[derive(Debug, Default)]
pub(super) struct Heard {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

impl Heard {
    /// Everything that `source` gives, read in a thread of its own until it ends.
    pub(super) fn from(mut source: impl Read + Send + 'static) -> Arc<Self> {
        let heard = Arc::new(Self::default());
        let adding = heard.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16384];
            while let Ok(n @ 1..) = source.read(&mut buffer) {
                adding.add(&buffer[..n]);
            }
            adding.end();
        });
        heard
    }

    pub(super) fn add(&self, bytes: &[u8]) {
        self.state().bytes.extend_from_slice(bytes);
        self.changed.notify_all();
    }

    pub(super) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    /// Waits until `expected` has come, and takes it. What comes in front of it is an error, or, where the source is
    /// noisy, dropped.
    pub(super) fn expect(&self, expected: &[u8], noisy: bool, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let found = if noisy {
                state.bytes.windows(expected.len()).position(|window| window == expected)
            } else {
                state.bytes.starts_with(expected).then_some(0)
            };
            if let Some(at) = found {
                state.bytes.drain(..at + expected.len());
                return Ok(());
            }
            let wrong = !noisy && !expected.starts_with(&state.bytes);
            let left = deadline.saturating_duration_since(Instant::now());
            if wrong || state.ended || left.is_zero() {
                let why = if wrong { "something else" } else { "no more" };
                return Err(format!(
                    "the peer got {why} after {} of {} bytes",
                    state.bytes.len(),
                    expected.len()
                )
                .into());
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end. Returns whether it came in time.
    pub(super) fn wait_end(&self, patience: Duration) -> bool {
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, patience, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// What has come and was not taken, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.state().bytes).into_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
