//! `bench.json`: an array of flat rows.

use super::Row;

/// The rows as JSON. Names here are plain ASCII, so nothing needs escaping.
pub(crate) fn render(rows: &[Row]) -> String {
    let lines: Vec<_> = rows.iter().map(line).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn line(row: &Row) -> String {
    format!(
        concat!(
            r#"  {{"workload": "{}", "tls": "{}", "suite": "{}", "size": {}, "impl": "{}", "#,
            r#""value": {:.4}, "unit": "{}", "rounds": {}, "min": {:.4}, "max": {:.4}}}"#
        ),
        row.workload,
        row.tls,
        row.suite,
        row.size,
        row.implementation,
        row.value,
        row.unit,
        row.rounds,
        row.min,
        row.max
    )
}
