//! An HTTPS server and a client with hyper, in one program.

mod client;
mod server;

use hyper::Method;
use hyper::body::Bytes;
use tokio::net::TcpListener;
use wantls_testkit::Suite;
use wantls_tokio::{TlsAcceptor, TlsConnector};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::new(wantls_testkit::server(Suite::Tls13Aes128));
    tokio::spawn(server::serve(listener, acceptor));

    let connector = TlsConnector::new(wantls_testkit::client(Suite::Tls13Aes128));
    let mut sender = client::connect(address, &connector).await?;
    let (status, body) = client::request(&mut sender, Method::GET, "/", Bytes::new()).await?;
    println!("https://{address}/: {status}, {}", String::from_utf8_lossy(&body));
    Ok(())
}
