//! Results: the rows, and the ways to show them.

pub(crate) mod docs;
pub(crate) mod json;
pub(crate) mod svg;
pub(crate) mod table;
mod targets;

use serde::{Deserialize, Serialize};
use wantls_testkit::Suite;

use crate::measure::{Series, median, ratios};

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) tls: String,
    pub(crate) suite: String,
    /// Bytes of a write, or of a message; 0 where that means nothing.
    pub(crate) size: usize,
    /// An implementation, or `wantls/...` for a ratio.
    #[serde(rename = "impl")]
    pub(crate) implementation: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) rounds: usize,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Row {
    /// Whether only the figures can differ.
    pub(crate) fn is_about_the_same_as(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.workload.clone(), row.tls.clone(), row.suite.clone(), row.size);
        self.implementation == other.implementation && key(self) == key(other)
    }
}

/// What all rows of one measurement have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) workload: &'static str,
    pub(crate) tls: &'static str,
    pub(crate) suite: &'static str,
    pub(crate) size: usize,
    pub(crate) unit: &'static str,
}

impl Subject {
    pub(crate) fn new(workload: &'static str, suite: Suite, size: usize, unit: &'static str) -> Self {
        Self { workload, tls: tls_name(suite), suite: suite_name(suite), size, unit }
    }

    /// A row for each figure that is the same however often it is taken.
    pub(crate) fn counts(&self, all: &[(&'static str, f64)]) -> Vec<Row> {
        let series = |&(name, value): &(_, _)| Series { name, rates: vec![value] };
        self.rows(&all.iter().map(series).collect::<Vec<_>>())
    }

    /// A row for every series, and one for the ratio of wantls to each of the others.
    pub(crate) fn rows(&self, all: &[Series]) -> Vec<Row> {
        let mut rows: Vec<_> = all.iter().map(|s| self.row(s.name.into(), self.unit, &s.rates)).collect();
        let Some(ours) = all.iter().find(|s| s.name == "wantls") else { return rows };
        let others = all.iter().filter(|s| s.name != "wantls");
        let of_counts = others
            .map(|other| self.row(format!("wantls/{}", other.name), "ratio", &ratios(ours, other)))
            // There is no ratio to nothing.
            .filter(|row| row.value.is_finite());
        rows.extend(of_counts);
        rows
    }

    fn row(&self, implementation: String, unit: &'static str, values: &[f64]) -> Row {
        Row {
            workload: self.workload.into(),
            tls: self.tls.into(),
            suite: self.suite.into(),
            size: self.size,
            implementation,
            value: digits(median(values)),
            unit: unit.into(),
            rounds: values.len(),
            min: digits(values.iter().copied().fold(f64::INFINITY, f64::min)),
            max: digits(values.iter().copied().fold(0.0, f64::max)),
        }
    }
}

/// As many digits as mean anything.
fn digits(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

pub(crate) fn tls_name(suite: Suite) -> &'static str {
    match suite {
        Suite::Tls13Aes128 | Suite::Tls13Aes256 | Suite::Tls13Chacha => "1.3",
        Suite::Tls12Aes128 | Suite::Tls12Aes256 | Suite::Tls12Chacha => "1.2",
    }
}

fn suite_name(suite: Suite) -> &'static str {
    match suite {
        Suite::Tls13Aes128 | Suite::Tls12Aes128 => "AES-128-GCM",
        Suite::Tls13Aes256 | Suite::Tls12Aes256 => "AES-256-GCM",
        Suite::Tls13Chacha | Suite::Tls12Chacha => "ChaCha20-Poly1305",
    }
}
