//! Random schedules on OpenSSL and on another library, compared call by call.

use clap::{Parser, ValueEnum};
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use wantls_openssl_oracle::campaign::{Comparison, Kind, campaign};
use wantls_openssl_oracle::model::ModelLibrary;
use wantls_openssl_oracle::ossl::{self, OpenSsl};
use wantls_openssl_oracle::schedule::Schedule;
use wantls_openssl_oracle::wantls::{Explained, ExplainedPeer, WantlsLibrary, WantlsPeer};

/// What OpenSSL is compared with.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Against {
    /// The reference model.
    Model,
    /// wantls with an OpenSSL peer, up to where it differs by choice.
    Wantls,
    /// OpenSSL with a wantls peer, up to where that differs by choice.
    WantlsPeer,
}

impl Against {
    fn comparison(self) -> Comparison<'static> {
        match self {
            Self::Model => Comparison { left: &OpenSsl, right: &ModelLibrary, guide: None },
            Self::Wantls => Comparison { left: &OpenSsl, right: &WantlsLibrary, guide: Some(&Explained) },
            Self::WantlsPeer => {
                Comparison { left: &OpenSsl, right: &WantlsPeer, guide: Some(&ExplainedPeer) }
            }
        }
    }
}

/// Runs random call sequences on OpenSSL and on another library and compares every answer.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many schedules
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// Selects the schedules
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Worker threads
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// The other library
    #[arg(long, value_enum, default_value_t = Against::Model)]
    against: Against,
    /// Schedules that begin before the handshake, which the model does not know
    #[arg(long)]
    handshakes: bool,
    /// Runs this one schedule instead
    #[arg(long)]
    replay: Option<PathBuf>,
    /// Where a failing schedule is written
    #[arg(long, default_value = "failing.schedule")]
    output: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let comparison = arguments.against.comparison();
    println!("{}, {comparison:?}", ossl::version());
    let result = match &arguments.replay {
        Some(file) => replay(comparison, file),
        None => search(comparison, &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn replay(comparison: Comparison<'_>, file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let schedule: Schedule = text.parse().map_err(|e| format!("{}: {e}", file.display()))?;
    comparison.report(&schedule).map_or_else(
        || {
            println!("{} steps, no difference", schedule.steps.len());
            Ok(())
        },
        Err,
    )
}

fn search(comparison: Comparison<'_>, arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    let kind = match (arguments.handshakes, arguments.against) {
        (true, _) => Kind::Handshakes,
        (false, Against::WantlsPeer) => Kind::DataOfAnyPeer,
        (false, Against::Model | Against::Wantls) => Kind::Data,
    };
    match campaign(comparison, kind, arguments.schedules, arguments.seed, arguments.threads) {
        Ok(totals) => {
            println!(
                "{} schedules, {} steps in {}: {} done, {} wanted, {} failed; {} compared in part, up to a named difference; no other",
                totals.schedules,
                totals.steps,
                rate(totals.steps, start.elapsed()),
                totals.done,
                totals.wanted,
                totals.failed,
                totals.ended,
            );
            Ok(())
        }
        Err(failure) => {
            let text = format!(
                "# seed {}, schedule {}, shrunk; {comparison:?}\n{}",
                arguments.seed, failure.index, failure.schedule
            );
            let traces = comparison.report(&failure.schedule).unwrap_or_default();
            let file = arguments.output.display();
            let saved = match std::fs::write(&arguments.output, &text) {
                Ok(()) => format!("replay with --replay {file}"),
                Err(e) => format!("{file}: {e}"),
            };
            Err(format!("{text}\n{traces}\nDIFFERENCE in schedule {}; {saved}", failure.index))
        }
    }
}

fn rate(steps: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    // A rate is for reading: the precision of a double is more than enough.
    #[allow(clippy::cast_precision_loss, reason = "only printed")]
    let per_second = steps as f64 / seconds.max(f64::EPSILON);
    format!("{seconds:.1} s ({per_second:.0} a second)")
}
