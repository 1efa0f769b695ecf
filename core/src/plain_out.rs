//! Application data that is produced where it is sealed.

use crate::buffers::wipe;
use crate::connection::Connection;
use crate::error::{Error, RetryFault, Usage};
use crate::step::{Step, Want};

impl<B: AsRef<[u8]> + AsMut<[u8]>> Connection<B> {
    /// Grants space inside `tls_out` for the plaintext of one record, at most `most` bytes: read a file or a device
    /// right into it, then [`seal`](PlainOut::seal). As [`write`](Self::write) in
    /// [`WriteMode::Accept`](crate::WriteMode::Accept), whatever the mode, without the copy.
    ///
    /// - `Done(grant)`: its space has 1 to `most` bytes, no more than a record holds; none if `most` is 0;
    /// - `Want(Write)`: there is no room; drain `tls_out`;
    /// - `Want(Read)`: the handshake waits for the peer.
    ///
    /// Like `write` it first runs the handshake, and sends the KeyUpdate that is due. A want binds nothing: the next
    /// call may ask for another size, or be another call.
    ///
    /// # Errors
    /// As [`write`](Self::write). [`Usage::BadWriteRetry`] while a write in
    /// [`WriteMode::Whole`](crate::WriteMode::Whole) is unfinished, as its rest would come behind this data: finish
    /// that one first.
    pub fn plain_out(&mut self, most: usize) -> Result<Step<PlainOut<'_, B>>, Error> {
        self.check_writable()?;
        match self.committed() {
            0 => {}
            committed => return Err(Usage::BadWriteRetry { committed, fault: RetryFault::Moved }.into()),
        }
        if let Step::Want(want) = self.before_write()? {
            return Ok(Step::Want(want));
        }
        self.send_due_warning()?;
        if most > 0 && !self.renew_write_key()? {
            return Ok(Step::Want(Want::Write));
        }
        let len = self.fragment_len(most);
        if len == 0 && most > 0 {
            return Ok(Step::Want(Want::Write));
        }
        Ok(Step::Done(PlainOut { connection: self, len, dirty: 0 }))
    }
}

/// Space for the plaintext of one record, where it will be sealed. Dropping it changes nothing: no record is queued,
/// no sequence number used, and what was put there is wiped.
#[derive(Debug)]
pub struct PlainOut<'c, B: AsRef<[u8]> + AsMut<[u8]>> {
    connection: &'c mut Connection<B>,
    /// Bytes of plaintext that have room.
    len: usize,
    /// Bytes behind the queue that may hold plaintext.
    dirty: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> PlainOut<'_, B> {
    /// The space. What is in it before it is filled means nothing.
    pub fn space(&mut self) -> &mut [u8] {
        let (offset, overhead) = self.connection.record_layout();
        self.dirty = offset + self.len;
        &mut self.connection.output.space(self.len + overhead)[offset..][..self.len]
    }

    /// Seals the first `n` bytes of the space as one record, and queues it. 0: nothing is sealed.
    ///
    /// # Errors
    /// [`Usage::GrantExceeded`] if `n` is more than was offered; then nothing was sealed. [`Error::Crypto`] if the
    /// record crypto failed.
    pub fn seal(mut self, n: usize) -> Result<usize, Error> {
        if n > self.len {
            return Err(Usage::GrantExceeded { given: n, offered: self.len }.into());
        }
        if n > 0 {
            let queued = self.connection.seal_in_place(n, self.len)?;
            self.dirty = self.dirty.saturating_sub(queued);
        }
        Ok(n)
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Drop for PlainOut<'_, B> {
    /// Wipes the plaintext that was not sealed: `tls_out` holds no secrets otherwise.
    fn drop(&mut self) {
        let space = self.connection.output.space(0);
        // An alert may have taken the place of a record that could not be sealed.
        let dirty = self.dirty.min(space.len());
        wipe(&mut space[..dirty]);
    }
}
