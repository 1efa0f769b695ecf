//! The application above a peer that runs in a thread of ours.

use std::sync::Arc;

use super::heard::Heard;
use super::{Manner, PATIENCE, Talker};
use crate::Result;

/// What a peer in a thread is told to do. It ends when nobody can tell it anything any more.
#[derive(Debug)]
pub(super) enum Order {
    Say(Vec<u8>),
    Close,
    Abort,
    UpdateKey,
    Again,
}

/// How orders reach the thread. `false`: it has ended.
pub(super) type Give = Box<dyn Fn(Order) -> bool>;

/// A peer in a thread.
pub(super) struct Worker {
    give: Give,
    heard: Arc<Heard>,
    log: Arc<Heard>,
}

/// What a peer's thread tells.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) heard: Arc<Heard>,
    pub(super) log: Arc<Heard>,
}

impl Told {
    /// The thread ends, for this reason.
    pub(super) fn end(&self, result: Result<()>) {
        if let Err(error) = result {
            self.log.add(error.to_string().as_bytes());
        }
        self.heard.end();
    }
}

impl Worker {
    pub(super) fn new(give: Give, told: Told) -> Self {
        Self { give, heard: told.heard, log: told.log }
    }

    fn give(&self, order: Order) -> Result<()> {
        if (self.give)(order) { Ok(()) } else { Err("the peer has ended".into()) }
    }
}

impl Talker for Worker {
    fn manner(&self) -> Manner {
        Manner::Bridge
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.give(Order::Say(bytes.to_vec()))
    }

    fn hear(&mut self, expected: &[u8]) -> Result<()> {
        self.heard.expect(expected, false, PATIENCE)
    }

    fn close(&mut self) -> Result<()> {
        self.give(Order::Close)
    }

    fn abort(&mut self) -> Result<()> {
        self.give(Order::Abort)
    }

    fn update_key(&mut self) -> Result<()> {
        self.give(Order::UpdateKey)
    }

    fn again(&mut self) -> Result<()> {
        self.give(Order::Again)
    }

    fn wait_end(&mut self) -> Result<()> {
        // It may have ended already.
        let _ = self.give(Order::Close);
        if self.heard.wait_end(PATIENCE) { Ok(()) } else { Err("the peer does not end".into()) }
    }

    fn log(&self) -> String {
        self.log.text()
    }
}
