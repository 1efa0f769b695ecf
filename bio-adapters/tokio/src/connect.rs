//! Connecting and accepting.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncWrite};
use wantls::rustls::pki_types::ServerName;
use wantls::{Buffers, BuildError, ClientContext, ServerContext};

use crate::TlsStream;

/// Opens client streams.
#[derive(Clone, Debug)]
pub struct TlsConnector {
    context: ClientContext,
}

impl TlsConnector {
    /// A connector for the connections of `context`.
    #[must_use]
    pub const fn new(context: ClientContext) -> Self {
        Self { context }
    }

    /// Connects to the server `name` over `io` and finishes the handshake, with buffers on the heap that take any
    /// record ([`Buffers::heap`]). Dropping the future drops `io`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with the [`BuildError`] inside if the context can't make the connection;
    /// [`TlsStream::handshake`]'s. `io` is dropped: [`TlsStream::new`] keeps it.
    pub async fn connect<IO>(&self, name: ServerName<'static>, io: IO) -> Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        self.connect_with(name, Buffers::heap(), io).await
    }

    /// [`connect`](Self::connect) with buffers of your own.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with<IO, B>(
        &self,
        name: ServerName<'static>,
        buffers: Buffers<B>,
        io: IO,
    ) -> Result<TlsStream<IO, B>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        B: AsRef<[u8]> + AsMut<[u8]> + Unpin,
    {
        let tls = self.context.connect(name, buffers).map_err(refused)?;
        let mut stream = TlsStream::new(tls, io);
        stream.handshake().await?;
        Ok(stream)
    }
}

impl From<ClientContext> for TlsConnector {
    fn from(context: ClientContext) -> Self {
        Self::new(context)
    }
}

/// Opens server streams.
#[derive(Clone, Debug)]
pub struct TlsAcceptor {
    context: ServerContext,
}

impl TlsAcceptor {
    /// An acceptor for the connections of `context`.
    #[must_use]
    pub const fn new(context: ServerContext) -> Self {
        Self { context }
    }

    /// Accepts the client at the other end of `io` and finishes the handshake, with buffers on the heap that take any
    /// record ([`Buffers::heap`]). Dropping the future drops `io`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with the [`BuildError`] inside if the context can't make the connection;
    /// [`TlsStream::handshake`]'s. `io` is dropped: [`TlsStream::new`] keeps it.
    pub async fn accept<IO>(&self, io: IO) -> Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        self.accept_with(Buffers::heap(), io).await
    }

    /// [`accept`](Self::accept) with buffers of your own.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn accept_with<IO, B>(&self, buffers: Buffers<B>, io: IO) -> Result<TlsStream<IO, B>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        B: AsRef<[u8]> + AsMut<[u8]> + Unpin,
    {
        let mut stream = TlsStream::new(self.context.accept(buffers).map_err(refused)?, io);
        stream.handshake().await?;
        Ok(stream)
    }
}

impl From<ServerContext> for TlsAcceptor {
    fn from(context: ServerContext) -> Self {
        Self::new(context)
    }
}

fn refused(error: BuildError) -> Error {
    Error::new(ErrorKind::InvalidInput, error)
}
