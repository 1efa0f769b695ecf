//! Plots: a group of bars for each size, a bar for each implementation, with wantls as the measure.

use std::fmt::Write;
use std::fs;
use std::io::Result;
use std::path::Path;

use super::Row;
use super::table::bytes;

const BAR: usize = 22;
const GAP: usize = 26;
const LEFT: usize = 60;
const TOP: usize = 90;
const HEIGHT: usize = 240;
const BOTTOM: usize = 40;
/// Entries of the legend in a line, and the width of one.
const LEGEND: usize = 5;
const ENTRY: usize = 140;

/// Told apart by those who see no red and green, too (Okabe and Ito, and two more).
const COLOURS: [&str; 10] = [
    "#999999", "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#f0e442", "#332288",
    "#000000",
];

/// More would not be legible beside each other.
const SIZES: [usize; 4] = [64, 1 << 10, 16 << 10, 1 << 20];

/// No peers, with bars too tall; and one that says nothing that another does not.
const LEFT_OUT: [&str; 2] = ["wantls/memcpy", "wantls/openssl_membio"];

/// Writes all plots of `rows` into `folder`.
pub(crate) fn write(rows: &[Row], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut done = Vec::new();
    for name in rows.iter().map(name) {
        if !done.contains(&name)
            && let Some(plot) = named(rows, &name)
        {
            fs::write(folder.join(&name), plot)?;
        }
        done.push(name);
    }
    Ok(())
}

/// The plot of the name `bench-WORKLOAD-VERSION-SUITE.svg`, if there is something to show.
pub(crate) fn named(rows: &[Row], wanted: &str) -> Option<String> {
    let rows: Vec<_> = rows.iter().filter(|row| name(row) == wanted).collect();
    // Of bytes and of calls fewer are better, which a reader of bars does not expect.
    let speeds = rows.iter().any(|row| row.unit.ends_with("/s"));
    let many = rows.iter().filter(|row| row.implementation == "wantls").count() > SIZES.len();
    let ratios: Vec<_> = rows
        .into_iter()
        .filter(|row| !many || SIZES.contains(&row.size))
        .filter(|row| row.unit == "ratio" && !LEFT_OUT.contains(&row.implementation.as_str()))
        .collect();
    (speeds && !ratios.is_empty()).then(|| plot(&ratios))
}

fn name(row: &Row) -> String {
    let name = format!("bench-{}-tls{}-{}.svg", row.workload, row.tls, row.suite);
    name.to_lowercase().replace([' ', '_'], "-")
}

fn plot(rows: &[&Row]) -> String {
    let mut sizes: Vec<usize> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for row in rows {
        if !sizes.contains(&row.size) {
            sizes.push(row.size);
        }
        if !others.contains(&row.implementation.as_str()) {
            others.push(&row.implementation);
        }
    }
    // The rows say how much faster wantls is.
    let speed = |row: &Row| 1.0 / row.value;
    let top = rows.iter().map(|row| speed(row)).fold(1.0, f64::max) * 1.1;
    let y = |value: f64| TOP as f64 + HEIGHT as f64 * (1.0 - value / top);
    let group = others.len() * BAR + GAP;
    let width = (LEFT + sizes.len() * group + 20).max(LEFT + LEGEND * ENTRY);
    let height = TOP + HEIGHT + BOTTOM;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut line = |text: String| {
        let _ = writeln!(svg, "{text}");
    };
    if let Some(row) = rows.first() {
        line(format!(
            "<text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}, TLS {}, {}: speed, with wantls as 1</text>",
            row.workload.replace('_', " "),
            row.tls,
            row.suite
        ));
    }
    for (i, other) in others.iter().enumerate() {
        let (x, y) = (LEFT + i % LEGEND * ENTRY, 36 + i / LEGEND * 18);
        line(format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"11\" height=\"11\" fill=\"{}\"/>",
            COLOURS[i % COLOURS.len()]
        ));
        let other = other.trim_start_matches("wantls/").replace('_', " ");
        line(format!("<text x=\"{}\" y=\"{}\">{other}</text>", x + 16, y + 10));
    }
    for (g, size) in sizes.iter().enumerate() {
        let left = LEFT + g * group + GAP / 2;
        for (i, other) in others.iter().enumerate() {
            let Some(row) = rows.iter().find(|r| r.size == *size && r.implementation == *other) else {
                continue;
            };
            let (x, at) = (left + i * BAR, y(speed(row)));
            let (tall, middle) = (y(0.0) - at, x + (BAR - 3) / 2);
            line(format!(
                "<rect x=\"{x}\" y=\"{at:.1}\" width=\"{}\" height=\"{tall:.1}\" fill=\"{}\"/>",
                BAR - 3,
                COLOURS[i % COLOURS.len()]
            ));
            line(format!(
                "<text x=\"{middle}\" y=\"{:.1}\" font-size=\"9\" text-anchor=\"middle\">{}</text>",
                at - 3.0,
                format_args!("{:.2}", speed(row))
            ));
        }
        let middle = left + others.len() * BAR / 2;
        line(format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            TOP + HEIGHT + 18,
            bytes(*size)
        ));
    }
    // As fast as wantls.
    for (value, dash) in [(0.0, ""), (1.0, " stroke-dasharray=\"4 3\"")] {
        let at = y(value);
        line(format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#333333\"{dash}/>",
            width - 10
        ));
        line(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>", LEFT - 6, at + 4.0));
    }
    svg.push_str("</svg>\n");
    svg
}
