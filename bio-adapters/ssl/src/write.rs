//! `SSL_write(3)` and its family.

use wantls::{Step, WriteMode};
use wantls_transport::Transport;

use crate::{Mode, Reason, ShutdownState, Ssl, Wanting};

/// `SSL_WRITE_FLAG_CONCLUDE`: the end of a QUIC stream. TLS refuses it (F2).
pub const WRITE_FLAG_CONCLUDE: u64 = 1;

impl<T: Transport> Ssl<T> {
    /// `SSL_write(3)`: writes `buf` whole, or up to the end of a record with
    /// [`Mode::ENABLE_PARTIAL_WRITE`].
    ///
    /// - Positive: so many bytes were written and have left for the transport. Without partial writes it is always
    ///   `buf.len()` (W3).
    /// - -1 with [`WantWrite`](crate::ErrorCode::WantWrite): the transport is full, to the last byte (W8). Repeat the
    ///   call. What the first calls sealed stays as it was (W12). The retry may be longer (W10) but not shorter than
    ///   what is sealed (W9), and has to begin at the same address unless
    ///   [`Mode::ACCEPT_MOVING_WRITE_BUFFER`] is set (W11). Where the handshake or a KeyUpdate was what had to wait,
    ///   nothing was sealed and any retry is legal (W14).
    /// - -1 with [`WantRead`](crate::ErrorCode::WantRead): the handshake waits for the peer. After the handshake a
    ///   write never reads (W16).
    /// - 0: `buf` was empty and there was nothing to do for it; not a failure, although
    ///   [`get_error`](Self::get_error) has no code for it (W2). [`write_ex`](Self::write_ex) is clearer.
    ///
    /// In partial mode a call that begins with nothing sealed returns after one record; one that begins with a record
    /// waiting finishes it and tries exactly one more, and if that does not fit answers -1 although the first left
    /// (W15).
    ///
    /// A bad retry is refused with [`Reason::BAD_LENGTH`] or [`Reason::BAD_WRITE_RETRY`], and changes nothing: a
    /// correct one still succeeds, where OpenSSL has killed the connection.
    pub fn write(&mut self, buf: &[u8]) -> i32 {
        self.write_num(buf, i32::try_from(buf.len()).unwrap_or(-1))
    }

    /// [`write`](Self::write) of the first `num` bytes, a signed length as in C. A negative one, or one beyond `buf`,
    /// is refused with [`Reason::BAD_LENGTH`] before anything else (W1).
    pub fn write_num(&mut self, buf: &[u8], num: i32) -> i32 {
        self.clear_error();
        let data = usize::try_from(num).ok().and_then(|len| buf.get(..len));
        let Some(data) = data else { return self.refuse(Reason::BAD_LENGTH, -1) };
        match self.write_data(data, 0) {
            // No more than `num`.
            Ok(n) => i32::try_from(n).unwrap_or(i32::MAX),
            Err(ret) => ret,
        }
    }

    /// `SSL_write_ex(3)`: as [`write`](Self::write), but 1 with the count in `written`, or 0 with `written` untouched
    /// (W3). An empty `buf` is a success (W2).
    pub fn write_ex(&mut self, buf: &[u8], written: &mut usize) -> i32 {
        self.write_ex2(buf, 0, written)
    }

    /// `SSL_write_ex2(3)`: as [`write_ex`](Self::write_ex). TLS has no flags: any, [`WRITE_FLAG_CONCLUDE`] too, is
    /// refused with [`Reason::UNSUPPORTED_WRITE_FLAG`], before even a handshake is begun (F2).
    pub fn write_ex2(&mut self, buf: &[u8], flags: u64, written: &mut usize) -> i32 {
        self.clear_error();
        match self.write_data(buf, flags) {
            Ok(n) => {
                *written = n;
                1
            }
            Err(_) => 0,
        }
    }

    /// Bytes of an unfinished write that are sealed: what a retry has to begin with. OpenSSL does not tell.
    #[must_use]
    pub fn committed(&self) -> usize {
        self.tls.as_ref().map_or(0, |tls| tls.committed())
    }

    /// The checks in OpenSSL's order (1.2), then what has to leave first, then the data.
    fn write_data(&mut self, data: &[u8], flags: u64) -> Result<usize, i32> {
        self.check_usable()?;
        self.check_open()?;
        if flags != 0 {
            return Err(self.refuse(Reason::UNSUPPORTED_WRITE_FLAG, -1));
        }
        self.want = Wanting::Nothing;
        if self.committed() == 0 && self.peer_wants_key_update() {
            self.owes_key_update = true;
        }
        self.run_engine()?;
        self.push(data)
    }

    pub(crate) fn check_open(&mut self) -> Result<(), i32> {
        if self.shutdown.contains(ShutdownState::SENT) {
            self.want = Wanting::Nothing;
            return Err(self.refuse(Reason::PROTOCOL_IS_SHUTDOWN, -1));
        }
        Ok(())
    }

    fn push(&mut self, data: &[u8]) -> Result<usize, i32> {
        let partial = self.mode.contains(Mode::ENABLE_PARTIAL_WRITE);
        let moving = self.mode.contains(Mode::ACCEPT_MOVING_WRITE_BUFFER);
        let tls = self.parts()?.0;
        tls.set_write_mode(WriteMode::Whole { moving });
        let len = if partial { tls.partial_len(data.len()) } else { data.len() };
        loop {
            let step = self.parts()?.0.write(&data[..len]);
            match step {
                Ok(Step::Done(n)) => return Ok(n),
                Ok(Step::Want(_)) => self.flush()?,
                Err(error) => return Err(self.fail(error, -1)),
            }
        }
    }
}
