//! The table: ratios first.

use super::Row;

/// Prints the rows of one workload: a line for each size, a block for each suite.
pub(crate) fn print(rows: &[Row]) {
    let key = |row: &Row| (row.workload.clone(), row.tls.clone(), row.suite.clone());
    let mut blocks = Vec::new();
    for row in rows {
        if !blocks.contains(&key(row)) {
            blocks.push(key(row));
        }
    }
    for block in blocks {
        let block: Vec<_> = rows.iter().filter(|r| key(r) == block).collect();
        print_block(&block);
    }
}

fn print_block(rows: &[&Row]) {
    let Some(first) = rows.first() else { return };
    // Every column of any line: ratios in front.
    let mut columns: Vec<&str> = Vec::new();
    for ratio in [true, false] {
        for row in rows.iter().filter(|r| (r.unit == "ratio") == ratio) {
            if !columns.contains(&row.implementation.as_str()) {
                columns.push(&row.implementation);
            }
        }
    }
    println!("\n{}  TLS {} {}  ({}; /x: wantls to x)", first.workload, first.tls, first.suite, first.unit);
    print!("{:>8}", "size");
    for column in &columns {
        print!(" {:>width$}", heading(column), width = width(column));
    }
    println!();
    let mut sizes: Vec<_> = rows.iter().map(|r| r.size).collect();
    sizes.dedup();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        print!("{:>8}", label(&first.workload, size));
        for column in &columns {
            let cell = rows.iter().find(|r| r.size == size && r.implementation == *column);
            let text = cell.map_or("n/a".to_string(), |r| figure(r.value));
            print!(" {text:>width$}", width = width(column));
        }
        println!();
    }
}

/// A ratio by what it is to.
fn heading(column: &str) -> &str {
    column.strip_prefix("wantls/").map_or(column, |_| &column["wantls".len()..])
}

fn width(column: &str) -> usize {
    heading(column).len().max(8)
}

/// Three digits that mean something.
pub(crate) fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        0.0 => "0".into(),
        v if v >= 0.1 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    }
}

/// What a line is about: a size, or how many connections.
pub(crate) fn label(workload: &str, size: usize) -> String {
    if workload == "growth" { size.to_string() } else { bytes(size) }
}

/// A size, for people.
pub(crate) fn bytes(n: usize) -> String {
    match n {
        0 => "-".into(),
        n if n >= 1 << 20 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 => format!("{} KiB", n >> 10),
        n => format!("{n} B"),
    }
}
