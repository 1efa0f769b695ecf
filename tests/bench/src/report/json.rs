//! `bench.json`: an array of flat rows.

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

use super::Row;

/// The rows as JSON, a line for each.
pub(crate) fn write(rows: &[Row], path: &Path) -> Result<()> {
    let lines: serde_json::Result<Vec<_>> = rows.iter().map(serde_json::to_string).collect();
    fs::write(path, format!("[\n  {}\n]\n", lines?.join(",\n  ")))
}

/// The rows of an earlier run.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    serde_json::from_str(&fs::read_to_string(path)?).map_err(Error::from)
}
