//! Many client connections on one thread.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use wantls::buffers::{TLS13_RECORD, min_tls_out};
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Received, Step};
use wantls_nonblocking::Stream;

/// Handshakes that run at once.
const AT_ONCE: usize = 256;

/// See the server's.
const FRAGMENT: usize = 4096;

type Result<R> = core::result::Result<R, Box<dyn Error>>;

/// Connections to one server.
pub(crate) struct Load {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    context: ClientContext,
    streams: Vec<Stream<TcpStream>>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, authority: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.to_vec().into())?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.max_fragment_size = Some(FRAGMENT);
        let context = ClientContext::new(config, AwsLcRs)?;
        let events = Events::with_capacity(1024);
        Ok(Self { poll: Poll::new()?, events, address, context, streams: Vec::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// Opens so many connections and finishes their handshakes.
    pub(crate) fn open(&mut self, count: usize) -> Result<()> {
        while self.len() < count {
            let first = self.len();
            for _ in 0..AT_ONCE.min(count - first) {
                self.connect()?;
            }
            self.drive(first, |stream| Ok(stream.handshake()?.done().is_some()))?;
        }
        Ok(())
    }

    /// Sends a message on every connection, and counts those that get it back.
    pub(crate) fn echo_all(&mut self, message: &[u8]) -> Result<usize> {
        let mut progress = vec![(0, Vec::new()); self.len()];
        let mut buffer = [0; 1024];
        let mut done = 0;
        self.drive_indexed(0, |i, stream| {
            let (sent, back) = &mut progress[i];
            while *sent < message.len() {
                match stream.write(&message[*sent..])? {
                    Step::Done(n) => *sent += n,
                    Step::Want(_) => return Ok(false),
                }
            }
            while back.len() < message.len() {
                match stream.read(&mut buffer)? {
                    Step::Done(Received::Data(n)) => back.extend_from_slice(&buffer[..n.get()]),
                    Step::Done(Received::Closed) => return Ok(true),
                    Step::Want(_) => return Ok(false),
                }
            }
            done += usize::from(back == message);
            Ok(true)
        })?;
        Ok(done)
    }

    /// Closes every connection, and counts those whose server closed as well.
    pub(crate) fn close_all(&mut self) -> Result<usize> {
        let mut closed = 0;
        self.drive(0, |stream| {
            loop {
                match stream.shutdown()? {
                    Step::Done(wantls::Shutdown::Sent) => {}
                    Step::Done(wantls::Shutdown::Complete) => {
                        closed += 1;
                        return Ok(true);
                    }
                    Step::Want(_) => return Ok(false),
                }
            }
        })?;
        Ok(closed)
    }

    fn connect(&mut self) -> Result<()> {
        let socket = TcpStream::connect(self.address)?;
        let _ = socket.set_nodelay(true);
        let buffers = Buffers::heap_of(TLS13_RECORD, min_tls_out(Some(FRAGMENT)));
        let mut stream = Stream::new(self.context.connect("localhost".try_into()?, buffers)?, socket);
        let token = Token(self.len());
        stream.register(self.poll.registry(), token, Interest::READABLE | Interest::WRITABLE)?;
        self.streams.push(stream);
        Ok(())
    }

    fn drive(
        &mut self,
        first: usize,
        mut step: impl FnMut(&mut Stream<TcpStream>) -> Result<bool>,
    ) -> Result<()> {
        self.drive_indexed(first, |_, stream| step(stream))
    }

    /// Repeats `step` on the streams from `first` on, at their events, until it has said `true` for each.
    fn drive_indexed(
        &mut self,
        first: usize,
        mut step: impl FnMut(usize, &mut Stream<TcpStream>) -> Result<bool>,
    ) -> Result<()> {
        let mut done = vec![false; self.len()];
        let mut left = 0;
        for (i, stream) in self.streams.iter_mut().enumerate().skip(first) {
            done[i] = connected(stream.get_ref())? && step(i, stream)?;
            left += usize::from(!done[i]);
        }
        while left > 0 {
            match self.poll.poll(&mut self.events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                answer => answer?,
            }
            for event in &self.events {
                let Token(i) = event.token();
                if i >= first && !done[i] && connected(self.streams[i].get_ref())? {
                    done[i] = step(i, &mut self.streams[i])?;
                    left -= usize::from(done[i]);
                }
            }
        }
        Ok(())
    }
}

/// Whether the TCP connection is there: until then a write fails rather than blocks.
fn connected(socket: &TcpStream) -> Result<bool> {
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => {
            Ok(socket.take_error()?.map_or(Ok(false), Err)?)
        }
        Err(error) => Err(error.into()),
    }
}
