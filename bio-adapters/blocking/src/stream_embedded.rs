//! `embedded-io`'s traits on a `std` stream, for protocol crates that are written against them.

use std::io::{self, Read, Write};

use crate::Stream;

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> embedded_io::ErrorType for Stream<T, B> {
    type Error = io::Error;
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> embedded_io::Read for Stream<T, B> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Read::read(self, out)
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> embedded_io::BufRead for Stream<T, B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        io::BufRead::fill_buf(self)
    }

    fn consume(&mut self, n: usize) {
        io::BufRead::consume(self, n);
    }
}

impl<T: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> embedded_io::Write for Stream<T, B> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Write::write(self, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(self)
    }
}
