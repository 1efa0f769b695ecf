//! `wantls client`: a TLS client over TCP.

use std::net::TcpStream;

use wantls::Buffers;

use crate::args::ClientArgs;
use crate::config;
use crate::exchange::{self, Plan};
use crate::failure::Failure;
use crate::link::Link;

/// Runs the command.
pub(crate) fn run(args: &ClientArgs) -> Result<(), Failure> {
    let plan = Plan::new(&args.transfer)?;
    let context = config::client(&args.offer, config::roots(args.ca.as_deref())?)?;
    let name = args.servername.as_ref().unwrap_or(&args.address.name);
    let tls = context.connect(name.clone(), Buffers::heap())?;
    let socket = connect(args)?;
    let mut link = Link::new(tls, socket)?;
    let outcome = converse(&mut link, args, plan);
    if outcome.is_err() {
        link.linger();
    }
    outcome
}

fn connect(args: &ClientArgs) -> Result<TcpStream, Failure> {
    let (host, port) = (args.address.host.as_str(), args.address.port);
    TcpStream::connect((host, port))
        .map_err(|error| Failure::network(format!("no connection to {host} port {port}"), error))
}

fn converse(link: &mut Link, args: &ClientArgs, plan: Plan) -> Result<(), Failure> {
    let session = link.handshake()?;
    eprintln!("connected to {} port {}: {session}", args.address.host, args.address.port);
    exchange::run(link, plan)
}
