//! The two linear buffers of a connection, and the smallest sizes that work.
//!
//! Both belong to the caller: an array, a `&mut [u8]`, a `Box<[u8]>`, a `Vec<u8>`. Records are sealed and opened
//! inside them; no other place holds record bytes. `tls_in` bounds what can be received, `tls_out` what can be
//! queued.

use alloc::boxed::Box;
use alloc::vec;
use core::ops::Range;

use crate::error::BuildError;
use crate::record::header::{HEADER_LEN, Header};

/// Bytes of `tls_in` that hold any legal TLS 1.3 record: 5 + 2^14 + 256 (RFC 8446 section 5.2).
pub const TLS13_RECORD: usize = HEADER_LEN + 16384 + 256;

/// Bytes of `tls_in` that hold any legal TLS 1.2 record: 5 + 2^14 + 2048 (RFC 5246 section 6.2.3).
pub const TLS12_RECORD: usize = HEADER_LEN + 16384 + 2048;

/// The smallest `tls_in` that is accepted, in bytes. Records and handshake messages that don't fit are answered
/// with [`Error::RecordTooLarge`](crate::Error::RecordTooLarge) and
/// [`Error::HandshakeTooLarge`](crate::Error::HandshakeTooLarge) when they arrive.
pub const MIN_TLS_IN: usize = 512;

/// Bytes of `tls_out` that application data never takes: room for a fatal alert, a close_notify and a KeyUpdate,
/// so that a reader never waits for our own unsent data (31 + 31 + 27, rounded up).
pub const RESERVE: usize = 96;

/// The smallest `tls_out` of a connection that is [resumed](crate::Parked::resume), in bytes; one that has yet to do its
/// handshake needs [`min_tls_out`].
pub const MIN_TLS_OUT: usize = 512;

/// The part of [`RESERVE`] that a KeyUpdate leaves free: a close_notify and a fatal alert.
pub(crate) const RESERVE_ALERTS: usize = 64;

/// The part of [`RESERVE`] that a close_notify leaves free: a fatal alert.
pub(crate) const RESERVE_FATAL: usize = 32;

/// The largest piece of output that the handshake makes in one go, for rustls's `max_fragment_size`.
#[must_use]
pub const fn handshake_chunk(max_fragment_size: Option<usize>) -> usize {
    match max_fragment_size {
        // rustls counts the header in the size; type byte and tag come on top.
        Some(size) => size.saturating_add(17),
        None => HEADER_LEN + 16384 + 17,
    }
}

/// The smallest `tls_out` for rustls's `max_fragment_size`, in bytes: one piece of the handshake and [`RESERVE`].
/// Twice as much lets a flight leave in fewer sends.
#[must_use]
pub const fn min_tls_out(max_fragment_size: Option<usize>) -> usize {
    handshake_chunk(max_fragment_size).saturating_add(RESERVE)
}

/// The buffers of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Buffers<B> {
    /// Bytes from the peer: at least [`MIN_TLS_IN`]; [`TLS12_RECORD`] or [`TLS13_RECORD`] to take any record.
    pub tls_in: B,
    /// Bytes to the peer: at least [`min_tls_out`].
    pub tls_out: B,
}

impl<B> Buffers<B> {
    /// Both buffers, from the caller.
    pub const fn new(tls_in: B, tls_out: B) -> Self {
        Self { tls_in, tls_out }
    }
}

impl Buffers<Box<[u8]>> {
    /// Buffers on the heap that fit every record of both versions, and two full records of output.
    #[must_use]
    pub fn heap() -> Self {
        Self::heap_of(2 * TLS12_RECORD, 2 * handshake_chunk(None) + RESERVE)
    }

    /// Buffers on the heap of the given sizes, in bytes.
    #[must_use]
    pub fn heap_of(tls_in: usize, tls_out: usize) -> Self {
        Self::new(vec![0; tls_in].into_boxed_slice(), vec![0; tls_out].into_boxed_slice())
    }
}

impl<B: AsRef<[u8]>> Buffers<B> {
    /// Checks the sizes against what a config needs.
    pub(crate) fn check(&self, max_fragment_size: Option<usize>) -> Result<(), BuildError> {
        self.check_sizes(MIN_TLS_IN, min_tls_out(max_fragment_size))
    }

    pub(crate) fn check_sizes(&self, tls_in: usize, tls_out: usize) -> Result<(), BuildError> {
        let sizes = [
            ("tls_in", tls_in, self.tls_in.as_ref().len()),
            ("tls_out", tls_out, self.tls_out.as_ref().len()),
        ];
        for (which, needed, given) in sizes {
            if given < needed {
                return Err(BuildError::BufferTooSmall { which, needed, given });
            }
        }
        Ok(())
    }
}

/// What the front of `tls_in` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// Fewer bytes than a record header.
    Empty,
    /// A header, and fewer bytes than it announces.
    Partial(Header),
    /// A whole record.
    Whole(Header),
}

/// `tls_in`: received bytes, and inside them the plaintext of the record opened last.
///
/// ```text
///  0        plain         start   start+held        end          capacity
///  ├──used────┼───plaintext──┼──held──┼───received───┼──space──────┤
/// ```
/// `held` bytes were shown to the handshake engine, which still needs them; records begin behind them.
pub(crate) struct TlsInBuf<B: AsRef<[u8]> + AsMut<[u8]>> {
    store: Store<B>,
    plain: Range<usize>,
    start: usize,
    held: usize,
    end: usize,
    /// End of what was ever opened in `store`, to be wiped.
    tainted: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> TlsInBuf<B> {
    pub(crate) fn new(store: B) -> Self {
        Self { store: Store(Some(store)), plain: 0..0, start: 0, held: 0, end: 0, tainted: 0 }
    }

    /// Gives the buffer back, wiped.
    pub(crate) fn into_store(mut self) -> B {
        self.wipe();
        match self.store.0.take() {
            Some(store) => store,
            None => unreachable!("the buffer is given back once"),
        }
    }

    fn wipe(&mut self) {
        if let Some(tainted) = self.store.bytes_mut().get_mut(..self.tainted) {
            wipe(tainted);
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.store.bytes().len()
    }

    /// Received bytes that are not processed yet.
    pub(crate) fn unprocessed(&self) -> &[u8] {
        &self.store.bytes()[self.start..self.end]
    }

    /// Bytes that [`space`](Self::space) would offer.
    pub(crate) fn space_len(&self) -> usize {
        if self.plain.is_empty() && self.must_move() {
            return self.capacity() - (self.end - self.start);
        }
        if self.plain.is_empty() && self.start == self.end {
            return self.capacity();
        }
        self.capacity() - self.end
    }

    /// The free space behind the received bytes. Bytes are moved to the front only where the record at the front
    /// could not become whole otherwise, and never under unread plaintext.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.plain.is_empty() {
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
            } else if self.must_move() {
                self.store.bytes_mut().copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
        }
        &mut self.store.bytes_mut()[self.end..]
    }

    fn must_move(&self) -> bool {
        let needed = match self.front() {
            Front::Empty => HEADER_LEN,
            Front::Partial(header) | Front::Whole(header) => header.record_len(),
        };
        self.start > 0 && self.start + self.held + needed > self.capacity()
    }

    /// `n` bytes were received into the space.
    pub(crate) fn received(&mut self, n: usize) {
        self.end += n;
    }

    pub(crate) fn front(&self) -> Front {
        let bytes = &self.unprocessed()[self.held..];
        match Header::parse(bytes) {
            None => Front::Empty,
            Some(header) if header.record_len() <= bytes.len() => Front::Whole(header),
            Some(header) => Front::Partial(header),
        }
    }

    /// Bytes still missing from the header, or from the record, at the front.
    pub(crate) fn missing(&self) -> usize {
        let have = self.end - self.start - self.held;
        match self.front() {
            Front::Empty => HEADER_LEN - have,
            Front::Partial(header) => header.record_len() - have,
            Front::Whole(_) => 0,
        }
    }

    // --- the handshake's side ---

    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// What the engine may look at: the bytes it still needs and what was added with [`hold`](Self::hold).
    pub(crate) fn held_bytes(&mut self) -> &mut [u8] {
        &mut self.store.bytes_mut()[self.start..self.start + self.held]
    }

    /// Adds the record at the front to what the engine sees.
    pub(crate) fn hold(&mut self, record_len: usize) {
        self.held += record_len;
        self.tainted = self.tainted.max(self.start + self.held);
    }

    /// The engine is done with `n` bytes.
    pub(crate) fn release(&mut self, n: usize) {
        let n = n.min(self.held);
        self.held -= n;
        self.start += n;
    }

    // --- the record layer's side ---

    /// The whole record at the front, of `len` bytes.
    pub(crate) fn record(&self, len: usize) -> &[u8] {
        &self.store.bytes()[self.start..self.start + len]
    }

    /// The whole record at the front, of `len` bytes, to be opened where it stands.
    pub(crate) fn record_mut(&mut self, len: usize) -> &mut [u8] {
        let record = self.start..self.start + len;
        self.tainted = self.tainted.max(record.end);
        &mut self.store.bytes_mut()[record]
    }

    /// The record at the front, of `len` bytes, is done with.
    pub(crate) fn drop_record(&mut self, len: usize) {
        self.start += len;
    }

    /// The record at the front was opened in place, and `plain` in it is plaintext for the application.
    pub(crate) fn keep_plain(&mut self, len: usize, plain: Range<usize>) {
        self.plain = self.start + plain.start..self.start + plain.end;
        self.start += len;
    }

    pub(crate) fn plain(&self) -> &[u8] {
        &self.store.bytes()[self.plain.clone()]
    }

    /// The application took `n` bytes of plaintext.
    pub(crate) fn consume_plain(&mut self, n: usize) {
        self.plain.start += n;
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Drop for TlsInBuf<B> {
    /// Wipes what was opened in the buffer: the application's plaintext, the handshake's, tickets.
    fn drop(&mut self) {
        self.wipe();
    }
}

/// The caller's buffer; `None` only once it was given back, as what wipes itself can't be taken apart.
struct Store<B>(Option<B>);

impl<B: AsRef<[u8]> + AsMut<[u8]>> Store<B> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], AsRef::as_ref)
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut().map_or(&mut [], AsMut::as_mut)
    }
}

/// A memset that is not optimised away: `Zeroize` writes byte by byte, which takes twenty times as long.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// `tls_out`: sealed records, taken by the transport from the front.
pub(crate) struct TlsOutBuf<B> {
    store: B,
    start: usize,
    end: usize,
    /// Bytes taken since the connection began: where the front stands in the stream.
    taken: u64,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> TlsOutBuf<B> {
    pub(crate) fn new(store: B) -> Self {
        Self { store, start: 0, end: 0, taken: 0 }
    }

    /// Gives the buffer back.
    pub(crate) fn into_store(self) -> B {
        self.store
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.store.as_ref()[self.start..self.end]
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Free bytes, wherever they are.
    pub(crate) fn room(&self) -> usize {
        self.store.as_ref().len() - self.len()
    }

    /// The free space, in one piece of at least `needed` bytes if there is that much.
    pub(crate) fn space(&mut self, needed: usize) -> &mut [u8] {
        if self.start > 0 && self.store.as_ref().len() - self.end < needed {
            self.store.as_mut().copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.store.as_mut()[self.end..]
    }

    /// `n` bytes were put into the space.
    pub(crate) fn queued(&mut self, n: usize) {
        self.end += n;
    }

    /// The transport took `n` bytes.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
        self.taken += n as u64;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Where the end of the queue stands in the stream; see [`has_left`](Self::has_left).
    pub(crate) fn mark(&self) -> u64 {
        self.taken + self.len() as u64
    }

    /// Whether everything before `mark` was taken.
    pub(crate) fn has_left(&self, mark: u64) -> bool {
        self.taken >= mark
    }
}
