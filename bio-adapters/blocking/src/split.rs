//! One connection for two threads: a reader and a writer that wait for their transports without a lock.
//!
//! ```text
//!   ReadHalf ── reads into its own buffer ──▶ ┌─ lock ──────┐
//!                                             │ Connection  │
//!   WriteHalf ─────────── write ────────────▶ │ tls_out     │ ──▶ Outlet: buffer, transport
//!                                             └─────────────┘     (taken out of the lock to send)
//! ```
//! Whoever has something to send takes the [`Outlet`] and gives it back only in the same moment in which it sees
//! `tls_out` empty. A reader that finds it taken can leave its alert to the writer.

use alloc::boxed::Box;
use alloc::vec;
use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::net::TcpStream;

use wantls::buffers::TLS13_RECORD;
use wantls::{Connection, Received, Step};
use wantls_transport::io_error;

use crate::Duplex;
use crate::stream::with_slices;
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};

/// A transport that can be read by one thread and written by another.
pub trait Split {
    /// The reading side.
    type Reader: Read;
    /// The writing side.
    type Writer: Write;

    /// Makes two of one.
    ///
    /// # Errors
    /// The system's.
    fn split(self) -> Result<(Self::Reader, Self::Writer)>;
}

impl Split for TcpStream {
    type Reader = Self;
    type Writer = Self;

    fn split(self) -> Result<(Self, Self)> {
        Ok((self.try_clone()?, self))
    }
}

#[cfg(unix)]
impl Split for std::os::unix::net::UnixStream {
    type Reader = Self;
    type Writer = Self;

    fn split(self) -> Result<(Self, Self)> {
        Ok((self.try_clone()?, self))
    }
}

impl<R: Read, W: Write> Split for Duplex<R, W> {
    type Reader = R;
    type Writer = W;

    fn split(self) -> Result<(R, W)> {
        Ok((self.reader, self.writer))
    }
}

/// The reader of a split [`Stream`](crate::Stream). The errors are the stream's.
///
/// It sends only what reading causes, an alert, and only where the writer is not sending: then the writer sends it.
/// A KeyUpdate that the peer asked for goes out with the next write.
#[derive(Debug)]
pub struct ReadHalf<R, W, B: AsRef<[u8]> + AsMut<[u8]>> {
    shared: Arc<Shared<W, B>>,
    transport: R,
    buffer: Box<[u8]>,
}

/// The writer of a split [`Stream`](crate::Stream). The errors are the stream's.
#[derive(Debug)]
pub struct WriteHalf<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> {
    shared: Arc<Shared<W, B>>,
    /// A transport error that came after data was taken; the next call reports it.
    late: Option<Error>,
}

#[derive(Debug)]
struct Shared<W, B: AsRef<[u8]> + AsMut<[u8]>> {
    state: Mutex<State<W, B>>,
    outlet_is_back: Condvar,
}

#[derive(Debug)]
struct State<W, B: AsRef<[u8]> + AsMut<[u8]>> {
    tls: Connection<B>,
    /// `None` while someone sends.
    outlet: Option<Outlet<W>>,
}

/// The writing transport, and the bytes that have left `tls_out` for it.
#[derive(Debug)]
struct Outlet<W> {
    transport: W,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    unflushed: bool,
}

pub(crate) fn halves<R, W: Write, B: AsRef<[u8]> + AsMut<[u8]>>(
    tls: Connection<B>,
    reader: R,
    writer: W,
) -> (ReadHalf<R, W, B>, WriteHalf<W, B>) {
    let buffer = || vec![0; TLS13_RECORD].into_boxed_slice();
    // What the stream has sent before may not be flushed.
    let outlet = Outlet { transport: writer, buffer: buffer(), start: 0, end: 0, unflushed: true };
    let state = Mutex::new(State { tls, outlet: Some(outlet) });
    let shared = Arc::new(Shared { state, outlet_is_back: Condvar::new() });
    let reader = ReadHalf { shared: Arc::clone(&shared), transport: reader, buffer: buffer() };
    (reader, WriteHalf { shared, late: None })
}

impl<W, B: AsRef<[u8]> + AsMut<[u8]>> Shared<W, B> {
    /// A thread that panicked inside the connection may have left it half changed.
    fn lock(&self) -> Result<MutexGuard<'_, State<W, B>>> {
        self.state.lock().map_err(|_| Error::other("the other half panicked inside the connection"))
    }
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> Shared<W, B> {
    /// Sends until `tls_out` is empty, after whoever is sending now.
    fn send(&self) -> Result<()> {
        let mut state = self.lock()?;
        loop {
            if let Some(outlet) = state.outlet.take() {
                return self.send_with(state, outlet);
            }
            state = self.outlet_is_back.wait(state).map_err(|_| Error::other("the other half panicked"))?;
        }
    }

    /// Sends until `tls_out` is empty, unless someone does already.
    fn send_if_idle(&self) -> Result<()> {
        let mut state = self.lock()?;
        match state.outlet.take() {
            Some(outlet) => self.send_with(state, outlet),
            None => Ok(()),
        }
    }

    fn send_with<'a>(&'a self, mut state: MutexGuard<'a, State<W, B>>, outlet: Outlet<W>) -> Result<()> {
        let mut lease = Lease { shared: self, outlet: Some(outlet) };
        while let Some(outlet) = &mut lease.outlet {
            outlet.refill(&mut state.tls);
            if outlet.is_idle() {
                lease.give_back(&mut state);
                break;
            }
            drop(state);
            outlet.advance()?;
            state = self.lock()?;
        }
        Ok(())
    }
}

/// Holds the outlet; gives it back whatever happens, a panic of the transport included.
struct Lease<'a, W, B: AsRef<[u8]> + AsMut<[u8]>> {
    shared: &'a Shared<W, B>,
    outlet: Option<Outlet<W>>,
}

impl<W, B: AsRef<[u8]> + AsMut<[u8]>> Lease<'_, W, B> {
    fn give_back(&mut self, state: &mut State<W, B>) {
        if let Some(outlet) = self.outlet.take() {
            state.outlet = Some(outlet);
            self.shared.outlet_is_back.notify_all();
        }
    }
}

impl<W, B: AsRef<[u8]> + AsMut<[u8]>> Drop for Lease<'_, W, B> {
    fn drop(&mut self) {
        if self.outlet.is_some()
            && let Ok(mut state) = self.shared.state.lock()
        {
            self.give_back(&mut state);
        }
    }
}

impl<W: Write> Outlet<W> {
    /// Takes what is queued, once the buffer is empty.
    fn refill<B: AsRef<[u8]> + AsMut<[u8]>>(&mut self, tls: &mut Connection<B>) {
        if self.start < self.end {
            return;
        }
        let out = tls.tls_out();
        let n = out.bytes().len().min(self.buffer.len());
        self.buffer[..n].copy_from_slice(&out.bytes()[..n]);
        (self.start, self.end) = (0, n);
        // No more than was offered, so the grant can't refuse.
        let _ = out.consume(n);
    }

    fn is_idle(&self) -> bool {
        self.start == self.end && !self.unflushed
    }

    /// One call of the transport: sends, or flushes behind the last byte.
    fn advance(&mut self) -> Result<()> {
        let answer = if self.start < self.end {
            self.transport.write(&self.buffer[self.start..self.end])
        } else {
            self.transport.flush().map(|()| 0)
        };
        match answer {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
            Ok(0) if self.start < self.end => Err(ErrorKind::WriteZero.into()),
            Ok(n) => {
                self.unflushed = self.start < self.end;
                self.start += n.min(self.end - self.start);
                Ok(())
            }
        }
    }
}

impl<R, W, B: AsRef<[u8]> + AsMut<[u8]>> ReadHalf<R, W, B> {
    /// Asks the connection. Both halves wait meanwhile: be short.
    ///
    /// # Errors
    /// If the other half panicked inside the connection.
    pub fn with_tls<A>(&self, ask: impl FnOnce(&Connection<B>) -> A) -> Result<A> {
        Ok(ask(&self.shared.lock()?.tls))
    }

    /// The reading side of the transport.
    pub const fn get_ref(&self) -> &R {
        &self.transport
    }
}

impl<R: Read, W: Write, B: AsRef<[u8]> + AsMut<[u8]>> ReadHalf<R, W, B> {
    /// Receives once, without the lock.
    fn receive(&mut self) -> Result<()> {
        // The space can't shrink meanwhile: only this half fills it.
        let space = self.shared.lock()?.tls.tls_in().space().len().min(self.buffer.len());
        if space == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let n = loop {
            match self.transport.read(&mut self.buffer[..space]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                answer => break answer?.min(space),
            }
        };
        let mut state = self.shared.lock()?;
        if n == 0 {
            state.tls.tls_in_eof();
            return Ok(());
        }
        let mut grant = state.tls.tls_in();
        grant.space()[..n].copy_from_slice(&self.buffer[..n]);
        grant.commit(n).map_err(io_error)
    }
}

impl<R: Read, W: Write, B: AsRef<[u8]> + AsMut<[u8]>> Read for ReadHalf<R, W, B> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let (answer, queued) = {
                let mut state = self.shared.lock()?;
                let before = state.tls.pending().tls_out;
                let answer = state.tls.read(out);
                (answer, state.tls.pending().tls_out > before)
            };
            if queued {
                // The answer matters more than what becomes of an alert; the writer meets the same error.
                let _ = self.shared.send_if_idle();
            }
            match answer.map_err(io_error)? {
                Step::Done(Received::Data(n)) => return Ok(n.get()),
                Step::Done(Received::Closed) => return Ok(0),
                Step::Want(_) => self.receive()?,
            }
        }
    }
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> WriteHalf<W, B> {
    /// Asks the connection. Both halves wait meanwhile: be short.
    ///
    /// # Errors
    /// If the other half panicked inside the connection.
    pub fn with_tls<A>(&self, ask: impl FnOnce(&Connection<B>) -> A) -> Result<A> {
        Ok(ask(&self.shared.lock()?.tls))
    }

    /// Changes our write key, and asks the peer to change its own with `request_peer`: [`Connection::key_update`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] in TLS 1.2; the transport's.
    pub fn key_update(&mut self, request_peer: bool) -> Result<()> {
        self.report_late()?;
        self.shared.lock()?.tls.key_update(request_peer).map_err(io_error)?;
        self.shared.send()
    }

    /// Sends close_notify behind all that was written; the reader goes on. Can be repeated, after a timeout for
    /// instance.
    ///
    /// # Errors
    /// The error that ended the connection; the transport's.
    pub fn shutdown(&mut self) -> Result<()> {
        self.report_late()?;
        {
            let mut state = self.shared.lock()?;
            if state.tls.phase().can_write() {
                // It is queued now, and wants nothing but to be sent.
                let _ = state.tls.shutdown().map_err(io_error)?;
            }
        }
        self.shared.send()
    }

    fn report_late(&mut self) -> Result<()> {
        self.late.take().map_or(Ok(()), Err)
    }

    /// Writes by `call`, which the lock is held for, and sends without it.
    fn write_with(
        &mut self,
        mut call: impl FnMut(&mut Connection<B>) -> core::result::Result<Step<usize>, wantls::Error>,
    ) -> Result<usize> {
        self.report_late()?;
        loop {
            let answer = call(&mut self.shared.lock()?.tls);
            match answer {
                Ok(Step::Done(n)) => {
                    // The data is taken: an error must not take the count away. A timeout is none, the bytes stay.
                    self.late = self.shared.send().err().filter(|e| e.kind() != ErrorKind::WouldBlock);
                    return Ok(n);
                }
                Ok(Step::Want(_)) => self.shared.send()?,
                Err(error) => {
                    let _ = self.shared.send();
                    return Err(io_error(error));
                }
            }
        }
    }
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> Write for WriteHalf<W, B> {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        self.write_with(|tls| tls.write(data))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        with_slices(slices, |slices| self.write_with(|tls| tls.write_vectored(slices)))
    }

    fn flush(&mut self) -> Result<()> {
        self.report_late()?;
        self.shared.send()
    }
}
