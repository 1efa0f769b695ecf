//! `PERFORMANCE.md`: the text is written by hand; the tables and plots in it are made from the rows.
//!
//! A table stands between `<!-- bench WORKLOAD,... [tls=...] [suite=...] [absolute] -->` and `<!-- end -->`: the figures
//! of wantls and its ratios to the others, or the figures of all. Two names stand for something else: `machine`, and
//! `targets`. A plot is made for every picture that is named
//! `bench-WORKLOAD-VERSION-SUITE.svg`.

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

use super::table::{figure, label};
use super::{Row, svg, targets};

const OPEN: &str = "<!-- bench ";
const CLOSE: &str = "<!-- end -->";

/// Brings `folder/PERFORMANCE.md` and its plots up to date.
pub(crate) fn write(rows: &[Row], folder: &Path) -> Result<()> {
    let path = folder.join("PERFORMANCE.md");
    let text = fs::read_to_string(&path)?;
    fs::write(&path, fill(&text, rows)?)?;
    for name in text.split('(').filter_map(|rest| rest.split_once(')')).map(|(name, _)| name) {
        if name.starts_with("bench-") && name.ends_with(".svg") {
            let plot = svg::named(rows, name).ok_or_else(|| bad(format!("nothing measured for {name}")))?;
            fs::write(folder.join(name), plot)?;
        }
    }
    Ok(())
}

fn bad(what: String) -> Error {
    Error::other(what)
}

/// The text with every table made anew.
fn fill(text: &str, rows: &[Row]) -> Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let unclosed = || bad(format!("a table without end: {}", &rest[at..].lines().next().unwrap_or("")));
        let (mark, behind) = rest[at..].split_once("-->").ok_or_else(unclosed)?;
        let (_, behind) = behind.split_once(CLOSE).ok_or_else(unclosed)?;
        filled += &format!("{}{mark}-->\n{}{CLOSE}", &rest[..at], content(mark[OPEN.len()..].trim(), rows));
        rest = behind;
    }
    Ok(filled + rest)
}

fn content(what: &str, rows: &[Row]) -> String {
    match what {
        "machine" => machine(),
        "targets" => {
            let head = ["what", "to", "wanted", "reached", "enough", "the AEAD alone"].map(String::from);
            markdown(&head, &targets::table(rows))
        }
        _ => Selection::parse(what).table(rows),
    }
}

/// What the figures depend on.
fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(": ").map_or("unknown", |(_, value)| value)
    };
    let flags: Vec<_> = field("flags").split(' ').collect();
    let has: Vec<_> = ["aes", "vaes", "vpclmulqdq", "avx512f", "sha_ni", "hypervisor"]
        .into_iter()
        .filter(|flag| flags.contains(flag))
        .collect();
    format!(
        "{} (family {}, model {}; {}), {} cores; Linux {}; {}.\n",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        has.join(", "),
        cpu.lines().filter(|line| line.starts_with("processor")).count(),
        read("/proc/sys/kernel/osrelease").trim(),
        env!("RUSTC_VERSION"),
    )
}

/// Which rows a table shows.
struct Selection<'a> {
    workloads: Vec<&'a str>,
    tls: Option<&'a str>,
    suite: Option<&'a str>,
    /// The figures of all, rather than ratios to them.
    absolute: bool,
}

impl<'a> Selection<'a> {
    fn parse(what: &'a str) -> Self {
        let option = |name: &str| what.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        Self {
            workloads: what.split(' ').next().unwrap_or_default().split(',').collect(),
            tls: option("tls"),
            suite: option("suite"),
            absolute: what.split(' ').any(|word| word == "absolute"),
        }
    }

    /// A line for each workload, version, suite and size; the figure of wantls, and its ratio to each of the others.
    fn table(&self, rows: &[Row]) -> String {
        let rows: Vec<_> = rows.iter().filter(|row| self.shows(row)).collect();
        let mut columns = vec!["wantls"];
        let mut keys = Vec::new();
        for row in &rows {
            let column = row.implementation.as_str();
            if column.starts_with("wantls/") != self.absolute && !columns.contains(&column) {
                columns.push(column);
            }
            if !keys.contains(&key(row)) {
                keys.push(key(row));
            }
        }
        let varies = Varies::of(&keys);
        let mut head = varies.head();
        head.extend(columns.iter().map(|column| column.replace("wantls/", "to ").replace('_', " ")));
        let lines: Vec<_> = keys
            .iter()
            .map(|&k| {
                let cell = |column: &&str| {
                    let row = rows.iter().find(|row| key(row) == k && row.implementation == *column);
                    match row {
                        Some(row) if *column == "wantls" => format!("{} {}", figure(row.value), row.unit),
                        Some(row) => figure(row.value),
                        None => "–".into(),
                    }
                };
                let mut line = varies.line(k);
                line.extend(columns.iter().map(cell));
                line
            })
            .collect();
        markdown(&head, &lines)
    }

    fn shows(&self, row: &Row) -> bool {
        self.workloads.contains(&row.workload.as_str())
            && self.tls.is_none_or(|tls| tls == row.tls)
            && self.suite.is_none_or(|suite| suite == row.suite)
    }
}

type Key<'a> = (&'a str, &'a str, &'a str, usize);

fn key(row: &Row) -> Key<'_> {
    (&row.workload, &row.tls, &row.suite, row.size)
}

/// Which parts of the keys tell the lines of a table apart.
struct Varies {
    workload: bool,
    tls: bool,
    suite: bool,
    size: bool,
}

impl Varies {
    fn of(keys: &[Key<'_>]) -> Self {
        let differ = |same: fn(Key<'_>, Key<'_>) -> bool| keys.iter().any(|&k| !same(k, keys[0]));
        Self {
            workload: differ(|a, b| a.0 == b.0),
            tls: differ(|a, b| a.1 == b.1),
            suite: differ(|a, b| a.2 == b.2),
            size: differ(|a, b| a.3 == b.3),
        }
    }

    fn pick(&self, parts: [String; 4]) -> Vec<String> {
        let shown = [self.workload, self.tls, self.suite, self.size];
        parts.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(part, _)| part).collect()
    }

    fn head(&self) -> Vec<String> {
        self.pick(["what", "TLS", "suite or key", "size"].map(String::from))
    }

    fn line(&self, (workload, tls, suite, size): Key<'_>) -> Vec<String> {
        self.pick([workload.replace('_', " "), tls.into(), suite.into(), label(workload, size)])
    }
}

fn markdown<Line: AsRef<[String]>>(head: &[String], lines: &[Line]) -> String {
    let join = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<_> = head.iter().map(|_| "---".to_string()).collect();
    let mut text = join(head) + &join(&rule);
    for line in lines {
        text += &join(line.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(implementation: &str, size: usize, value: f64) -> Row {
        let unit = if implementation.contains('/') { "ratio" } else { "GB/s" };
        Row {
            workload: "seal".into(),
            tls: "1.3".into(),
            suite: "AES-128-GCM".into(),
            size,
            implementation: implementation.into(),
            value,
            unit: unit.into(),
            rounds: 1,
            min: value,
            max: value,
        }
    }

    #[test]
    fn a_table_is_made_anew_and_the_text_around_it_stays() {
        let rows = [
            row("wantls", 16384, 12.0),
            row("rustls", 16384, 6.0),
            row("wantls/rustls", 16384, 2.0),
            row("wantls", 64, 0.5),
        ];
        let text = "before\n<!-- bench seal tls=1.3 -->\nold\n<!-- end -->\nbehind\n";
        let filled = fill(text, &rows).unwrap();
        let table = "| size | wantls | to rustls |\n| --- | --- | --- |\n\
                     | 16 KiB | 12.0 GB/s | 2.00 |\n| 64 B | 0.50 GB/s | – |\n";
        assert_eq!(filled, format!("before\n<!-- bench seal tls=1.3 -->\n{table}<!-- end -->\nbehind\n"));
        assert_eq!(fill(&filled, &rows).unwrap(), filled);
    }

    #[test]
    fn a_table_without_end_is_refused() {
        assert!(fill("<!-- bench seal -->\n", &[]).is_err());
    }

    #[test]
    fn the_worst_row_decides_whether_a_target_is_met() {
        let mut slow = row("wantls/raw_aead", 16384, 0.94);
        slow.suite = "AES-256-GCM".into();
        let line = &targets::table(&[row("wantls/raw_aead", 16384, 0.97), slow])[0];
        assert_eq!(line[3..], ["0.94", "**no**", "1.00"]);
    }
}
