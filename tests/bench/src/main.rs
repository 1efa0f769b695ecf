//! Measures wantls and its peers on the same work, in one process and one run.
//!
//! Every round runs every implementation once, so what disturbs the machine disturbs all of them. A figure is the
//! median of many rounds; a ratio is the median of the rounds' ratios, which is steadier than the ratio of two
//! medians.
//!
//! ```text
//!  main.rs      what to run, and where the results go
//!  measure.rs   rounds, medians, ratios
//!  malloc.rs    the allocator, tamed and counted
//!  peer/        the implementations: how each is used
//!  work/        the workloads: what is timed
//!  instructions.rs   work for an instruction counter
//!  report/      table, JSON, plots
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that can't do its work has to stop"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "what a peer answers besides is an end, or has no part here"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "benchmarks run on hosts")]

#[cfg(all(feature = "boring", feature = "openssl"))]
compile_error!("BoringSSL and OpenSSL have symbols of the same names: build with one of the two features");

mod instructions;
mod malloc;
mod measure;
mod peer;
mod report;
mod work;

use std::path::PathBuf;

use clap::Parser;
use wantls_testkit::Suite;

use crate::report::Row;
use crate::work::Plan;

/// Measures wantls and its peers on the same work.
#[derive(Parser, Debug)]
struct Args {
    /// Where to write the rows.
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
    /// Files of earlier runs to take the rows from: nothing is measured. Of rows that several files have, the first is
    /// taken.
    #[arg(long, value_delimiter = ',', conflicts_with = "work")]
    from: Vec<PathBuf>,
    /// A folder for plots of all that was measured.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// The folder of a `PERFORMANCE.md` whose tables and plots are brought up to date.
    #[arg(long)]
    docs: Option<PathBuf>,
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
    /// Only does one piece of work for an instruction counter, as `seal:1024`: see instructions.sh.
    #[arg(long)]
    instructions: Option<String>,
}

fn main() {
    steady_memcpy();
    malloc::keep_freed_memory();
    let args = Args::parse();
    if let Some((work, size)) = args.instructions.as_deref().and_then(|work| work.split_once(':')) {
        return instructions::run(work, size.parse().expect("a size is a number"));
    }
    let rows = if args.from.is_empty() { measure(&args) } else { earlier(&args.from) };
    if let Some(folder) = &args.svg {
        report::svg::write(&rows, folder).expect("the plots can't be written");
    }
    if let Some(folder) = &args.docs {
        report::docs::write(&rows, folder).expect("the document can't be written");
    }
}

/// The rows of the files, each once.
fn earlier(files: &[PathBuf]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for file in files {
        for row in report::json::read(file).expect("the file of an earlier run can't be read") {
            if !rows.iter().any(|known| known.is_about_the_same_as(&row)) {
                rows.push(row);
            }
        }
    }
    rows
}

/// Measures what is asked for, and writes the rows.
fn measure(args: &Args) -> Vec<Row> {
    let peers: Vec<_> = peer::ALL
        .iter()
        .copied()
        .filter(|p| args.peers.is_empty() || p.name() == "wantls" || args.peers.iter().any(|n| n == p.name()))
        .collect();
    for absent in peer::ABSENT {
        println!("not available in this build: {absent} (--features {absent})");
    }
    let mut plan = Plan::new(args.quick, args.rounds);
    if !args.sizes.is_empty() {
        plan.sizes.clone_from(&args.sizes);
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
    report::json::write(&rows, &args.json).expect("the JSON file can't be written");
    println!("{} rows in {}", rows.len(), args.json.display());
    rows
}

/// Starts this program once more with glibc's `rep movsb` off. On some CPUs that instruction takes three times as long
/// where source and destination are alike modulo the page size, which decides by luck how peers that copy look.
fn steady_memcpy() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("GLIBC_TUNABLES").is_none() {
        use std::os::unix::process::CommandExt;
        let mut again = std::process::Command::new(std::env::current_exe().expect("this program has a path"));
        again
            .args(std::env::args_os().skip(1))
            .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=1000000000");
        panic!("{}", again.exec());
    }
}
