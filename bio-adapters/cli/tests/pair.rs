//! `wantls pair`: files of all sizes through pairs of all sizes, and what it says about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a surprise is a failure"
)]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "tests run on hosts")]
#![allow(dead_code, reason = "each test file uses a part of the common module")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Dir, Ended, megabytes, noise, run, sha256, wantls};

fn pair(file: &Path, args: &[&str]) -> Ended {
    run(&mut pair_command(file, args))
}

fn pair_command(file: &Path, args: &[&str]) -> Command {
    let mut command = wantls();
    command.arg("pair").args(args).arg(file);
    command
}

fn stdout(ended: &Ended) -> String {
    String::from_utf8(ended.stdout.clone()).unwrap()
}

/// A row of the printed table: client, server.
fn row(text: &str, name: &str) -> (u64, u64) {
    let line =
        text.lines().find_map(|l| l.trim().strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    let mut numbers = line.split_whitespace().map(|n| n.replace(',', "").parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn a_file_arrives_through_every_capacity_version_and_mode() {
    let dir = Dir::new();
    let large = megabytes() << 20;
    let sizes = [(1, 20_000), (7, 100_000), (512, 1 << 20), (4096, large), (65_536, large)];
    for (capacity, len) in sizes {
        let data = noise(len, capacity);
        let file = dir.file("file", &data);
        for tls in ["1.2", "1.3"] {
            for mode in ["accept", "whole"] {
                let args = ["--capacity", &capacity.to_string(), "--tls", tls, "--mode", mode];
                let text = stdout(&pair(&file, &args).expect_code(0));
                assert!(text.contains(&format!("TLSv{tls}, TLS_")), "{text}");
                assert!(text.contains(&sha256(&data)), "{args:?}: {text}");
                let (sent, _) = row(&text, "bytes sent");
                assert!(sent > len as u64, "the file and its records: {text}");
                let (records, _) = row(&text, "records sent");
                assert!(records >= (len as u64).div_ceil(1 << 14), "{text}");
            }
        }
    }
}

#[test]
fn every_suite_is_the_one_that_was_asked_for() {
    let dir = Dir::new();
    let file = dir.file("file", noise(1000, 1));
    for (suite, name) in [
        ("aes-128-gcm", "AES_128_GCM_SHA256"),
        ("aes-256-gcm", "AES_256_GCM_SHA384"),
        ("chacha20-poly1305", "CHACHA20_POLY1305_SHA256"),
    ] {
        for tls in ["1.2", "1.3"] {
            let text = stdout(&pair(&file, &["--suite", suite, "--tls", tls]).expect_code(0));
            assert!(text.contains(name), "{text}");
        }
    }
}

#[test]
fn an_empty_file_is_zero_bytes() {
    let dir = Dir::new();
    let text = stdout(&pair(&dir.file("empty", ""), &[]).expect_code(0));
    assert!(text.contains("arrived     0 bytes") && text.contains(&sha256(b"")), "{text}");
}

/// The timeline and the table are made at different places; they tell the same story.
#[test]
fn the_timeline_agrees_with_the_table() {
    let dir = Dir::new();
    let file = dir.file("file", noise(40_000, 3));
    for capacity in ["1000", "4096", "100000"] {
        let text = stdout(&pair(&file, &["--capacity", capacity, "--trace"]).expect_code(0));
        let arrows = |mark: &str| -> u64 {
            let bytes = text.lines().filter(|l| l.contains(mark)).map(|line| {
                let words: Vec<_> = line.split_whitespace().collect();
                let unit = words.iter().position(|w| w.starts_with("byte")).unwrap();
                words[unit - 1].parse::<u64>().unwrap()
            });
            bytes.sum()
        };
        assert_eq!((arrows("▶"), arrows("◀")), row(&text, "bytes sent"));
        for (want, name) in [("Want(Read)", "times it wanted read"), ("Want(Write)", "times it wanted write")]
        {
            // The server's lane begins far to the right.
            let (server, client): (Vec<_>, Vec<_>) = text
                .lines()
                .filter(|l| l.contains(want))
                .partition(|l| l.starts_with(&" ".repeat(2)) && l[7..].starts_with("   "));
            assert_eq!((client.len() as u64, server.len() as u64), row(&text, name), "{text}");
        }
    }
}

#[test]
fn the_picture_is_drawn_and_never_over_another_file() {
    let dir = Dir::new();
    let file = dir.file("a <b> & c", noise(3_000_000, 4));
    let picture = dir.path("trace.svg");
    let trace = format!("--trace={}", picture.display());
    let text = stdout(&pair(&file, &[&trace]).expect_code(0));
    assert!(!text.contains("▶"), "drawn, not printed: {text}");
    let svg = fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for part in
        ["handshake()", "Want(Read)", "Want(Write)", "Done(Complete)", "more calls", "a &lt;b&gt; &amp; c"]
    {
        assert!(svg.contains(part), "{part}");
    }

    fs::write(&picture, "mine").unwrap();
    pair(&file, &[&trace]).expect_code(3).expect_stderr("--force");
    assert_eq!(fs::read_to_string(&picture).unwrap(), "mine");
    pair(&file, &[&trace, "--force"]).expect_code(0);
    assert!(fs::read_to_string(&picture).unwrap().ends_with("</svg>\n"));
}

#[test]
fn a_file_that_can_t_be_read_is_exit_code_3() {
    let dir = Dir::new();
    pair(&dir.path("missing"), &[]).expect_code(3).expect_stderr("missing: can't be read");
    pair(&dir.path(""), &[]).expect_code(3).expect_stderr("directory");
    // It opens, and the first read fails.
    #[cfg(target_os = "linux")]
    pair(Path::new("/proc/self/mem"), &[]).expect_code(3).expect_stderr("/proc/self/mem: can't be read");
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let dir = Dir::new();
    let file = dir.file("file", "x");
    for args in [
        &["--capacity", "0"] as &[&str],
        &["--capacity", "-1"],
        &["--capacity", "many"],
        &["--tls", "1.1"],
        &["--suite", "rc4"],
        &["--mode", "half"],
        &["--nonsense"],
    ] {
        pair(&file, args).expect_code(2);
    }
    run(wantls().arg("pair")).expect_code(2);
    run(&mut wantls()).expect_code(2);
}

#[test]
fn help_has_examples_and_every_exit_code() {
    let help = run(wantls().arg("--help")).expect_code(0);
    assert!(stdout(&help).contains("Examples:"));
    for command in [&["pair"] as &[&str], &["client"], &["server"], &[]] {
        let text = stdout(&run(wantls().args(command).arg("--help")).expect_code(0));
        let codes = text.split("Exit codes:").nth(1).unwrap_or_else(|| panic!("{text}"));
        for code in 0..=8 {
            assert!(codes.contains(&format!("\n  {code}  ")), "{command:?}: {code}");
        }
    }
}
