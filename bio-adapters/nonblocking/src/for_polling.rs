//! polling: interests as events.

use polling::Event;

/// What to register with polling under `key`.
#[must_use]
pub fn polling_event(interest: wantls::Interest, key: usize) -> Event {
    Event::new(key, interest.read, interest.write)
}
