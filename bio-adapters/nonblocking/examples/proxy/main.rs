//! Ends TLS in front of a plain TCP server.
//!
//! `proxy ADDRESS BACKEND CA-FILE`: makes a certificate for this run and writes its authority to the file.

mod relay;
mod server;

use mio::Events;
use mio::net::TcpListener;
use wantls_testkit::{Suite, certs, server as server_context};

use crate::server::Proxy;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(backend), Some(ca_file)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: proxy ADDRESS BACKEND CA-FILE".into());
    };
    let listener = TcpListener::bind(address.parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    std::fs::write(ca_file, &certs().ca)?;
    let mut proxy = Proxy::new(listener, backend.parse()?, server_context(Suite::Tls13Aes128))?;
    let mut events = Events::with_capacity(1024);
    loop {
        proxy.turn(&mut events, None)?;
    }
}
