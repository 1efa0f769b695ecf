//! A half as the transport of a TLS connection.

use core::num::NonZeroUsize;

use wantls_transport::{Recv, Sent, Transport};

use crate::{Bio, BioError, Half, QuotaBio, ReadOutcome, WriteOutcome};

/// The end is what the other half's `shutdown_wr` leaves behind. A half whose partner was dropped fails with
/// [`BioError::Uninitialized`].
impl Transport for Bio {
    type Error = BioError;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, BioError> {
        self.read(space).map(received)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, BioError> {
        self.write(bytes).map(sent)
    }
}

/// As for [`Bio`].
impl Transport for Half<'_> {
    type Error = BioError;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, BioError> {
        self.read(space).map(received)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, BioError> {
        self.write(bytes).map(sent)
    }
}

/// As for [`Bio`], as far as the quota goes.
impl Transport for QuotaBio {
    type Error = BioError;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, BioError> {
        self.read(space).map(received)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, BioError> {
        self.write(bytes).map(sent)
    }
}

/// Zero bytes answer an empty slice only, and must not look like the end.
fn received(outcome: ReadOutcome) -> Recv {
    match outcome {
        ReadOutcome::Bytes(n) => NonZeroUsize::new(n).map_or(Recv::WouldBlock, Recv::Bytes),
        ReadOutcome::WouldBlock => Recv::WouldBlock,
        ReadOutcome::Eof => Recv::Eof,
    }
}

fn sent(outcome: WriteOutcome) -> Sent {
    match outcome {
        WriteOutcome::Bytes(n) => NonZeroUsize::new(n).map_or(Sent::WouldBlock, Sent::Bytes),
        WriteOutcome::WouldBlock => Sent::WouldBlock,
    }
}
