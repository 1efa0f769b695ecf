//! The fuzzers' committed corpora, replayed without a fuzzer.

use std::fs;
use std::path::Path;

use wantls_testkit::{records, schedule};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.unwrap().path();
        run(&fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        files += 1;
    }
    assert!(files >= 10, "{files} files in {}", folder.display());
}

#[test]
fn schedule_replays() {
    replay("schedule", schedule::run);
}

#[test]
fn records_replays() {
    replay("records", records::run);
}
