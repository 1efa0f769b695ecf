//! Plots: one file for each workload and suite, a group of bars for each size: wantls to each of the others.

use std::fmt::Write;
use std::path::Path;

use super::Row;
use super::table::{bytes, figure};

const BAR: usize = 22;
const GAP: usize = 26;
const LEFT: usize = 60;
const TOP: usize = 70;
const HEIGHT: usize = 240;
const BOTTOM: usize = 50;

/// Told apart by those who see no red and green, too (Okabe and Ito).
const COLOURS: [&str; 8] =
    ["#0072b2", "#999999", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#f0e442"];

/// Writes the plots of `rows` into `folder`.
pub(crate) fn write(rows: &[Row], folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let key = |row: &Row| (row.workload, row.tls, row.suite);
    let mut done = Vec::new();
    for row in rows {
        if !done.contains(&key(row)) {
            done.push(key(row));
            // memcpy is no peer, and its bars would be too flat to see.
            let wanted =
                |r: &&Row| key(r) == key(row) && r.unit == "ratio" && r.implementation != "wantls/memcpy";
            let ratios: Vec<_> = rows.iter().filter(wanted).collect();
            if !ratios.is_empty() {
                let name = format!("{}-tls{}-{}.svg", row.workload, row.tls, row.suite.replace(' ', "-"));
                std::fs::write(folder.join(name.to_lowercase()), plot(&ratios))?;
            }
        }
    }
    Ok(())
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
    let top = rows.iter().map(|r| r.value).fold(1.0, f64::max) * 1.1;
    let y = |value: f64| TOP as f64 + HEIGHT as f64 * (1.0 - value / top);
    let group = others.len() * BAR + GAP;
    let width = (LEFT + sizes.len() * group + 20).max(LEFT + others.len() * 150 + 20);
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
            "<text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}, TLS {}, {}: wantls to others (higher is faster)</text>",
            row.workload, row.tls, row.suite
        ));
    }
    for (i, other) in others.iter().enumerate() {
        let x = LEFT + i * 150;
        line(format!("<rect x=\"{x}\" y=\"36\" width=\"11\" height=\"11\" fill=\"{}\"/>", COLOURS[i % 8]));
        line(format!("<text x=\"{}\" y=\"46\">{}</text>", x + 16, other.trim_start_matches("wantls/")));
    }
    for (g, size) in sizes.iter().enumerate() {
        let left = LEFT + g * group + GAP / 2;
        for (i, other) in others.iter().enumerate() {
            let Some(row) = rows.iter().find(|r| r.size == *size && r.implementation == *other) else {
                continue;
            };
            let (x, at) = (left + i * BAR, y(row.value));
            let (tall, middle) = (y(0.0) - at, x + BAR / 2);
            line(format!(
                "<rect x=\"{x}\" y=\"{at:.1}\" width=\"{}\" height=\"{tall:.1}\" fill=\"{}\"/>",
                BAR - 3,
                COLOURS[i % 8]
            ));
            line(format!(
                "<text x=\"{middle}\" y=\"{:.1}\" font-size=\"9\" text-anchor=\"middle\">{}</text>",
                at - 3.0,
                figure(row.value)
            ));
        }
        let middle = left + others.len() * BAR / 2;
        line(format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            TOP + HEIGHT + 18,
            bytes(*size)
        ));
    }
    // As fast as the other one.
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
