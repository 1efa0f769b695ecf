//! The figures that the project wants to reach, and the measured ones beside them.

use super::Row;
use super::table::figure;

const AES: &[&str] = &["AES-128-GCM", "AES-256-GCM"];
const CHACHA: &[&str] = &["ChaCha20-Poly1305"];
const ANY: &[&str] = &[];

const HANDSHAKES: &[&str] = &[
    "handshake_full_client",
    "handshake_full_server",
    "handshake_resumed_client",
    "handshake_resumed_server",
];
const PARKED: &[&str] = &["memory_parked_client", "memory_parked_server"];
const ALLOCATIONS: &[&str] = &["allocations_seal", "allocations_read"];

/// What has to hold for every row that is meant.
struct Target {
    what: &'static str,
    workloads: &'static [&'static str],
    suites: &'static [&'static str],
    /// 0: any.
    size: usize,
    /// Whose figure it is: that of wantls, or a ratio.
    of: &'static str,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

use Bound::{AtLeast, AtMost};

const K16: usize = 16 << 10;
const K1: usize = 1 << 10;

#[rustfmt::skip]
const ALL: &[Target] = &[
    Target { what: "seal 16 KiB, AES", workloads: &["seal"], suites: AES, size: K16, of: "wantls/raw_aead", bound: AtLeast(0.95) },
    Target { what: "seal 16 KiB, AES", workloads: &["seal"], suites: AES, size: K16, of: "wantls/rustls_unbuffered", bound: AtLeast(1.4) },
    Target { what: "seal 16 KiB, AES", workloads: &["seal"], suites: AES, size: K16, of: "wantls/openssl", bound: AtLeast(1.9) },
    Target { what: "seal 1 KiB, AES", workloads: &["seal"], suites: AES, size: K1, of: "wantls/raw_aead", bound: AtLeast(0.80) },
    Target { what: "seal 1 KiB, AES", workloads: &["seal"], suites: AES, size: K1, of: "wantls/rustls_unbuffered", bound: AtLeast(1.35) },
    Target { what: "seal 1 KiB, AES", workloads: &["seal"], suites: AES, size: K1, of: "wantls/openssl", bound: AtLeast(2.0) },
    Target { what: "seal 64 B, AES", workloads: &["seal"], suites: AES, size: 64, of: "wantls/rustls", bound: AtLeast(1.5) },
    Target { what: "seal 64 B, AES", workloads: &["seal"], suites: AES, size: 64, of: "wantls/openssl", bound: AtLeast(2.0) },
    Target { what: "open 16 KiB by fill_buf, AES", workloads: &["open_fill_buf"], suites: AES, size: K16, of: "wantls/raw_aead", bound: AtLeast(0.93) },
    Target { what: "open 16 KiB by fill_buf, AES", workloads: &["open_fill_buf"], suites: AES, size: K16, of: "wantls/rustls_unbuffered", bound: AtLeast(1.25) },
    Target { what: "open 16 KiB by read, AES", workloads: &["open_read"], suites: AES, size: K16, of: "wantls/raw_aead", bound: AtLeast(0.88) },
    Target { what: "open 16 KiB by read, AES", workloads: &["open_read"], suites: AES, size: K16, of: "wantls/rustls_unbuffered", bound: AtLeast(1.0) },
    Target { what: "receive 16 KiB by read, AES", workloads: &["receive_read"], suites: AES, size: K16, of: EVERY_PEER, bound: AtLeast(1.0) },
    Target { what: "handshakes, the slowest", workloads: HANDSHAKES, suites: ANY, size: 0, of: "wantls/rustls", bound: AtLeast(0.98) },
    Target { what: "handshakes, the slowest", workloads: HANDSHAKES, suites: ANY, size: 0, of: "wantls/openssl", bound: AtLeast(1.3) },
    Target { what: "idle connection, parked (bytes)", workloads: PARKED, suites: ANY, size: 0, of: "wantls", bound: AtMost(2560.0) },
    Target { what: "idle connection, parked", workloads: PARKED, suites: ANY, size: 0, of: "wantls/rustls", bound: AtMost(0.4) },
    Target { what: "seal 16 KiB, ChaCha20-Poly1305", workloads: &["seal"], suites: CHACHA, size: K16, of: "wantls/raw_aead", bound: AtLeast(0.95) },
    Target { what: "allocations for a record", workloads: ALLOCATIONS, suites: ANY, size: 0, of: "wantls", bound: AtMost(0.0) },
];

/// The ratio to the fastest of those that are no limits.
const EVERY_PEER: &str = "every peer";

/// The rows of a Markdown table: what, to whom, wanted, reached, whether that is enough; and what the AEAD alone
/// would reach, which nothing can be faster than.
pub(super) fn table(rows: &[Row]) -> Vec<[String; 6]> {
    ALL.iter().map(|target| target.line(rows)).collect()
}

/// The ratio of the AEAD alone to what `row` compares wantls with.
fn limit(rows: &[Row], row: &Row) -> Option<f64> {
    let alone = |other: &&Row| {
        let key = |row: &Row| (row.workload.clone(), row.tls.clone(), row.suite.clone(), row.size);
        other.implementation == "wantls/raw_aead" && key(other) == key(row)
    };
    let to_alone = rows.iter().find(alone)?.value;
    row.implementation.starts_with("wantls/").then(|| row.value / to_alone)
}

impl Target {
    fn line(&self, rows: &[Row]) -> [String; 6] {
        let meant: Vec<_> = rows.iter().filter(|row| self.means(row)).collect();
        let order = |a: &&&Row, b: &&&Row| a.value.total_cmp(&b.value);
        let (sign, wanted, worst) = match self.bound {
            AtLeast(wanted) => ("≥", wanted, meant.iter().min_by(order)),
            AtMost(wanted) => ("≤", wanted, meant.iter().max_by(order)),
        };
        let limit = worst.and_then(|worst| limit(rows, worst)).map_or("–".into(), figure);
        let worst = worst.map(|row| row.value);
        let reached = worst.map_or("not measured".into(), figure);
        let met = worst.map_or("", |worst| match self.bound {
            AtLeast(wanted) if worst >= wanted => "yes",
            AtMost(wanted) if worst <= wanted => "yes",
            AtLeast(_) | AtMost(_) => "**no**",
        });
        let to = self.of.strip_prefix("wantls").unwrap_or(self.of).trim_start_matches('/');
        [self.what.into(), to.into(), format!("{sign} {}", figure(wanted)), reached, met.into(), limit]
    }

    fn means(&self, row: &Row) -> bool {
        let limit = |of: &str| matches!(of, "wantls/raw_aead" | "wantls/memcpy");
        let of = &row.implementation;
        self.workloads.contains(&row.workload.as_str())
            && (self.suites.is_empty() || self.suites.contains(&row.suite.as_str()))
            && (self.size == 0 || self.size == row.size)
            && (self.of == of || self.of == EVERY_PEER && of.starts_with("wantls/") && !limit(of))
    }
}
