//! `docs/SEMANTICS.md` says what the tests say: every rule, test and difference has its entry, and the other way round.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wantls_openssl_oracle::rules::{FAMILIES, WITHOUT_TEST};
use wantls_openssl_oracle::wantls::DIFFERENT;
use wantls_ssl::DIFFERENCES;

const PAGE: &str = include_str!("../../../docs/SEMANTICS.md");

/// Where the tests of rules and differences are, from this package.
const PLACES: [&str; 4] =
    ["tests", "../../bio-adapters/bio-pair/tests", "../behaviours/tests", "../behaviours/tests/behaviours"];

/// The lines that an entry may have.
const SHAPES: [&[&str]; 5] = [
    &["Manual", "OpenSSL 3.6", "Accept", "Whole", "Ssl"],
    &["Manual", "OpenSSL 3.6", "Accept, Whole", "Ssl"],
    &["Manual", "OpenSSL 3.6", "wantls-bio-pair"],
    &["OpenSSL 3.6", "Instead", "Difference"],
    &["OpenSSL 3.6", "Instead"],
];

/// A heading `### W1: title` or `### name` with its lines `- **Key:** value`; or a row of the table of vectors.
#[derive(Debug, Default)]
struct Entry {
    id: String,
    lines: Vec<(String, String)>,
}

impl Entry {
    fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn tests(&self) -> BTreeSet<&str> {
        quoted(self.get("Tests").unwrap_or_default()).collect()
    }

    fn is_rule(&self) -> bool {
        self.id.starts_with(|c: char| c.is_ascii_uppercase())
    }

    /// As tests write it: `w01` for W1.
    fn rule(&self) -> String {
        let (family, number) = self.id.split_at(1);
        format!("{}{number:0>2}", family.to_lowercase())
    }
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn entries(page: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            let id = heading.split(':').next().unwrap_or_default().to_owned();
            entries.push(Entry { id, lines: Vec::new() });
        } else if let Some(row) = line.strip_prefix("| V") {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let tests = ("Tests".to_owned(), cells[3].to_owned());
            entries.push(Entry { id: format!("V{}", cells[0]), lines: vec![tests] });
        } else if let Some(entry) = entries.last_mut() {
            if let Some((key, value)) = line.strip_prefix("- **").and_then(|line| line.split_once(":** ")) {
                entry.lines.push((key.to_owned(), value.to_owned()));
            } else if let (Some(more), Some((_, value))) = (line.strip_prefix("  "), entry.lines.last_mut()) {
                *value = format!("{value} {more}");
            }
        }
    }
    entries
}

/// The names of all functions in the places of tests.
fn functions() -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = PLACES.iter().flat_map(|place| fs::read_dir(package.join(place)).unwrap());
    let sources =
        files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let text: String = sources.map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().filter_map(function).map(str::to_owned).collect()
}

fn function(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The rules that a test is named after: `b12_b14_pairing_again` has two.
fn rules(test: &str) -> impl Iterator<Item = &str> {
    test.split('_').take(2).filter(|part| {
        part.len() == 3
            && part.starts_with(|c: char| FAMILIES.iter().any(|(family, _)| *family == c))
            && part[1..].bytes().all(|b| b.is_ascii_digit())
    })
}

/// Everything in which the page and the code disagree.
fn problems(page: &str) -> Vec<String> {
    let (entries, functions) = (entries(page), functions());
    let mut problems = Vec::new();
    let mut demand = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let (rules_of_page, differences): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|e| e.is_rule());

    for (family, count) in FAMILIES {
        for number in 1..=count {
            let id = format!("{}{number}", family.to_ascii_uppercase());
            let found = rules_of_page.iter().filter(|entry| entry.id == id).count();
            demand(found == 1, format!("{id} has {found} entries"));
        }
    }
    let known: usize = FAMILIES.iter().map(|(_, count)| count).sum();
    demand(rules_of_page.len() == known, format!("{} entries for {known} rules", rules_of_page.len()));

    for entry in &rules_of_page {
        let (id, rule) = (&entry.id, entry.rule());
        let expected: BTreeSet<&str> =
            functions.iter().map(String::as_str).filter(|test| rules(test).any(|r| r == rule)).collect();
        demand(entry.tests() == expected, format!("{id} names {:?}; there are {expected:?}", entry.tests()));
        let reason = WITHOUT_TEST.iter().find(|(exempt, _)| *exempt == rule).map(|(_, reason)| *reason);
        // What OpenSSL can't be tested for may still be tested on our side.
        let reason = if expected.is_empty() { reason } else { None };
        demand(entry.get("No test") == reason, format!("{id}: the reason to have no test is {reason:?}"));
        for test in quoted(entry.get("Core tests").unwrap_or_default()) {
            demand(functions.contains(test), format!("{id}: there is no test {test}"));
        }
        let keys = entry.lines.iter().map(|(key, _)| key.as_str()).filter(|key| *key != "Core tests");
        let keys: Vec<&str> = keys.collect();
        let last = if expected.is_empty() { "No test" } else { "Tests" };
        let shape = keys.split_last().is_some_and(|(end, rest)| {
            *end == last && (SHAPES.contains(&rest) || id.starts_with('V') && rest.is_empty())
        });
        demand(shape, format!("{id} has the lines {keys:?}"));

        let ours = entry.get("Ssl").or(entry.get("Difference")).unwrap_or_default();
        for name in quoted(ours).filter(|name| is_name(name)) {
            demand(DIFFERENCES.iter().any(|d| d.id == name), format!("{id}: there is no difference {name}"));
        }
        for (test, name) in DIFFERENT.iter().filter(|(test, _)| expected.contains(test)) {
            let told = id.starts_with('V') || quoted(ours).any(|quoted| quoted == *name);
            demand(told, format!("{id}: {test} differs by {name}, and the entry does not say so"));
        }
    }

    let ids: Vec<&str> = differences.iter().map(|entry| entry.id.as_str()).collect();
    let expected: Vec<&str> = DIFFERENCES.iter().map(|difference| difference.id).collect();
    demand(ids == expected, format!("the named differences are {expected:?}, not {ids:?}"));
    for (entry, difference) in differences.iter().zip(DIFFERENCES) {
        let id = &entry.id;
        for (key, text) in
            [("OpenSSL 3.6", difference.openssl), ("Ssl", difference.wantls), ("Reason", difference.reason)]
        {
            demand(entry.get(key) == Some(text), format!("{id}: - **{key}:** {text}"));
        }
        let tests = entry.tests();
        let own = id.replace('-', "_");
        demand(tests.contains(own.as_str()), format!("{id}: does not name the test {own}"));
        for (test, _) in DIFFERENT.iter().filter(|(_, name)| name == id) {
            demand(tests.contains(test), format!("{id}: does not name the test {test}"));
        }
        for test in tests {
            demand(functions.contains(test), format!("{id}: there is no test {test}"));
        }
    }
    problems
}

/// Whether a quoted word is written as the differences are.
fn is_name(word: &str) -> bool {
    word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[test]
fn the_page_and_the_tests_agree() {
    let problems = problems(PAGE);
    assert!(problems.is_empty(), "docs/SEMANTICS.md:\n{}", problems.join("\n"));
}

/// What drifts is found: each change to the page makes a problem that speaks of it.
#[test]
fn a_page_that_drifts_is_found() {
    let reason = DIFFERENCES[0].reason;
    for (from, to, told) in [
        ("### W8: ", "### W99: ", "W8 has 0 entries"),
        ("### W8: ", "### W7: ", "W7 has 2 entries"),
        ("`w08_table`", "`w08_tables`", "W8 names"),
        ("`w08_table`, ", "", "W8 names"),
        ("`empty_records_have_an_end`", "`empty_records`", "R14: there is no test empty_records"),
        ("| V3 |", "| V4 |", "V3 has 0 entries"),
        ("- **No test:** the OpenSSL of", "- **No test:** the", "F5: the reason"),
        ("- **Whole:** ", "- **Half:** ", "has the lines"),
        ("### bad-retry", "### good-retry", "the named differences are"),
        (reason, "Because.", "bad-retry: - **Reason:**"),
        ("`bad_retry`", "`bad_retries`", "does not name the test bad_retry"),
        ("differs: `reads-go-on`", "differs: `reads-go-off`", "there is no difference reads-go-off"),
        ("differs: `reads-go-on`", "same", "differs by reads-go-on, and the entry does not say so"),
    ] {
        assert!(PAGE.contains(from), "{from} is no longer on the page");
        let problems = problems(&PAGE.replacen(from, to, 1));
        assert!(problems.iter().any(|problem| problem.contains(told)), "{from} -> {to}: {problems:?}");
    }
}
