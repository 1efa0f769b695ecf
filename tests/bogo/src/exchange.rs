//! What is said on a connection.

use std::io;

use wantls::{Received, Shutdown, Step, Want};
use wantls_transport::{Stream, StreamError};

use crate::config::{Shared, Tls};
use crate::expect;
use crate::failure::Failure;
use crate::flags::Options;
use crate::wire::Wire;

type TlsStream = Stream<Wire, Box<[u8]>>;
type Answer<R> = Result<Step<R>, StreamError<io::Error>>;

/// What `-shim-writes-first` writes.
const INITIAL_WRITE: &[u8] = b"hello";

/// What a read takes where the flags don't say: less than a record, so that one takes several reads.
const READ_SIZE: usize = 512;

/// What `-write-different-record-sizes` writes: around the limits of one and two records.
const RECORD_SIZES: [usize; 11] = [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769];

/// One connection with the runner.
pub(crate) struct Exchange<'a> {
    options: &'a Options,
    shared: &'a Shared,
    stream: TlsStream,
    is_resume: bool,
    /// The handshake's result was checked.
    checked: bool,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        options: &'a Options,
        shared: &'a Shared,
        tls: Tls,
        wire: Wire,
        is_resume: bool,
    ) -> Self {
        Self { options, shared, stream: Stream::new(tls, wire), is_resume, checked: false }
    }

    /// Speaks, and ends the connection in good order, whatever happened.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let outcome = self.speak();
        // What is queued goes out: an alert above all.
        self.stream.transport_mut().release_writes();
        let _ = self.flush();
        self.stream.transport_mut().linger();
        outcome
    }

    fn speak(&mut self) -> Result<(), Failure> {
        if !self.options.implicit_handshake {
            self.handshake()?;
        }
        if let Some(material) = self.exported()? {
            self.write_all(&material)?;
        }
        if self.options.write_different_record_sizes {
            let data = vec![0x42; RECORD_SIZES[RECORD_SIZES.len() - 1]];
            RECORD_SIZES.iter().try_for_each(|&len| self.write_all(&data[..len]))?;
        } else {
            let unfinished = self.initial_write()?;
            self.echo(unfinished)?;
        }
        self.shut_down()?;
        expect::stored_sessions(self.options, self.shared, self.stream.tls().session())
    }

    fn handshake(&mut self) -> Result<(), Failure> {
        self.settle(Stream::handshake)?;
        self.flush()?;
        self.check_handshake()?;
        if self.options.handshake_twice {
            self.settle(Stream::handshake)?;
        }
        if self.options.no_op_extra_handshake {
            let step = self.stream.handshake()?;
            let queued = self.stream.tls().pending().tls_out;
            if step != Step::Done(()) || queued > 0 {
                return Err(Failure::other(format!("an extra handshake: {step:?}, {queued} bytes queued")));
            }
        }
        Ok(())
    }

    /// Checks the handshake once it is done.
    fn check_handshake(&mut self) -> Result<(), Failure> {
        match self.stream.tls().session() {
            Some(session) if !self.checked => {
                self.checked = true;
                expect::handshake(self.options, self.shared, session, self.is_resume)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn exported(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if self.options.export.is_none() {
            return Ok(None);
        }
        let (label, context) = (&self.options.export_label, self.options.export_context());
        let session = self.stream.tls().session();
        let material = session.and_then(|session| session.exported(label, context));
        material.map(|m| Some(m.to_vec())).ok_or_else(|| Failure::other("no keying material"))
    }

    /// Writes first, if that is asked for. `true`: the write is left unfinished.
    fn initial_write(&mut self) -> Result<bool, Failure> {
        if self.options.read_with_unfinished_write {
            if !self.stream.transport_mut().hold_writes_after_a_byte() {
                return Err(Failure::Unimplemented("-read-with-unfinished-write without -async".into()));
            }
            let step = self.stream.write(INITIAL_WRITE)?;
            return match step.want() {
                Some(Want::Write) => Ok(true),
                _ => Err(Failure::other(format!("a write of which one byte left: {step:?}"))),
            };
        }
        if self.options.shim_writes_first {
            self.write_all(INITIAL_WRITE)?;
        }
        Ok(false)
    }

    /// Sends back each byte XOR 0xff, until the runner ends.
    fn echo(&mut self, mut unfinished_write: bool) -> Result<(), Failure> {
        if self.options.shim_shuts_down {
            return Ok(());
        }
        let mut buffer = vec![0; self.options.read_size.unwrap_or(READ_SIZE)];
        loop {
            if self.options.key_update_before_read {
                self.key_update()?;
            }
            let Some(n) = self.read(&mut buffer)? else { return Ok(()) };
            self.check_handshake()?;
            if std::mem::take(&mut unfinished_write) {
                self.stream.transport_mut().release_writes();
                self.write_all(INITIAL_WRITE)?;
            }
            if self.options.key_update {
                self.key_update()?;
            }
            buffer[..n].iter_mut().for_each(|byte| *byte ^= 0xff);
            self.write_all(&buffer[..n])?;
        }
    }

    fn key_update(&mut self) -> Result<(), Failure> {
        self.stream.key_update(false)?;
        self.flush()
    }

    /// Reads once; `None`: the runner has closed.
    fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        if !self.options.peek_then_read {
            return match self.settle(|stream| stream.read(buffer))? {
                Received::Data(n) => Ok(Some(n.get())),
                Received::Closed => self.still_closed(Stream::read),
            };
        }
        let n = match self.settle(|stream| stream.peek(buffer))? {
            Received::Data(n) => n.get(),
            Received::Closed => return self.still_closed(Stream::peek),
        };
        // Now both have to give the same bytes at once.
        for call in [Stream::peek, Stream::read] {
            let mut again = vec![0; n];
            let step = call(&mut self.stream, &mut again)?;
            let same = matches!(step, Step::Done(Received::Data(m)) if m.get() == n) && again == buffer[..n];
            if !same {
                return Err(Failure::other(format!("after a peek of {n} bytes: {step:?}")));
            }
        }
        Ok(Some(n))
    }

    /// The end that a read or peek has seen is seen again.
    fn still_closed(
        &mut self,
        call: impl FnOnce(&mut TlsStream, &mut [u8]) -> Answer<Received>,
    ) -> Result<Option<usize>, Failure> {
        match call(&mut self.stream, &mut [0; READ_SIZE]) {
            Ok(Step::Done(Received::Closed)) => Ok(None),
            other => Err(Failure::NotSticky(format!("Closed, then {other:?}"))),
        }
    }

    fn write_all(&mut self, data: &[u8]) -> Result<(), Failure> {
        let mut rest = data;
        loop {
            let n = self.settle(|stream| stream.write(rest))?;
            rest = &rest[n..];
            if rest.is_empty() {
                return self.check_handshake();
            }
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.settle(Stream::flush)
    }

    /// Closes where that is asked for. Otherwise the process just goes, as BoringSSL's shim does.
    fn shut_down(&mut self) -> Result<(), Failure> {
        if !self.options.shim_shuts_down && !self.options.check_close_notify {
            return Ok(());
        }
        let mut got = self.shutdown_once(if self.options.shim_shuts_down { 0 } else { 1 })?;
        if self.options.shim_shuts_down {
            if got != 0 {
                return Err(Failure::Shutdown { got, wanted: 0, error: None });
            }
            if !self.options.check_close_notify {
                return Ok(());
            }
            got = self.shutdown_once(1)?;
        }
        if got == 1 { Ok(()) } else { Err(Failure::Shutdown { got, wanted: 1, error: None }) }
    }

    /// One shutdown call as OpenSSL answers it: 0 for sent, 1 for both ways.
    fn shutdown_once(&mut self, wanted: i8) -> Result<i8, Failure> {
        match self.settle(Stream::shutdown) {
            Ok(Shutdown::Sent) => Ok(0),
            Ok(Shutdown::Complete) => Ok(1),
            Err(Failure::Tls(error)) => Err(Failure::Shutdown { got: -1, wanted, error: Some(error) }),
            Err(failure) => Err(failure),
        }
    }

    /// Repeats `call` until it is done, and lets a byte through before each repetition. A call that fails is repeated
    /// once more and has to fail alike: errors are sticky.
    fn settle<R: std::fmt::Debug>(
        &mut self,
        mut call: impl FnMut(&mut TlsStream) -> Answer<R>,
    ) -> Result<R, Failure> {
        loop {
            match call(&mut self.stream) {
                Ok(Step::Done(result)) => return Ok(result),
                Ok(Step::Want(want)) => {
                    if !self.stream.transport_mut().retry() {
                        return Err(Failure::other(format!("{want:?} is wanted, and nothing waits for it")));
                    }
                }
                Err(StreamError::Tls(error)) => {
                    // By their texts: rustls's errors of others' making are never equal.
                    let (first, second) =
                        (format!("{:?}", StreamError::<()>::Tls(error.clone())), call(&mut self.stream));
                    return Err(match second {
                        Err(second) if format!("{second:?}") == first => Failure::Tls(error),
                        second => Failure::NotSticky(format!("{first}, then {second:?}")),
                    });
                }
                Err(StreamError::Transport(error)) => return Err(Failure::Socket(error)),
            }
        }
    }
}
