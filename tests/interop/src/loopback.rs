//! Bulk data over loopback TCP, through the adapters and through their like for rustls, in turns.
//!
//! Both ends of a line live in one thread, so that what is timed is work and not waiting, and what disturbs the machine
//! disturbs both. A figure is the median of the rounds; a ratio is the median of the rounds' ratios.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{CipherSuite, ClientConnection, ServerConnection, StreamOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, ServerContext, Version};

use crate::case::Setup;
use crate::pki::{NAME, Pki};
use crate::{Result, config};

/// Bytes of a round.
const ROUND: usize = 8 << 20;

/// What fits into the sockets' buffers: a blocking sender must not wait for a receiver in its own thread.
const BURST: usize = 64 << 10;

/// Bytes of a write.
const SIZES: [usize; 3] = [1 << 10, 16 << 10, 64 << 10];

/// A comparison.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which crates.
    pub pair: &'static str,
    /// Bytes of a write.
    pub size: usize,
    /// Ours, in GB/s.
    pub ours: f64,
    /// Theirs.
    pub theirs: f64,
    /// How many times theirs ours is.
    pub ratio: f64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pair, size, ours, theirs, ratio } = self;
        write!(f, "{pair:40} {size:6} bytes  {ours:.2} : {theirs:.2} GB/s  ratio {ratio:.2}")
    }
}

/// Compares both adapters, in `rounds` rounds for each size of a write.
///
/// # Errors
/// A session that fails.
pub fn compare(rounds: usize) -> Result<Vec<Row>> {
    let ends = Ends::new()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for size in SIZES {
        let data = vec![7; size];
        let (mut ours, mut theirs) = (ends.blocking()?, ends.rustls()?);
        rows.push(Row::of("wantls-blocking : rustls::StreamOwned", size, rounds, |our| {
            if our { ours.carry(&data) } else { theirs.carry(&data) }
        })?);
        let (mut ours, mut theirs) =
            (runtime.block_on(ends.tokio())?, runtime.block_on(ends.tokio_rustls())?);
        rows.push(Row::of("wantls-tokio : tokio-rustls", size, rounds, |our| {
            if our { ours.carry_async(&runtime, &data) } else { theirs.carry_async(&runtime, &data) }
        })?);
    }
    Ok(rows)
}

impl Row {
    /// Rounds of `carry`, which is told whether it is our turn; one is to warm up.
    fn of(
        pair: &'static str,
        size: usize,
        rounds: usize,
        mut carry: impl FnMut(bool) -> Result<()>,
    ) -> Result<Self> {
        let mut timed = |our| -> Result<f64> {
            let begin = Instant::now();
            carry(our)?;
            Ok(begin.elapsed().as_secs_f64())
        };
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=rounds {
            let our_first = round % 2 == 0;
            let (first, second) = (timed(our_first)?, timed(!our_first)?);
            let (our, their) = if our_first { (first, second) } else { (second, first) };
            if round > 0 {
                ours.push(ROUND as f64 / our / 1e9);
                theirs.push(ROUND as f64 / their / 1e9);
                ratios.push(their / our);
            }
        }
        Ok(Self { pair, size, ours: median(ours), theirs: median(theirs), ratio: median(ratios) })
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// A sender and a receiver with a session between them.
struct Line<S, R> {
    sender: S,
    receiver: R,
    out: Vec<u8>,
}

impl<S, R> Line<S, R> {
    fn new(sender: S, receiver: R) -> Self {
        Self { sender, receiver, out: vec![0; BURST] }
    }
}

impl<S: Write, R: Read> Line<S, R> {
    fn carry(&mut self, data: &[u8]) -> Result<()> {
        let mut carried = 0;
        while carried < ROUND {
            for _ in 0..BURST / data.len() {
                self.sender.write_all(data)?;
            }
            self.sender.flush()?;
            let mut left = BURST;
            while left > 0 {
                left -= check(self.receiver.read(&mut self.out)?, left)?;
            }
            carried += BURST;
        }
        Ok(())
    }
}

impl<S: AsyncWrite + Unpin, R: AsyncRead + Unpin> Line<S, R> {
    fn carry_async(&mut self, runtime: &Runtime, data: &[u8]) -> Result<()> {
        let Self { sender, receiver, out } = self;
        let send = async {
            for _ in 0..ROUND / data.len() {
                sender.write_all(data).await?;
            }
            Ok(sender.flush().await?)
        };
        let receive = async {
            let mut left = ROUND;
            while left > 0 {
                left -= check(receiver.read(out).await?, left)?;
            }
            Ok(())
        };
        runtime.block_on(async { tokio::try_join!(send, receive) }).map(drop)
    }
}

/// `n`, if a receiver may have got so much.
fn check(n: usize, left: usize) -> Result<usize> {
    if (1..=left).contains(&n) { Ok(n) } else { Err(format!("{n} bytes came where {left} were left").into()) }
}

/// What makes sessions: TLS 1.3, AES-128-GCM.
struct Ends {
    client: Arc<rustls::ClientConfig>,
    server: Arc<rustls::ServerConfig>,
    our_client: ClientContext,
    our_server: ServerContext,
}

impl Ends {
    fn new() -> Result<Self> {
        let pki = Pki::new()?;
        let suite = Some(CipherSuite::TLS13_AES_128_GCM_SHA256);
        let setup = Setup { suite, ..Setup::plain(Version::Tls13) };
        let (client, server) = (config::client(&setup, &pki)?, config::server(&setup, &pki)?);
        Ok(Self {
            our_client: ClientContext::new(client.clone(), AwsLcRs)?,
            our_server: ServerContext::new(server.clone(), AwsLcRs)?,
            client: Arc::new(client),
            server: Arc::new(server),
        })
    }

    fn blocking(&self) -> Result<Line<impl Write + use<>, impl Read + use<>>> {
        let (a, b) = sockets()?;
        let mut client = wantls_blocking::Stream::new(self.our_client.connect(name()?, Buffers::heap())?, a);
        let mut server = wantls_blocking::Stream::new(self.our_server.accept(Buffers::heap())?, b);
        both(|| client.handshake(), || server.handshake())?;
        Ok(Line::new(client, server))
    }

    fn rustls(&self) -> Result<Line<impl Write + use<>, impl Read + use<>>> {
        let (a, b) = sockets()?;
        let mut client = StreamOwned::new(ClientConnection::new(self.client.clone(), name()?)?, a);
        let mut server = StreamOwned::new(ServerConnection::new(self.server.clone())?, b);
        let handshakes =
            (|| client.conn.complete_io(&mut client.sock), || server.conn.complete_io(&mut server.sock));
        both(handshakes.0, handshakes.1)?;
        Ok(Line::new(client, server))
    }

    async fn tokio(&self) -> Result<Line<impl AsyncWrite + Unpin + use<>, impl AsyncRead + Unpin + use<>>> {
        let (a, b) = async_sockets()?;
        let connector = wantls_tokio::TlsConnector::new(self.our_client.clone());
        let acceptor = wantls_tokio::TlsAcceptor::new(self.our_server.clone());
        let (client, server) = tokio::try_join!(connector.connect(name()?, a), acceptor.accept(b))?;
        Ok(Line::new(client, server))
    }

    async fn tokio_rustls(
        &self,
    ) -> Result<Line<impl AsyncWrite + Unpin + use<>, impl AsyncRead + Unpin + use<>>> {
        let (a, b) = async_sockets()?;
        let connector = tokio_rustls::TlsConnector::from(self.client.clone());
        let acceptor = tokio_rustls::TlsAcceptor::from(self.server.clone());
        let (client, server) = tokio::try_join!(connector.connect(name()?, a), acceptor.accept(b))?;
        Ok(Line::new(client, server))
    }
}

/// Runs the two ends of a handshake, each of which waits for the other.
fn both<A: Send, B: Send>(
    client: impl FnOnce() -> std::io::Result<A>,
    server: impl FnOnce() -> std::io::Result<B> + Send,
) -> Result<()> {
    thread::scope(|scope| {
        let serving = scope.spawn(server);
        client()?;
        serving.join().map_err(|_| "the server's thread panicked")??;
        Ok(())
    })
}

fn name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(NAME)?)
}

fn sockets() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
        // A receiver that waits for what was never sent is a fault to be seen.
        socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    }
    Ok((client, server))
}

fn async_sockets() -> Result<(tokio::net::TcpStream, tokio::net::TcpStream)> {
    let (client, server) = sockets()?;
    let asynchronous = |socket: TcpStream| {
        socket.set_nonblocking(true)?;
        tokio::net::TcpStream::from_std(socket)
    };
    Ok((asynchronous(client)?, asynchronous(server)?))
}
