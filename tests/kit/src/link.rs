//! A BIO pair as a transport, with quotas.

use core::num::NonZeroUsize;

use wantls_bio_pair::{Bio, BioError, Capacity, QuotaBio, ReadOutcome, WriteOutcome};
use wantls_transport::{Recv, Sent, Transport};

/// One end of a BIO pair under quotas that start at zero: every byte can be made a blocking point.
#[derive(Debug)]
pub struct Link {
    bio: QuotaBio,
}

impl Link {
    /// Two ends of a pair that holds `capacity` bytes in each direction, and lets nothing pass yet.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn pair(capacity: usize) -> (Self, Self) {
        let capacity = Capacity::new(capacity).unwrap();
        let (a, b) = Bio::pair(capacity, capacity);
        (Self { bio: QuotaBio::new(a) }, Self { bio: QuotaBio::new(b) })
    }

    /// Two ends without quotas.
    ///
    /// # Panics
    /// If `capacity` is 0.
    #[must_use]
    pub fn open_pair(capacity: usize) -> (Self, Self) {
        let (mut a, mut b) = Self::pair(capacity);
        a.allow(usize::MAX);
        b.allow(usize::MAX);
        (a, b)
    }

    /// Lets `bytes` more pass in each direction.
    pub fn allow(&mut self, bytes: usize) {
        self.bio.allow_read(bytes);
        self.bio.allow_write(bytes);
    }

    /// The end of what this end sends.
    pub fn shutdown_wr(&mut self) {
        self.bio.get_mut().shutdown_wr();
    }
}

impl Transport for Link {
    type Error = BioError;

    fn recv(&mut self, space: &mut [u8]) -> Result<Recv, BioError> {
        Ok(match self.bio.read(space)? {
            ReadOutcome::Bytes(n) => Recv::from_read(n),
            ReadOutcome::WouldBlock => Recv::WouldBlock,
            ReadOutcome::Eof => Recv::Eof,
        })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, BioError> {
        Ok(match self.bio.write(bytes)? {
            WriteOutcome::Bytes(n) => NonZeroUsize::new(n).map_or(Sent::WouldBlock, Sent::Bytes),
            WriteOutcome::WouldBlock => Sent::WouldBlock,
        })
    }
}
