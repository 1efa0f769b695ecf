//! Every case with every peer, as a table.

use std::fmt;
use std::thread;

use wantls::Role;

use crate::Result;
use crate::case::{Case, cases};
use crate::peers::Peer;
use crate::pki::Pki;
use crate::script;

/// What became of a case with a peer.
#[derive(Clone, Debug)]
pub enum Cell {
    /// It went as it should.
    Passed,
    /// It did not.
    Failed(String),
    /// The peer can't do it, for this reason.
    Lacking(&'static str),
    /// The peer is not installed.
    Missing,
}

/// A peer and how it did, case by case.
#[derive(Debug)]
pub struct Column {
    /// The peer.
    pub name: &'static str,
    /// Its version, or why it is missing.
    pub version: std::result::Result<String, String>,
    cells: Vec<Cell>,
}

/// The whole table.
#[derive(Debug)]
pub struct Matrix {
    rows: Vec<(Role, Case)>,
    columns: Vec<Column>,
}

impl Matrix {
    /// Runs all cases whose row contains `filter` with all peers, each peer in a thread of its own.
    ///
    /// # Errors
    /// The certificates can't be made. A case that fails is in the table.
    pub fn run(peers: &[Box<dyn Peer>], filter: &str) -> Result<Self> {
        let pki = Pki::new()?;
        let rows: Vec<_> = [Role::Client, Role::Server]
            .into_iter()
            .flat_map(|role| cases().into_iter().map(move |case| (role, case)))
            .filter(|(role, case)| label(*role, case).contains(filter))
            .collect();
        let columns = thread::scope(|scope| {
            let runs: Vec<_> =
                peers.iter().map(|peer| scope.spawn(|| column(peer.as_ref(), &rows, &pki))).collect();
            runs.into_iter().map(|run| run.join().map_err(|_| "a peer's thread panicked")).collect::<Vec<_>>()
        });
        Ok(Self { columns: columns.into_iter().collect::<std::result::Result<_, _>>()?, rows })
    }

    /// The peers and how they did.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// What failed, a line each.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for column in &self.columns {
            for ((role, case), cell) in self.rows.iter().zip(&column.cells) {
                if let Cell::Failed(why) = cell {
                    failures.push(format!("{}, {}: {why}", column.name, label(*role, case)));
                }
            }
        }
        failures
    }

    fn count(&self, of: fn(&Cell) -> bool) -> usize {
        self.columns.iter().flat_map(|column| &column.cells).filter(|cell| of(cell)).count()
    }
}

impl Column {
    /// How many cases passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.cells.iter().filter(|cell| matches!(cell, Cell::Passed)).count()
    }
}

fn column(peer: &dyn Peer, rows: &[(Role, Case)], pki: &Pki) -> Column {
    let version = peer.version().map_err(|error| error.to_string());
    let cell = |(role, case): &(Role, Case)| {
        if version.is_err() {
            return Cell::Missing;
        }
        if let Some(why) = peer.lacks(*role, case) {
            return Cell::Lacking(why);
        }
        script::run(case, *role, peer, pki).map_or_else(|e| Cell::Failed(e.to_string()), |()| Cell::Passed)
    };
    let cells = rows.iter().map(cell).collect();
    Column { name: peer.name(), version, cells }
}

fn label(role: Role, case: &Case) -> String {
    let role = if role == Role::Client { "client" } else { "server" };
    format!("{role} {}", case.name)
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|(role, case)| label(*role, case).len()).max().unwrap_or_default();
        let widths: Vec<usize> = self.columns.iter().map(|column| column.name.len().max(7)).collect();
        write!(f, "{:width$}", "we are the")?;
        for (column, width) in self.columns.iter().zip(&widths) {
            write!(f, "  {:width$}", column.name)?;
        }
        let mut reasons: Vec<&str> = Vec::new();
        for (index, (role, case)) in self.rows.iter().enumerate() {
            write!(f, "\n{:width$}", label(*role, case))?;
            for (column, width) in self.columns.iter().zip(&widths) {
                let text = match &column.cells[index] {
                    Cell::Passed => "ok".into(),
                    Cell::Failed(_) => "FAIL".into(),
                    Cell::Missing => "missing".into(),
                    Cell::Lacking(why) => {
                        let known = reasons.iter().position(|reason| reason == why);
                        let number = known.unwrap_or_else(|| {
                            reasons.push(why);
                            reasons.len() - 1
                        });
                        format!("— {}", number + 1)
                    }
                };
                write!(f, "  {text:width$}")?;
            }
        }
        writeln!(f, "\n")?;
        for (number, reason) in reasons.iter().enumerate() {
            writeln!(f, "— {}: {reason}", number + 1)?;
        }
        for column in &self.columns {
            match &column.version {
                Ok(version) => writeln!(f, "{}: {version}, {} passed", column.name, column.passed())?,
                Err(why) => writeln!(f, "{}: MISSING: {why}", column.name)?,
            }
        }
        for failure in self.failures() {
            writeln!(f, "FAIL {failure}")?;
        }
        write!(
            f,
            "interop: {} passed, {} failed, {} not applicable, {} with a missing peer",
            self.count(|cell| matches!(cell, Cell::Passed)),
            self.count(|cell| matches!(cell, Cell::Failed(_))),
            self.count(|cell| matches!(cell, Cell::Lacking(_))),
            self.count(|cell| matches!(cell, Cell::Missing)),
        )
    }
}
