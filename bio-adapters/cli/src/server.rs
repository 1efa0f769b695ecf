//! `wantls server`: a TLS server over TCP, one connection after the other.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use wantls::{Buffers, Received, ServerContext, Shutdown};

use crate::args::ServerArgs;
use crate::config;
use crate::exchange::{self, Plan};
use crate::failure::Failure;
use crate::link::{Link, TcpTls};
use crate::report;
use crate::source::CHUNK;

/// Runs the command.
pub(crate) fn run(args: &ServerArgs) -> Result<(), Failure> {
    check(args)?;
    // What can be refused before anybody connects is refused now.
    let mut plan = plan(args)?;
    let (chain, key) = (config::certificates(&args.cert)?, config::key(&args.key)?);
    let context = config::server(&args.offer, chain, key, &args.key)?;
    let listener = listen(&args.address)?;
    let mut first_failure = None;
    for connection in 0..args.connections.get() {
        if connection > 0 {
            plan = self::plan(args)?;
        }
        let (socket, peer) =
            listener.accept().map_err(|error| Failure::network("no connection was accepted", error))?;
        if let Err(failure) = serve(&context, socket, peer, plan.take()) {
            if args.connections.get() > 1 {
                eprintln!("{peer}: {failure}");
            }
            first_failure.get_or_insert(failure);
        }
    }
    first_failure.map_or(Ok(()), Err)
}

/// Several connections can't share one input, nor one output file.
fn check(args: &ServerArgs) -> Result<(), Failure> {
    let transfer = &args.transfer;
    let dash = Path::new("-");
    let reads_input = !args.echo
        && (transfer.send.as_deref() == Some(dash) || (transfer.send.is_none() && transfer.recv.is_none()));
    let writes_file = transfer.recv.as_deref().is_some_and(|path| path != dash);
    if args.connections.get() > 1 && (reads_input || writes_file) {
        let what = "--connections needs --echo, --send FILE or --recv -: one file can't hold what several clients send";
        return Err(Failure::Usage(what.to_owned()));
    }
    Ok(())
}

/// `None`: echo.
fn plan(args: &ServerArgs) -> Result<Option<Plan>, Failure> {
    if args.echo { Ok(None) } else { Plan::new(&args.transfer).map(Some) }
}

fn listen(address: &str) -> Result<TcpListener, Failure> {
    let fail = |error| Failure::network(format!("can't listen on {address}"), error);
    let listener = TcpListener::bind(address).map_err(fail)?;
    eprintln!("listening on {}", listener.local_addr().map_err(fail)?);
    Ok(listener)
}

fn serve(
    context: &ServerContext,
    socket: TcpStream,
    peer: SocketAddr,
    plan: Option<Plan>,
) -> Result<(), Failure> {
    let mut link = Link::new(context.accept(Buffers::heap())?, socket)?;
    let outcome = converse(&mut link, peer, plan);
    if outcome.is_err() {
        link.linger();
    }
    outcome
}

fn converse(link: &mut Link, peer: SocketAddr, plan: Option<Plan>) -> Result<(), Failure> {
    let session = link.handshake()?;
    eprintln!("connection from {peer}: {session}");
    match plan {
        Some(plan) => exchange::run(link, plan),
        None => echo(link),
    }
}

/// Sends back what comes, as fast as the peer takes it.
fn echo(link: &mut Link) -> Result<(), Failure> {
    let started = Instant::now();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    while let Received::Data(n) = link.complete(|stream| stream.read(&mut buffer))? {
        let mut rest = &buffer[..n.get()];
        while !rest.is_empty() {
            let taken = link.complete(|stream| stream.write(rest))?;
            rest = &rest[taken..];
        }
        bytes += n.get() as u64;
    }
    while link.complete(TcpTls::shutdown)? != Shutdown::Complete {}
    eprintln!("{}", report::transferred("echoed", bytes, started.elapsed(), None));
    Ok(())
}
