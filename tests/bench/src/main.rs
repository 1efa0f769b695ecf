//! Measures wantls and its peers on the same work, in one process and one run.
//!
//! Every round runs every implementation once, so what disturbs the machine disturbs all of them. A figure is the
//! median of many rounds; a ratio is the median of the rounds' ratios, which is steadier than the ratio of two
//! medians.
//!
//! ```text
//!  main.rs      what to run, and where the results go
//!  measure.rs   rounds, medians, ratios
//!  peer/        the implementations: how each is used
//!  work/        the workloads: what is timed
//!  report/      table, JSON, plots
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that can't do its work has to stop"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "benchmarks run on hosts")]

mod malloc;
mod measure;
mod peer;
mod report;
mod work;

use std::path::PathBuf;

use clap::Parser;
use wantls_testkit::Suite;

use crate::work::Plan;

/// Measures wantls and its peers on the same work.
#[derive(Parser, Debug)]
struct Args {
    /// Where to write the rows.
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
    /// Implementations to run, with wantls always among them; all that are built in by default.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Workloads to run; all by default.
    #[arg(long, value_delimiter = ',')]
    work: Vec<String>,
    /// Sizes of a write or message, in bytes.
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<usize>,
    /// Suites, as `Tls13Aes128`.
    #[arg(long, value_delimiter = ',')]
    suites: Vec<String>,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 101)]
    rounds: usize,
    /// Few sizes, one suite, few rounds: whether it works, and roughly how fast.
    #[arg(long)]
    quick: bool,
}

fn main() {
    malloc::keep_freed_memory();
    let args = Args::parse();
    let peers: Vec<_> = peer::all()
        .into_iter()
        .filter(|p| args.peers.is_empty() || p.name() == "wantls" || args.peers.iter().any(|n| n == p.name()))
        .collect();
    let mut plan = Plan::new(args.quick, args.rounds);
    if !args.sizes.is_empty() {
        plan.sizes = args.sizes;
    }
    if !args.suites.is_empty() {
        let asked = |suite: &Suite| args.suites.contains(&format!("{suite:?}"));
        plan.suites = Suite::ALL.into_iter().filter(asked).collect();
    }
    let mut rows = Vec::new();
    for workload in work::ALL {
        if args.work.is_empty() || args.work.iter().any(|w| w == workload.name) {
            let found = (workload.run)(&plan, &peers);
            report::table::print(&found);
            rows.extend(found);
        }
    }
    std::fs::write(&args.json, report::json::render(&rows)).expect("the JSON file can't be written");
    println!("{} rows in {}", rows.len(), args.json.display());
}
