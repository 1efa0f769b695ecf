//! A stream gives the error that ended its connection again and again, also where the transport is gone by then.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use wantls::{Error, ProtocolError};
use wantls_testkit::{Suite, established};
use wantls_transport::{Recv, Sent, Stream, StreamError, Transport};

/// A peer that sends what does not decrypt, and then is gone.
struct Gone {
    junk: &'static [u8],
}

impl Transport for Gone {
    type Error = &'static str;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, &'static str> {
        let n = self.junk.len().min(space.len());
        space[..n].copy_from_slice(&self.junk[..n]);
        self.junk = &self.junk[n..];
        Ok(Recv::from_read(n))
    }

    fn send(&mut self, _: &[u8]) -> Result<Sent, &'static str> {
        Err("gone")
    }
}

#[test]
fn an_alert_that_can_not_be_sent_does_not_hide_the_error() {
    for suite in Suite::ALL {
        let (client, _) = established(suite);
        let mut stream =
            Stream::new(client, Gone { junk: b"\x17\x03\x03\x00\x20 this was never sealed by anyone" });
        let error = StreamError::Tls(Error::Protocol(ProtocolError::BadRecordMac));
        for _ in 0..3 {
            assert_eq!(stream.read(&mut [0; 9]), Err(error.clone()));
        }
        // Who asks for it learns that the alert is still here.
        assert_eq!(stream.flush(), Err(StreamError::Transport("gone")));
    }
}
