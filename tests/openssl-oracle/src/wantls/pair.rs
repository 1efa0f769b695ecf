//! Our BIO pair, by itself.

use crate::pipe::{Flags, Half, Pipe};
use wantls_bio_pair::{Bio, Capacity, Retry, compat};

/// `wantls_bio_pair`'s pair as a [`Pipe`].
#[derive(Debug)]
pub struct WantlsPair {
    a: Bio,
    b: Bio,
}

impl WantlsPair {
    /// A pair with these capacities of A and B; 0 is the default.
    #[must_use]
    pub fn new(a: usize, b: usize) -> Self {
        let (a, b) = Bio::pair(Capacity::or_default(a), Capacity::or_default(b));
        Self { a, b }
    }

    const fn half(&self, half: Half) -> &Bio {
        match half {
            Half::A => &self.a,
            Half::B => &self.b,
        }
    }

    const fn half_mut(&mut self, half: Half) -> &mut Bio {
        match half {
            Half::A => &mut self.a,
            Half::B => &mut self.b,
        }
    }
}

/// As the C functions have it.
fn int(ret: isize) -> i32 {
    i32::try_from(ret).expect("pairs are small")
}

impl Pipe for WantlsPair {
    fn write(&mut self, half: Half, bytes: &[u8]) -> i32 {
        int(compat::write_return(self.half_mut(half).write(bytes)))
    }

    fn read(&mut self, half: Half, n: usize) -> (i32, Vec<u8>) {
        let mut bytes = vec![0; n];
        let ret = int(compat::read_return(self.half_mut(half).read(&mut bytes)));
        bytes.truncate(usize::try_from(ret).unwrap_or(0));
        (ret, bytes)
    }

    fn flags(&self, half: Half) -> Flags {
        match self.half(half).retry() {
            None => Flags::Clear,
            Some(Retry::Read) => Flags::Read,
            Some(Retry::Write) => Flags::Write,
        }
    }

    fn write_guarantee(&self, half: Half) -> usize {
        self.half(half).write_guarantee()
    }

    fn read_request(&self, half: Half) -> usize {
        self.half(half).read_request()
    }

    fn reset_read_request(&mut self, half: Half) {
        self.half_mut(half).reset_read_request();
    }

    fn pending(&self, half: Half) -> usize {
        self.half(half).pending()
    }

    fn wpending(&self, half: Half) -> usize {
        self.half(half).wpending()
    }

    fn shutdown_wr(&mut self, half: Half) -> i64 {
        self.half_mut(half).shutdown_wr();
        1
    }

    fn eof(&self, half: Half) -> bool {
        self.half(half).eof()
    }

    /// A pair holds nothing back.
    fn flush(&mut self, _half: Half) -> i64 {
        1
    }

    fn reset(&mut self, half: Half) -> i64 {
        self.half_mut(half).reset();
        0
    }

    fn destroy(&mut self, half: Half) {
        self.half_mut(half).destroy();
    }
}
