//! `SSL_sendfile(3)`, on any kernel.

use std::fs::File;

use wantls::Step;
use wantls_transport::{Transport, read_at, seal_from};

use crate::{Failure, Reason, Ssl, Wanting};

impl<T: Transport> Ssl<T> {
    /// `SSL_sendfile(3)`: sends at most `size` bytes of `file` from byte `offset` on, without a copy in between: the file
    /// is read into the outgoing buffer and sealed there. OpenSSL can do it with kernel TLS only, and answers -1 with
    /// [`Reason::UNINITIALIZED`] without (F4); here the kernel does not matter, and the answers are those that OpenSSL
    /// gives with it (F5):
    ///
    /// - Positive: so many bytes were taken, whatever the modes. Fewer than `size` mean the end of the file, or that
    ///   something stopped the call, most often a full transport: call again for the rest, and the answer tells. Where
    ///   the transport took less than that, the rest of the records goes out with the next calls, as the rest that
    ///   `sendfile(2)` leaves in the socket's buffer does.
    /// - 0: the end of the file, or a `size` of 0. A success, although [`get_error`](Self::get_error) has no code for it.
    /// - -1 with [`WantWrite`](crate::ErrorCode::WantWrite): the transport takes nothing. Nothing was taken either and
    ///   nothing is remembered: the next call may have other arguments, or be another call.
    /// - -1 with [`Syscall`](crate::ErrorCode::Syscall): the file could not be read, see [`Failure::File`]; or the
    ///   transport failed. The connection is as it was.
    /// - -1 with [`Ssl`](crate::ErrorCode::Ssl): [`Reason::PROTOCOL_IS_SHUTDOWN`] after our close_notify;
    ///   [`Reason::UNINITIALIZED`] without a role, or before the handshake has finished, which this call does not drive
    ///   (F4); [`Reason::BAD_WRITE_RETRY`] while a write is unfinished, as its rest would come behind the file: finish
    ///   that one first. With kernel TLS OpenSSL does not check that, and puts the file in between.
    ///
    /// `flags` has no effect, as on Linux. The position of `file` is not used; on Windows it moves. A KeyUpdate that is
    /// due leaves first, as in front of a [`write`](Self::write).
    pub fn sendfile(&mut self, file: &File, offset: u64, size: usize, flags: i32) -> isize {
        let _ = flags;
        self.clear_error();
        let size = size.min(isize::MAX as usize);
        match self.send_file(file, offset, size) {
            // No more than `size`.
            Ok(n) => isize::try_from(n).unwrap_or(isize::MAX),
            Err(ret) => ret as isize,
        }
    }

    fn send_file(&mut self, file: &File, offset: u64, size: usize) -> Result<usize, i32> {
        self.check_usable()?;
        self.check_open()?;
        if !self.connected {
            return Err(self.refuse(Reason::UNINITIALIZED, -1));
        }
        if self.committed() > 0 {
            return Err(self.refuse(Reason::BAD_WRITE_RETRY, -1));
        }
        self.want = Wanting::Nothing;
        if self.peer_wants_key_update() {
            self.owes_key_update = true;
        }
        self.run_engine()?;
        let mut taken = 0;
        loop {
            match self.send_part(file, offset.saturating_add(taken as u64), size - taken) {
                Ok(n) => {
                    taken += n;
                    if n == 0 || taken == size {
                        break;
                    }
                }
                Err(ret) if taken == 0 => return Err(ret),
                // What was taken is told first. A call for the rest meets the error again.
                Err(_) => break,
            }
        }
        let _ = self.flush();
        self.clear_error();
        self.want = Wanting::Nothing;
        Ok(taken)
    }

    /// Sends what is queued, and seals as much of the file as there is room for.
    fn send_part(&mut self, file: &File, offset: u64, size: usize) -> Result<usize, i32> {
        loop {
            self.flush()?;
            let read = |at: usize, space: &mut [u8]| read_at(file, offset.saturating_add(at as u64), space);
            match seal_from(self.parts()?.0, size, read) {
                Ok(Step::Done(Ok(n))) => return Ok(n),
                Ok(Step::Done(Err(error))) => {
                    self.failure = Some(Failure::File(error.raw_os_error().unwrap_or(0)));
                    return Err(-1);
                }
                Ok(Step::Want(_)) => {}
                Err(error) => return Err(self.fail(error, -1)),
            }
        }
    }
}
