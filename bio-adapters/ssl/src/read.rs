//! `SSL_read(3)`, `SSL_peek(3)`.

use wantls::{Error, Received, Step, Usage};
use wantls_transport::Transport;

use crate::{Mode, Reason, ShutdownState, Ssl, Wanting};

/// What the read loop came to.
pub(crate) enum Found {
    Data,
    Closed,
}

/// Whether the data is used up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    Read,
    Peek,
}

impl<T: Transport> Ssl<T> {
    /// `SSL_read(3)`: reads into `buf`.
    ///
    /// - Positive: so many bytes, of one record at the most (R1). What was not taken is
    ///   [`pending`](Self::pending).
    /// - 0 with [`ZeroReturn`](crate::ErrorCode::ZeroReturn): the peer has closed its direction, now and from then on
    ///   (R8).
    /// - 0 with [`Ssl`](crate::ErrorCode::Ssl): the transport ended without a close_notify
    ///   ([`Reason::UNEXPECTED_EOF_WHILE_READING`], R9), or the peer sent a fatal alert ([`Reason::alert`], R10).
    /// - -1 with [`WantRead`](crate::ErrorCode::WantRead): nothing to read. What there was of a record was taken from
    ///   the transport (R4), and no more than that record. Without [`Mode::AUTO_RETRY`] also after each message that
    ///   is not application data, although there may be more (R16).
    /// - -1 with [`WantWrite`](crate::ErrorCode::WantWrite): only in the handshake.
    /// - 0 with [`Syscall`](crate::ErrorCode::Syscall): `buf` is empty and data waits (R3).
    ///
    /// A retry may change every argument (R5).
    pub fn read(&mut self, buf: &mut [u8]) -> i32 {
        // What is longer than any length of C can't be filled by one record either.
        let num = i32::try_from(buf.len()).unwrap_or(i32::MAX);
        self.read_num(buf, num)
    }

    /// [`read`](Self::read) into the first `num` bytes, a signed length as in C. A negative one, or one beyond `buf`,
    /// is refused with [`Reason::BAD_LENGTH`] before anything else (R2).
    pub fn read_num(&mut self, buf: &mut [u8], num: i32) -> i32 {
        self.take_num(buf, num, Take::Read)
    }

    /// `SSL_read_ex(3)`: as [`read`](Self::read), but 1 with the count in `read`, or 0 with `read` untouched.
    pub fn read_ex(&mut self, buf: &mut [u8], read: &mut usize) -> i32 {
        self.take_ex(buf, read, Take::Read)
    }

    /// `SSL_peek(3)`: as [`read`](Self::read), but the data stays (R6).
    pub fn peek(&mut self, buf: &mut [u8]) -> i32 {
        let num = i32::try_from(buf.len()).unwrap_or(i32::MAX);
        self.peek_num(buf, num)
    }

    /// [`peek`](Self::peek) into the first `num` bytes, as [`read_num`](Self::read_num).
    pub fn peek_num(&mut self, buf: &mut [u8], num: i32) -> i32 {
        self.take_num(buf, num, Take::Peek)
    }

    /// `SSL_peek_ex(3)`: as [`read_ex`](Self::read_ex), but the data stays (R6).
    pub fn peek_ex(&mut self, buf: &mut [u8], read: &mut usize) -> i32 {
        self.take_ex(buf, read, Take::Peek)
    }

    /// `SSL_pending(3)`: bytes that can be read without the transport: the rest of the record opened last (R7).
    #[must_use]
    pub fn pending(&self) -> i32 {
        let plaintext = self.tls.as_ref().map_or(0, |tls| tls.pending().plaintext);
        i32::try_from(plaintext).unwrap_or(i32::MAX)
    }

    /// `SSL_has_pending(3)`: whether bytes were taken from the transport that have not been read: 1 or 0.
    ///
    /// As in OpenSSL it is 0 where exactly a record's header has been taken (R7), and stays 1 after the close_notify of
    /// TLS 1.3.
    #[must_use]
    pub fn has_pending(&self) -> i32 {
        let Some(tls) = &self.tls else { return 0 };
        let pending = tls.pending();
        let part_of_record = !matches!(pending.tls_in, 0 | HEADER_LEN);
        i32::from(pending.plaintext > 0 || part_of_record || self.keeps_close_notify)
    }

    fn take_num(&mut self, buf: &mut [u8], num: i32, take: Take) -> i32 {
        self.clear_error();
        let out = usize::try_from(num).ok().and_then(|len| buf.get_mut(..len));
        let Some(out) = out else { return self.refuse(Reason::BAD_LENGTH, -1) };
        match self.take(out, take) {
            Ok(n) => i32::try_from(n).unwrap_or(i32::MAX),
            Err(ret) => ret,
        }
    }

    fn take_ex(&mut self, buf: &mut [u8], read: &mut usize, take: Take) -> i32 {
        self.clear_error();
        match self.take(buf, take) {
            Ok(n) => {
                *read = n;
                1
            }
            Err(_) => 0,
        }
    }

    fn take(&mut self, out: &mut [u8], take: Take) -> Result<usize, i32> {
        self.check_usable()?;
        if self.shutdown.contains(ShutdownState::RECEIVED) {
            // A peek that is refused leaves even this alone (E6).
            if take == Take::Read {
                self.want = Wanting::Nothing;
            }
            return Err(0);
        }
        match self.next_data()? {
            Found::Closed => Err(0),
            Found::Data => match self.copy(out, take) {
                Ok(Step::Done(Received::Data(n))) => Ok(n.get()),
                Ok(_) | Err(Error::Usage(Usage::EmptyBuffer)) => Err(0),
                Err(error) => Err(self.fail(error, -1)),
            },
        }
    }

    fn copy(&mut self, out: &mut [u8], take: Take) -> Result<Step<Received>, Error> {
        // There is one, or there would be no data.
        let Some(tls) = &mut self.tls else { return Err(Usage::HandshakeNotFinished.into()) };
        match take {
            Take::Read => tls.read(out),
            Take::Peek => tls.peek(out),
        }
    }

    /// Takes records from the transport, one by one, until there is data or the peer has closed.
    ///
    /// The handshake comes first; after it no reading waits for what we have to send.
    pub(crate) fn next_data(&mut self) -> Result<Found, i32> {
        if !self.connected {
            self.run_engine()?;
        }
        self.offer_replies();
        loop {
            self.want = Wanting::Nothing;
            let tls = self.parts()?.0;
            let messages = tls.post_handshake_messages();
            let found = tls.fill_buf().map(|step| step.map(<[u8]>::len));
            let processed_message = tls.post_handshake_messages() != messages;
            match found {
                Ok(Step::Done(0)) => return Ok(self.closed_by_peer()),
                Ok(Step::Done(_)) => return Ok(Found::Data),
                Ok(Step::Want(_)) => {}
                Err(error) => return Err(self.read_failed(error)),
            }
            if processed_message {
                self.offer_replies();
                if !self.mode.contains(Mode::AUTO_RETRY) {
                    return Err(self.pause());
                }
            }
            self.receive()?;
        }
    }

    fn closed_by_peer(&mut self) -> Found {
        self.shutdown = self.shutdown | ShutdownState::RECEIVED;
        self.keeps_close_notify = self.is_tls13() && !self.link.at_end;
        Found::Closed
    }

    /// What the other side ended is answered with 0, the rest with -1 (E3).
    fn read_failed(&mut self, error: Error) -> i32 {
        let ended = matches!(error, Error::Peer(_) | Error::Truncated);
        self.fail(error, if ended { 0 } else { -1 })
    }
}

/// Bytes of a record header.
const HEADER_LEN: usize = 5;
