//! An HTTPS client.

use std::error::Error;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use wantls_tokio::TlsConnector;

type Sender = http1::SendRequest<Full<Bytes>>;

/// Opens a connection to `localhost` at an address.
pub(crate) async fn connect(
    address: SocketAddr,
    connector: &TlsConnector,
) -> Result<Sender, Box<dyn Error + Send + Sync>> {
    let socket = TcpStream::connect(address).await?;
    let stream = connector.connect("localhost".try_into()?, socket).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// One request on an open connection.
pub(crate) async fn request(
    sender: &mut Sender,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
    let request =
        Request::builder().method(method).uri(path).header("host", "localhost").body(Full::new(body))?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}
