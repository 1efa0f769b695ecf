//! Writes whose data is made inside `tls_out`.

use wantls::{Connection, Error, Step};

use crate::{Stream, StreamError, Transport};

/// What a write from a source answers: the transport and the connection outside, the source inside.
pub type Filled<F, E> = Result<Step<Result<usize, F>>, StreamError<E>>;

impl<T: Transport, B: AsRef<[u8]> + AsMut<[u8]>> Stream<T, B> {
    /// Sends at most `len` bytes of what `fill` gives, as much as `tls_out` has room for, without a copy:
    /// [`Connection::plain_out`]. `fill(at, space)` puts what stands `at` bytes into the data to the front of `space`
    /// and says how many bytes; 0 is the end of the data.
    ///
    /// - `Done(Ok(n))`: the first `n` bytes were taken; 0 only at the end of the data, or for a `len` of 0;
    /// - `Done(Err(_))`: `fill` failed before anything was taken. A failure behind taken data is not told: a call for
    ///   the rest meets it again;
    /// - a want: nothing was taken, and any other call may follow.
    ///
    /// # Errors
    /// [`StreamError`]; [`wantls::Usage::GrantExceeded`] if `fill` claims more than the space has.
    pub fn write_from<F>(
        &mut self,
        len: usize,
        mut fill: impl FnMut(usize, &mut [u8]) -> Result<usize, F>,
    ) -> Filled<F, T::Error> {
        self.run(|tls| seal_from(tls, len, &mut fill))
    }

    /// [`write_from`](Self::write_from) again and again until all is sent. A count that is short of `len` means the end
    /// of the data, or that something has stopped it: a call for the rest tells, and loses nothing.
    ///
    /// # Errors
    /// As [`write_from`](Self::write_from), where nothing was taken.
    pub fn write_all_from<F>(
        &mut self,
        len: usize,
        mut fill: impl FnMut(usize, &mut [u8]) -> Result<usize, F>,
    ) -> Filled<F, T::Error> {
        let mut taken = 0;
        loop {
            match self.write_from(len - taken, |at, space| fill(taken + at, space)) {
                Ok(Step::Done(Ok(n))) => {
                    taken += n;
                    if n == 0 || taken == len {
                        break;
                    }
                }
                answer if taken == 0 => return answer,
                Err(StreamError::Transport(error)) => {
                    self.put_late(error);
                    break;
                }
                // A repeated call meets these again.
                Ok(_) | Err(StreamError::Tls(_)) => break,
            }
        }
        Ok(Step::Done(Ok(taken)))
    }
}

/// Seals at most `len` bytes of what `fill` gives into `tls_out`, as much as it has room for: what
/// [`Stream::write_from`] does before it sends. The answers are the same.
///
/// # Errors
/// As [`Connection::plain_out`]; [`wantls::Usage::GrantExceeded`] if `fill` claims more than the space has.
pub fn seal_from<F, B: AsRef<[u8]> + AsMut<[u8]>>(
    tls: &mut Connection<B>,
    len: usize,
    mut fill: impl FnMut(usize, &mut [u8]) -> Result<usize, F>,
) -> Result<Step<Result<usize, F>>, Error> {
    let mut taken = 0;
    loop {
        let n = match seal_record(tls, len - taken, |space| fill(taken, space)) {
            Ok(Step::Done(Ok(n))) => n,
            answer if taken == 0 => return answer,
            // What was taken is told first; the next call meets this again.
            _ => 0,
        };
        taken += n;
        if n == 0 || taken == len {
            return Ok(Step::Done(Ok(taken)));
        }
    }
}

/// Seals one record of what `fill` gives.
fn seal_record<F, B: AsRef<[u8]> + AsMut<[u8]>>(
    tls: &mut Connection<B>,
    most: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<usize, F>,
) -> Result<Step<Result<usize, F>>, Error> {
    let mut grant = match tls.plain_out(most)? {
        Step::Done(grant) => grant,
        Step::Want(want) => return Ok(Step::Want(want)),
    };
    if most == 0 {
        return Ok(Step::Done(Ok(0)));
    }
    match fill(grant.space()) {
        Ok(n) => grant.seal(n).map(|n| Step::Done(Ok(n))),
        Err(error) => Ok(Step::Done(Err(error))),
    }
}
