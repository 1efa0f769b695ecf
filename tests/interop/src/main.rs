//! `interop`: the matrix of cases and peers, and the soak.
#![allow(clippy::std_instead_of_core, reason = "a program for hosts")]

mod heap;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, getrlimit, setrlimit};
use wantls_interop::Result;
use wantls_interop::loopback;
use wantls_interop::matrix::Matrix;
use wantls_interop::peers::peers;
use wantls_interop::soak::{Plan, Report, soak};

/// Runs wantls against other implementations of TLS and prints how it went.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(subcommand)]
    mode: Option<Mode>,
    #[command(flatten)]
    matrix: MatrixArguments,
}

#[derive(Args, Debug)]
struct MatrixArguments {
    /// Only these peers.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Peers that must not be missing.
    #[arg(long, value_delimiter = ',')]
    require: Vec<String>,
    /// Only rows that contain this.
    #[arg(long, default_value = "")]
    filter: String,
}

#[derive(Subcommand, Debug)]
enum Mode {
    /// Compares the adapters' bulk speed over loopback TCP with that of rustls's.
    Loopback {
        /// Rounds of each comparison.
        #[arg(long, default_value_t = 61)]
        rounds: usize,
    },
    /// Keeps many connections busy, and watches the data and the heap.
    Soak {
        /// Connections at a time. Each takes two file descriptors.
        #[arg(long, default_value_t = 1000)]
        connections: usize,
        /// Seconds after the first session of each connection.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// What sizes and closes are drawn from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.mode {
        Some(Mode::Soak { connections, seconds, seed }) => {
            run_soak(Plan { connections, time: Duration::from_secs(seconds), seed })
        }
        Some(Mode::Loopback { rounds }) => loopback::compare(rounds).map(|rows| {
            rows.iter().for_each(|row| println!("{row}"));
            true
        }),
        None => run_matrix(&arguments.matrix),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("interop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_matrix(arguments: &MatrixArguments) -> Result<bool> {
    let mut chosen = peers();
    chosen
        .retain(|peer| arguments.peers.is_empty() || arguments.peers.iter().any(|name| name == peer.name()));
    let matrix = Matrix::run(&chosen, &arguments.filter)?;
    println!("{matrix}");
    let mut good = matrix.failures().is_empty();
    for name in &arguments.require {
        let there = matrix.columns().iter().any(|column| column.name == name && column.version.is_ok());
        if !there {
            println!("the peer {name} is required, and missing");
            good = false;
        }
    }
    Ok(good)
}

/// Connections that the limit of open files leaves room for.
fn affordable(wanted: usize) -> usize {
    const OTHERS: u64 = 64;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Without the right to raise it the limit stays as it is.
    let _ = setrlimit(Resource::Nofile, limit);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = usize::try_from(files.saturating_sub(OTHERS) / 2).unwrap_or(usize::MAX);
    if most < wanted {
        println!("{most} connections instead of {wanted}: {files} files may be open");
    }
    wanted.min(most)
}

fn run_soak(wanted: Plan) -> Result<bool> {
    let plan = Plan { connections: affordable(wanted.connections), ..wanted };
    let every = (plan.time.as_secs() / 10).max(1);
    let report = soak(plan, heap::in_use, |report| {
        if (report.heap.len() as u64).is_multiple_of(every) {
            println!("{:>4} s  {}", report.heap.len(), line(report));
        }
    })?;
    let (low, high) = (report.heap.iter().min(), report.heap.iter().max());
    println!("heap: {} to {} bytes", low.unwrap_or(&0), high.unwrap_or(&0));
    println!("heap without connections: {} bytes before, {} after", report.empty.0, report.empty.1);
    report.check_heap()?;
    println!(
        "soak: passed with {} connections for {} s: {}",
        plan.connections,
        plan.time.as_secs(),
        line(&report)
    );
    Ok(true)
}

fn line(report: &Report) -> String {
    format!(
        "{} sessions, {} closed and complete, {} aborted, {} resumed, {} keys changed, {} MB, heap {} bytes",
        report.sessions,
        report.closed,
        report.aborted,
        report.resumed,
        report.key_updates,
        report.bytes / 1_000_000,
        report.heap.last().unwrap_or(&0),
    )
}
