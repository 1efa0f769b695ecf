//! One write that can't be retried wrongly.

use core::fmt;

use crate::connection::Connection;
use crate::error::{Error, RetryFault, Usage};
use crate::step::{Step, Want};
use crate::write::WriteMode;

/// One write, from its first call to its end, in either [`WriteMode`].
///
/// `SSL_write(3)` wants a call that stopped to be repeated with the same arguments. This is that call as a value: it
/// borrows the data once, and [`advance`](Self::advance) repeats it. What `SSL_write` can only refuse at run time, a
/// retry that is shorter, comes from elsewhere or was changed in between, can't be written down:
///
/// ```compile_fail,E0506
/// # fn f<B: AsRef<[u8]> + AsMut<[u8]>>(tls: &mut wantls::Connection<B>) -> Result<(), wantls::Error> {
/// let mut data = [1; 1000];
/// let mut op = wantls::WriteOp::new(&data);
/// let _ = op.advance(tls)?;
/// data[0] = 2; // the write is not over: its data is still borrowed
/// let _ = op.advance(tls)?;
/// # Ok(()) }
/// ```
///
/// ```compile_fail,E0061
/// # fn f<B: AsRef<[u8]> + AsMut<[u8]>>(tls: &mut wantls::Connection<B>) -> Result<(), wantls::Error> {
/// let mut op = wantls::WriteOp::new(b"hello, world");
/// let _ = op.advance(tls)?;
/// let _ = op.advance(tls, b"hello")?; // there is no other data to give
/// # Ok(()) }
/// ```
///
/// ```compile_fail,E0505
/// # fn f<B: AsRef<[u8]> + AsMut<[u8]>>(tls: &mut wantls::Connection<B>) -> Result<(), wantls::Error> {
/// let data = vec![1; 1000];
/// let mut op = wantls::WriteOp::new(&data);
/// let _ = op.advance(tls)?;
/// drop(data); // nor can it go away
/// let _ = op.advance(tls)?;
/// # Ok(()) }
/// ```
///
/// A step that is ignored is a warning; with the lint denied, an error:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # fn f<B: AsRef<[u8]> + AsMut<[u8]>>(tls: &mut wantls::Connection<B>) -> Result<(), wantls::Error> {
/// let mut op = wantls::WriteOp::new(b"hello, world");
/// op.advance(tls)?; // done, or does it want something?
/// # Ok(()) }
/// ```
///
/// What works:
///
/// ```
/// # use wantls::{Connection, Error, Step, WriteOp};
/// fn send<B: AsRef<[u8]> + AsMut<[u8]>>(
///     tls: &mut Connection<B>,
///     data: &[u8],
///     mut serve: impl FnMut(&mut Connection<B>),
/// ) -> Result<(), Error> {
///     let mut op = WriteOp::new(data);
///     while let Step::Want(_) = op.advance(tls)? {
///         serve(tls); // move bytes between tls and its transport
///     }
///     Ok(())
/// }
/// ```
///
/// # Stopping half-way
///
/// Dropping it loses and repeats nothing: the first [`committed`](Self::committed) bytes are sealed and will arrive,
/// the others were not touched, and nothing binds the next write. Drive it with one connection only.
#[must_use = "nothing is written before advance is called"]
#[derive(Clone)]
pub struct WriteOp<'a> {
    data: &'a [u8],
    /// Bytes of it that are sealed.
    committed: usize,
    /// Where the last sealed record ends in the stream of `tls_out`.
    mark: u64,
}

impl<'a> WriteOp<'a> {
    /// A write of all of `data`; nothing happens yet.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, committed: 0, mark: 0 }
    }

    /// Goes on with the write, as far as `tls_out` has room: as [`Connection::write`], the handshake and a due
    /// KeyUpdate come first.
    ///
    /// - `Done(n)`: all `n` bytes of the data were taken; in [`WriteMode::Whole`] they have also left `tls_out`. The
    ///   same from then on;
    /// - a want: serve it, and call again.
    ///
    /// # Errors
    /// As [`Connection::write`]; [`Usage::BadWriteRetry`] while a [`Connection::write`] in [`WriteMode::Whole`] is
    /// unfinished, as its rest would come behind this data: finish that one first.
    pub fn advance<B>(&mut self, tls: &mut Connection<B>) -> Result<Step<usize>, Error>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
    {
        while !self.is_sealed() {
            if let Step::Want(want) = self.seal(tls)? {
                return Ok(Step::Want(want));
            }
            if self.data.is_empty() {
                break;
            }
        }
        let waits = matches!(tls.mode, WriteMode::Whole { .. }) && !tls.output.has_left(self.mark);
        Ok(if waits { Step::Want(Want::Write) } else { Step::Done(self.data.len()) })
    }

    /// Bytes of the data, from its beginning, that are sealed and will arrive whatever becomes of this value.
    #[must_use]
    pub const fn committed(&self) -> usize {
        self.committed
    }

    /// The rest of the data, which is not sealed yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.committed..]
    }

    /// An empty write never is: it still has the handshake to run.
    fn is_sealed(&self) -> bool {
        !self.data.is_empty() && self.committed == self.data.len()
    }

    fn seal<B>(&mut self, tls: &mut Connection<B>) -> Result<Step<()>, Error>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
    {
        tls.check_fault()?;
        match tls.committed() {
            0 => {}
            committed => return Err(Usage::BadWriteRetry { committed, fault: RetryFault::Moved }.into()),
        }
        let step = tls.write_accept(&[self.rest()])?;
        Ok(step.map(|n| {
            self.committed += n;
            self.mark = tls.output.mark();
        }))
    }
}

/// Without the data, which is the application's plaintext.
impl fmt::Debug for WriteOp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOp")
            .field("len", &self.data.len())
            .field("committed", &self.committed)
            .finish_non_exhaustive()
    }
}
