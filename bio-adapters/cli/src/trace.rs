//! The timeline of `wantls pair`: calls, answers, and bytes on their way.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::sink;
use crate::svg::Picture;

/// Columns between the two lanes of the printed timeline.
const LANE: usize = 52;

/// A side of the connection, and its place in the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Client,
    Server,
}

impl Lane {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The name as the beginning of an error message.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Client => "client: ",
            Self::Server => "server: ",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// A call, and whether its answer was a want.
    Call { lane: Lane, text: String, wants: bool },
    /// Bytes that went into the pair.
    Sent { from: Lane, text: String },
}

/// Where the timeline goes.
pub(crate) enum Trace {
    Off,
    Text { out: BufWriter<Stdout>, count: u64 },
    Picture { picture: Picture, path: PathBuf, force: bool },
}

impl Trace {
    /// `None`: no timeline; `-`: printed; anything else: drawn into that file, which is refused early if it exists.
    pub(crate) fn new(target: Option<&Path>, force: bool) -> Result<Self, Failure> {
        match target {
            None => Ok(Self::Off),
            Some(path) if path == Path::new("-") => {
                let mut out = BufWriter::new(io::stdout());
                writeln!(out, "{LEGEND}\n\n       {:LANE$}server", "client").map_err(stdout_failure)?;
                Ok(Self::Text { out, count: 0 })
            }
            Some(path) => {
                sink::Target::new(path, force)?;
                Ok(Self::Picture { picture: Picture::default(), path: path.to_owned(), force })
            }
        }
    }

    /// Notes a call and its answer.
    pub(crate) fn call(
        &mut self,
        lane: Lane,
        call: fmt::Arguments<'_>,
        answer: fmt::Arguments<'_>,
        wants: bool,
    ) -> Result<(), Failure> {
        self.note(|| Event::Call { lane, text: format!("{call} → {answer}"), wants })
    }

    /// Notes bytes that went into the pair, and the content types of the records that began in them.
    pub(crate) fn sent(&mut self, from: Lane, bytes: usize, begun: &[u8]) -> Result<(), Failure> {
        let unit = if bytes == 1 { "byte" } else { "bytes" };
        self.note(|| Event::Sent { from, text: format!("{bytes} {unit}: {}", records(begun)) })
    }

    /// Writes what is not written yet.
    pub(crate) fn finish(self, title: &str) -> Result<(), Failure> {
        match self {
            Self::Off => Ok(()),
            Self::Text { mut out, .. } => writeln!(out).and_then(|()| out.flush()).map_err(stdout_failure),
            Self::Picture { picture, path, force } => {
                let mut file = sink::create(&path, force)?;
                let svg = picture.draw(title, LEGEND);
                file.write_all(svg.as_bytes()).map_err(|e| Failure::file(&path, "can't be written", e))
            }
        }
    }

    fn note(&mut self, event: impl FnOnce() -> Event) -> Result<(), Failure> {
        match self {
            Self::Off => Ok(()),
            Self::Text { out, count } => {
                *count += 1;
                writeln!(out, "{count:>5}  {}", event()).map_err(stdout_failure)
            }
            Self::Picture { picture, .. } => {
                picture.push(event());
                Ok(())
            }
        }
    }
}

/// What the timeline can't say by itself.
const LEGEND: &str = "\
An arrow: bytes put into the pair, and the records that begin in them, as their headers call them
(in TLS 1.3 the encrypted part of the handshake looks like application data).";

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = LANE + 2;
        match self {
            Self::Call { lane: Lane::Client, text, .. } => f.write_str(text),
            Self::Call { lane: Lane::Server, text, .. } => write!(f, "{:LANE$}{text}", ""),
            Self::Sent { from: Lane::Client, text } => write!(f, "──{:─<width$}▶", format!(" {text} ")),
            Self::Sent { from: Lane::Server, text } => write!(f, "◀{:─>width$}──", format!(" {text} ")),
        }
    }
}

/// `handshake, 2 × application data`, or that a record goes on.
fn records(types: &[u8]) -> String {
    let names: Vec<String> = types
        .chunk_by(|a, b| a == b)
        .map(|run| match run.len() {
            1 => content_type(run[0]).to_owned(),
            n => format!("{n} × {}", content_type(run[0])),
        })
        .collect();
    if names.is_empty() { "the record goes on".to_owned() } else { names.join(", ") }
}

/// RFC 8446 section 5.1.
fn content_type(typ: u8) -> &'static str {
    match typ {
        20 => "change_cipher_spec",
        21 => "alert",
        22 => "handshake",
        23 => "application data",
        _ => "unknown",
    }
}

pub(crate) fn stdout_failure(error: io::Error) -> Failure {
    Failure::file(Path::new("standard output"), "can't be written", error)
}

#[cfg(test)]
mod tests {
    use super::{Event, Lane, records};

    #[test]
    fn records_are_named_in_runs() {
        assert_eq!(
            records(&[22, 20, 23, 23, 23, 21]),
            "handshake, change_cipher_spec, 3 × application data, alert"
        );
        assert_eq!(records(&[]), "the record goes on");
    }

    /// Both arrows end in the same columns, so that the lanes stay straight.
    #[test]
    fn arrows_are_as_wide_as_the_lanes_are_apart() {
        let arrow = |from| Event::Sent { from, text: "12 bytes: alert".to_owned() }.to_string();
        let (there, back) = (arrow(Lane::Client), arrow(Lane::Server));
        assert_eq!(there.chars().count(), back.chars().count());
        assert!(there.ends_with('▶') && back.starts_with('◀'), "{there}\n{back}");
    }
}
