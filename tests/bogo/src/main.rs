//! The shim that BoringSSL's TLS test runner starts once for each of its tests.
//!
//! It connects to the runner and is a TLS client or server on that socket, as its flags say. How it ends tells the
//! runner what happened: see [`failure`].
//!
//! ```text
//!  flags.rs     the command line, one set of options for the first connection and one for those that resume it
//!  config.rs    options into contexts; what all connections of the process share
//!  credentials.rs  our certificate and key
//!  verify.rs    the certificate verifiers: any chain will do, signatures are checked
//!  store.rs     session stores that count
//!  clock.rs     the time, which flags may advance
//!  wire.rs      the socket, if need be one byte a retry
//!  exchange.rs  what is said on a connection
//!  expect.rs    the checks of -expect-…
//!  failure.rs   exit codes and texts
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "the shim runs on hosts")]

mod clock;
mod config;
mod credentials;
mod exchange;
mod expect;
mod failure;
mod flags;
mod store;
mod verify;
mod wire;

use std::process::ExitCode;

use config::Shared;
use exchange::Exchange;
use failure::Failure;
use flags::Flags;
use wire::Wire;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if args.iter().any(|arg| arg == "-is-handshaker-supported") {
        println!("No");
        return ExitCode::SUCCESS;
    }
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

/// The first connection, and then those that resume it.
fn run(args: &[String]) -> Result<(), Failure> {
    let flags = Flags::parse(args)?;
    let shared = Shared::new(&flags.initial)?;
    for number in 0..=flags.resume_count {
        let options = if number == 0 { &flags.initial } else { &flags.resume };
        if number > 0 {
            shared.clock.advance(flags.resumption_delay);
        }
        let tls = shared.connection(options)?;
        let wire = Wire::connect(&flags.addresses, flags.shim_id, options.is_async)?;
        Exchange::new(options, &shared, tls, wire, number > 0).run()?;
    }
    Ok(())
}
