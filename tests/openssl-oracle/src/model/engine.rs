//! The handshake engine on an established connection: KeyUpdate, tickets, HelloRequest.

use super::alert::description;
use super::wire::Kind;
use super::{Filter, Model, Sending};
use crate::setup::Role;
use crate::subject::code;

/// Handshake message types (RFC 8446, section 4; RFC 5246, section 7.4.1.1).
mod message {
    pub(super) const HELLO_REQUEST: u8 = 0;
    pub(super) const NEW_SESSION_TICKET: u8 = 4;
    pub(super) const KEY_UPDATE: u8 = 24;
}

/// A stateful TLS 1.3 ticket: header 4, lifetime 4, age 4, nonce 1+8, identity 2+32, extensions 2.
const TICKET: usize = 57;

impl Model {
    /// Runs until the engine has nothing to do; false means the call must stop.
    pub(super) fn engine(&mut self) -> bool {
        if self.dead {
            return false;
        }
        self.queue = None;
        self.in_engine = true;
        if self.sending.is_none() && self.filter.is_none() {
            self.filter = Some(Filter::default());
        }
        let finished = self.send_or_receive();
        self.in_engine = false;
        finished
    }

    fn send_or_receive(&mut self) -> bool {
        loop {
            if let Some(sending) = self.sending {
                if !self.flush() {
                    return false;
                }
                self.sending = None;
                if sending == Sending::KeyUpdate {
                    self.write_key.update();
                }
                if sending != Sending::Ticket || self.tickets == 0 {
                    return self.finish();
                }
            }
            let (sending, message) = if let Some(kind) = self.key_update.take() {
                (Sending::KeyUpdate, vec![message::KEY_UPDATE, 0, 0, 1, kind])
            } else if self.role == Role::Server && self.tickets > 0 {
                self.tickets -= 1;
                (Sending::Ticket, ticket())
            } else if self.hello_request {
                self.hello_request = false;
                // A server that starts over forgets that it was closing.
                self.shutdown = 0;
                (Sending::HelloRequest, vec![message::HELLO_REQUEST, 0, 0, 0])
            } else {
                return self.receive();
            };
            if self.write_bytes(Kind::Handshake, 0, &message).is_none() {
                return false;
            }
            self.sending = Some(sending);
        }
    }

    /// The message whose first bytes caused the engine to run; each is alone in its record.
    fn receive(&mut self) -> bool {
        let mut message = core::mem::take(&mut self.message);
        if let Some(record) = self.record.take() {
            message.extend_from_slice(&record.plain[record.taken..]);
        }
        self.want = code::NOTHING;
        match message.first() {
            Some(&message::KEY_UPDATE) => {
                if message.last() == Some(&1) {
                    self.key_update = Some(0);
                }
                self.read_key.update();
            }
            Some(&message::HELLO_REQUEST) => self.send_alert([1, description::NO_RENEGOTIATION]),
            Some(&message::NEW_SESSION_TICKET) => {}
            _ => {
                self.want = code::READING;
                return false;
            }
        }
        self.finish()
    }

    fn finish(&mut self) -> bool {
        if self.filter.take().is_some_and(|filter| !filter.bytes.is_empty()) {
            self.deviate(2);
        }
        self.init = false;
        true
    }
}

fn ticket() -> Vec<u8> {
    let mut message = vec![0; TICKET];
    message[0] = message::NEW_SESSION_TICKET;
    message
}
