//! Telling what happened: numbers, checksums, sessions, and the progress of long transfers.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wantls::Session;

use crate::checksum::Digested;

/// Bytes from which on a transfer gets a progress bar.
const LONG: u64 = 8 << 20;

/// The bytes and the time below which a throughput would say more about the clock than about the transfer.
const MEASURABLE: (u64, Duration) = (64 << 10, Duration::from_millis(1));

/// Version, suite, key exchange and protocol of a session, as IANA names them.
pub(crate) fn session(session: &Session) -> String {
    let suite = format!("{:?}", session.suite).replace("TLS13_", "TLS_");
    let mut text = format!("{}, {suite}", session.version);
    if let Some(group) = session.group {
        text += &format!(", {group:?}");
    }
    if let Some(alpn) = &session.alpn {
        text += &format!(", ALPN {}", alpn.escape_ascii());
    }
    text
}

/// A number with a comma after each thousand.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration with three digits.
pub(crate) fn duration(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.0} µs"),
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// Bytes per second, or nothing where there is too little to measure.
pub(crate) fn throughput(bytes: u64, time: Duration) -> Option<String> {
    let measurable = bytes >= MEASURABLE.0 && time >= MEASURABLE.1;
    measurable.then(|| format!("{:.0} MB/s", bytes as f64 / time.as_secs_f64() / 1e6))
}

/// What went one way.
pub(crate) fn transferred(what: &str, bytes: u64, time: Duration, checksum: Option<Digested>) -> String {
    let mut text = format!("{what} {} bytes in {}", grouped(bytes), duration(time));
    if let Some(throughput) = throughput(bytes, time) {
        text += &format!(" ({throughput})");
    }
    if let Some(checksum) = checksum {
        text += &format!(", SHA-256 {checksum}");
    }
    text
}

/// A progress bar on standard error for a transfer that is long, or may be; nothing where that is no terminal.
pub(crate) fn progress(len: Option<u64>) -> ProgressBar {
    match len {
        Some(len) if len >= LONG => {
            let template =
                "{bar:40} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta} left";
            ProgressBar::new(len).with_style(style(ProgressStyle::default_bar(), template))
        }
        Some(_) => ProgressBar::hidden(),
        None => {
            let template = "{spinner} {decimal_bytes} {decimal_bytes_per_sec}";
            ProgressBar::no_length().with_style(style(ProgressStyle::default_spinner(), template))
        }
    }
}

/// A template that does not parse is a plain bar.
fn style(default: ProgressStyle, template: &str) -> ProgressStyle {
    default.clone().template(template).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, grouped, throughput};

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(104_857_600), "104,857,600");
        assert_eq!(duration(Duration::from_micros(12)), "12 µs");
        assert_eq!(duration(Duration::from_micros(1234)), "1.23 ms");
        assert_eq!(duration(Duration::from_millis(65_430)), "65.43 s");
    }

    #[test]
    fn a_short_transfer_has_no_throughput() {
        assert_eq!(throughput(1 << 20, Duration::from_micros(10)), None);
        assert_eq!(throughput(25, Duration::from_secs(1)), None);
        assert_eq!(throughput(100_000_000, Duration::from_millis(500)).as_deref(), Some("200 MB/s"));
    }
}
