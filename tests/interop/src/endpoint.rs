//! Our side of a session: wantls on a socket that never waits for ever.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Connection, Received, ServerContext, Shutdown, Step};
use wantls_transport::{Io, Stream, StreamError};

use crate::Result;
use crate::case::Setup;
use crate::config;
use crate::faulty::{Faults, Faulty};
use crate::peers::PATIENCE;
use crate::pki::Pki;

/// What a call of ours fails with.
pub type Failure = StreamError<std::io::Error>;

/// Where sessions begin, for one side of a setup.
#[derive(Debug)]
pub enum Entrance {
    /// We connect.
    Client(ClientContext, u16),
    /// We listen.
    Server(ServerContext, TcpListener),
}

impl Entrance {
    /// We connect to `port`.
    ///
    /// # Errors
    /// A setup that is refused.
    pub fn client(setup: &Setup, pki: &Pki, port: u16) -> Result<Self> {
        Ok(Self::Client(ClientContext::new(config::client(setup, pki)?, AwsLcRs)?, port))
    }

    /// We listen on `listener`.
    ///
    /// # Errors
    /// A setup that is refused.
    pub fn server(setup: &Setup, pki: &Pki, listener: TcpListener) -> Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self::Server(ServerContext::new(config::server(setup, pki)?, AwsLcRs)?, listener))
    }

    /// The next session; its handshake has not begun.
    ///
    /// # Errors
    /// Nobody is there in time.
    pub fn open(&self, setup: &Setup) -> Result<Endpoint> {
        let (tls, tcp) = match self {
            Self::Client(context, port) => {
                let tls = context.connect(ServerName::try_from(setup.name())?, Buffers::heap())?;
                (tls, in_time(|| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)))?)
            }
            Self::Server(context, listener) => {
                (context.accept(Buffers::heap())?, in_time(|| Ok(listener.accept()?.0))?)
            }
        };
        Endpoint::new(tls, tcp, setup)
    }
}

/// Tries again while the other side is not there yet.
fn in_time(mut attempt: impl FnMut() -> std::io::Result<TcpStream>) -> Result<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error)
                if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::WouldBlock)
                    && Instant::now() < deadline =>
            {
                thread::sleep(Duration::from_millis(2));
            }
            done => return done.map_err(|error| format!("no connection: {error}").into()),
        }
    }
}

/// A session of ours.
#[derive(Debug)]
pub struct Endpoint {
    stream: Stream<Io<Faulty<TcpStream>>, Box<[u8]>>,
    largest: usize,
}

impl Endpoint {
    fn new(tls: Connection<Box<[u8]>>, tcp: TcpStream, setup: &Setup) -> Result<Self> {
        tcp.set_nonblocking(false)?;
        tcp.set_nodelay(true)?;
        // What is not there by then does not come: the call then wants, and that is a failure.
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let wire = Faulty::new(tcp, Faults { most: setup.wire, ..Faults::NONE });
        Ok(Self { stream: Stream::new(tls, Io(wire)), largest: 0 })
    }

    /// The connection, for its questions.
    pub fn tls(&self) -> &Connection<Box<[u8]>> {
        self.stream.tls()
    }

    /// Bytes of the longest plaintext of a record that was received.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// Runs the handshake.
    ///
    /// # Errors
    /// It fails, or does not end.
    pub fn handshake(&mut self) -> std::result::Result<(), Failure> {
        done(self.stream.handshake()?)
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// It fails, or the peer does not take them.
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let n = done(self.stream.write(bytes)?)?;
            bytes = &bytes[n..];
        }
        Ok(done(self.stream.flush()?)?)
    }

    /// Receives at most `out.len()` bytes; 0 is the peer's close_notify.
    ///
    /// # Errors
    /// It fails, or nothing comes.
    pub fn receive(&mut self, out: &mut [u8]) -> std::result::Result<usize, Failure> {
        let plain = done(self.stream.fill_buf()?)?;
        let (len, n) = (plain.len(), plain.len().min(out.len()));
        out[..n].copy_from_slice(&plain[..n]);
        self.largest = self.largest.max(len);
        self.stream.consume(n)?;
        Ok(n)
    }

    /// Receives exactly `expected` next.
    ///
    /// # Errors
    /// Others come, or too few.
    pub fn expect(&mut self, expected: &[u8]) -> Result<()> {
        let mut buffer = vec![0; expected.len()];
        let mut got = 0;
        while got < buffer.len() {
            match self.receive(&mut buffer[got..])? {
                0 => return Err(format!("closed after {got} of {} bytes", buffer.len()).into()),
                n => got += n,
            }
        }
        if buffer == expected { Ok(()) } else { Err("we got other bytes than were sent".into()) }
    }

    /// Receives the peer's close_notify next.
    ///
    /// # Errors
    /// Something else comes, or nothing.
    pub fn expect_close(&mut self) -> Result<()> {
        match done(self.stream.read(&mut [0; 64])?)? {
            Received::Closed => Ok(()),
            Received::Data(n) => Err(format!("{n} bytes where close_notify was expected").into()),
        }
    }

    /// Sends close_notify.
    ///
    /// # Errors
    /// It fails.
    pub fn close(&mut self) -> Result<Shutdown> {
        Ok(done(self.stream.shutdown()?)?)
    }

    /// Changes our key, and asks the peer to change its own.
    ///
    /// # Errors
    /// It fails.
    pub fn update_key(&mut self) -> Result<()> {
        Ok(self.stream.key_update(true)?)
    }
}

/// A want on a blocking socket is a time that ran out.
fn done<T>(step: Step<T>) -> std::result::Result<T, Failure> {
    match step {
        Step::Done(result) => Ok(result),
        Step::Want(_) => Err(StreamError::Transport(ErrorKind::TimedOut.into())),
    }
}
