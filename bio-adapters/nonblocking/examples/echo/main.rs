//! A TLS echo server for ten thousand connections, on one thread.
//!
//! `echo ADDRESS CA-FILE`: makes a certificate for this run and writes its authority where `load` finds it.

#[path = "../shared/limits.rs"]
mod limits;
mod server;
mod session;

use std::time::Duration;

use mio::Events;
use mio::net::TcpListener;
use wantls::ServerContext;
use wantls::crypto::AwsLcRs;
use wantls_testkit::{Suite, certs, server_config};

use crate::server::Server;
use crate::session::FRAGMENT;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(ca_file)) = (args.next(), args.next()) else {
        return Err("usage: echo ADDRESS CA-FILE".into());
    };
    println!("open files: at most {:?}", limits::raise_open_files());

    let mut config = server_config(Suite::Tls13Aes128);
    config.max_fragment_size = Some(FRAGMENT);
    let context = ServerContext::new(config, AwsLcRs)?;
    let listener = TcpListener::bind(address.parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    std::fs::write(ca_file, &certs().ca)?;

    let mut server = Server::new(listener, context)?;
    let mut events = Events::with_capacity(1024);
    let mut served = false;
    loop {
        server.turn(&mut events, Duration::from_secs(1))?;
        let counts = server.counts();
        if served && counts.open == 0 {
            println!("{counts:?}, peak memory {:?} kB", limits::peak_memory_kb());
        }
        served = counts.open > 0;
    }
}
