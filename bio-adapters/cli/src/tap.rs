//! A transport that counts what passes.

use std::mem;

use wantls::Step;
use wantls_transport::{Recv, Sent, Transport};

/// Bytes of a record header (RFC 8446 section 5.1).
const HEADER_LEN: usize = 5;

/// A transport, and what has passed through it.
#[derive(Debug)]
pub(crate) struct Tap<T> {
    pub(crate) inner: T,
    pub(crate) sent: Flow,
    pub(crate) received: Flow,
    /// Content types of the records that began in what was sent, since they were taken last.
    begun: Vec<u8>,
}

impl<T> Tap<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, sent: Flow::default(), received: Flow::default(), begun: Vec::new() }
    }

    /// Content types of the records that began in what was sent, since the last call.
    pub(crate) fn take_begun(&mut self) -> Vec<u8> {
        mem::take(&mut self.begun)
    }
}

impl<T: Transport> Transport for Tap<T> {
    type Error = T::Error;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, T::Error> {
        let answer = self.inner.recv(space)?;
        if let Recv::Bytes(n) = answer {
            self.received.pass(&space[..n.get()], |_| {});
        }
        Ok(answer)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, T::Error> {
        let answer = self.inner.send(bytes)?;
        if let Sent::Bytes(n) = answer {
            self.sent.pass(&bytes[..n.get()], |typ| self.begun.push(typ));
        }
        Ok(answer)
    }

    fn flush(&mut self) -> Result<Step<()>, T::Error> {
        self.inner.flush()
    }

    fn waits(&self) -> bool {
        self.inner.waits()
    }
}

/// One direction: its bytes, and its records by their headers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    pub(crate) bytes: u64,
    /// Records that have begun.
    pub(crate) records: u64,
    header: [u8; HEADER_LEN],
    /// Bytes of the header that are there.
    have: usize,
    /// Bytes of the record's body that are still to come.
    body: usize,
}

impl Flow {
    /// Counts `bytes`, which may begin and end anywhere in a record, and tells the content types that begin in them.
    fn pass(&mut self, mut bytes: &[u8], mut begins: impl FnMut(u8)) {
        self.bytes += bytes.len() as u64;
        while let Some((&first, rest)) = bytes.split_first() {
            if self.body > 0 {
                let n = self.body.min(bytes.len());
                self.body -= n;
                bytes = &bytes[n..];
                continue;
            }
            if self.have == 0 {
                self.records += 1;
                begins(first);
            }
            self.header[self.have] = first;
            self.have += 1;
            if self.have == HEADER_LEN {
                self.body = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
                self.have = 0;
            }
            bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Flow;

    /// However the stream is cut, the same records are seen.
    #[test]
    fn records_are_found_wherever_the_stream_is_cut() {
        let stream = [
            [22, 3, 1, 0, 3].as_slice(),
            &[23; 3],
            &[20, 3, 3, 0, 0],
            &[23, 3, 3, 1, 1],
            &[22; 257],
            &[21, 3],
        ]
        .concat();
        for piece in 1..=stream.len() {
            let (mut flow, mut types) = (Flow::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                flow.pass(bytes, |typ| types.push(typ));
            }
            assert_eq!(types, [22, 20, 23, 21], "in pieces of {piece}");
            assert_eq!((flow.records, flow.bytes), (4, stream.len() as u64));
        }
    }
}
