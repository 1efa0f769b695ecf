//! wantls on the command line.
//!
//! ```text
//!  main.rs ─▶ args.rs                  what was asked for
//!     ├─▶ pair.rs ── ends.rs           both ends in one process, over a BIO pair
//!     │      └─▶ trace.rs svg.rs       the timeline, printed or drawn
//!     ├─▶ client.rs ─┐
//!     ├─▶ server.rs ─┴▶ link.rs        a connection on a TCP socket
//!     │                 exchange.rs    both directions at once
//!     ├─▶ config.rs certs.rs           rustls configurations and certificates
//!     ├─▶ source.rs sink.rs            files, standard input and output
//!     ├─▶ tap.rs checksum.rs report.rs counting, and telling
//!     └─▶ failure.rs                   what went wrong, and the exit code for it
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "this program runs on hosts")]

mod args;
mod certs;
mod checksum;
mod client;
mod config;
mod ends;
mod exchange;
mod failure;
mod link;
mod pair;
mod report;
mod server;
mod sink;
mod source;
mod svg;
mod tap;
mod trace;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Pair(args) => pair::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Server(args) => server::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("wantls: {failure}");
            if let Some(hint) = failure.hint() {
                eprintln!("        {hint}");
            }
            failure.exit_code().into()
        }
    }
}
