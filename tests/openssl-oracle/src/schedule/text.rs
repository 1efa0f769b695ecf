//! The text form: one line for the setup, one line for each step, `#` for comments.

use super::{Form, How, Peer, Schedule, Step};
use crate::arena::Buf;
use crate::setup::{Options, Role, Setup, Start, Version};
use core::fmt;
use core::str::{FromStr, SplitWhitespace};

/// A line that is not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Counted from 1; the line after the last if something is missing at the end.
    pub line: usize,
    /// What would have been right.
    pub expected: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

impl core::error::Error for ParseError {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.setup;
        let version = match s.version {
            Version::Tls12 => "1.2",
            Version::Tls13 => "1.3",
        };
        let role = match s.role {
            Role::Client => "client",
            Role::Server => "server",
        };
        write!(f, "setup {version} {role} {} {}", s.out_capacity, s.in_capacity)?;
        if s.start == Start::Fresh {
            write!(f, " fresh")?;
        }
        if s.options.no_renegotiation {
            write!(f, " no_renegotiation")?;
        }
        if s.options.ignore_eof {
            write!(f, " ignore_eof")?;
        }
        if s.options.quiet {
            write!(f, " quiet")?;
        }
        writeln!(f)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

struct Family(&'static str, Form);

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Form::Plain => f.write_str(self.0),
            Form::Ex => write!(f, "{}_ex", self.0),
            Form::Ex2(flags) => write!(f, "{}_ex2 {flags}", self.0),
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => write!(f, "same"),
            Self::Moved(buf) => write!(f, "moved {buf}"),
            Self::Longer(n) => write!(f, "longer {n}"),
            Self::Shorter(n) => write!(f, "shorter {n}"),
            Self::Rest => write!(f, "rest"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(n) => write!(f, "write {n}"),
            Self::KeyUpdate(kind) => write!(f, "key_update {kind}"),
            Self::Ticket => write!(f, "ticket"),
            Self::Close => write!(f, "close"),
            Self::Alert => write!(f, "alert"),
            Self::HelloRequest => write!(f, "hello_request"),
            Self::Damage => write!(f, "damage"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { form, buf, offset, len } => {
                write!(f, "{} {buf} {offset} {len}", Family("write", *form))
            }
            Self::Careful { form, buf, offset, len } => {
                write!(f, "{} careful {buf} {offset} {len}", Family("write", *form))
            }
            Self::Retry { form, how } => write!(f, "{} again {how}", Family("write", *form)),
            Self::Change(buf) => write!(f, "change {buf}"),
            Self::Sendfile(n) => write!(f, "sendfile {n}"),
            Self::Read { form, len } => write!(f, "{} {len}", Family("read", *form)),
            Self::Peek { form, len } => write!(f, "{} {len}", Family("peek", *form)),
            Self::Handshake => write!(f, "do_handshake"),
            Self::Shutdown => write!(f, "shutdown"),
            Self::SetShutdown(flags) => write!(f, "set_shutdown {flags}"),
            Self::KeyUpdate(kind) => write!(f, "key_update {kind}"),
            Self::SetMode(bits) => write!(f, "set_mode {bits}"),
            Self::ClearMode(bits) => write!(f, "clear_mode {bits}"),
            Self::MaxFragment(n) => write!(f, "max_fragment {n}"),
            Self::SplitFragment(n) => write!(f, "split_fragment {n}"),
            Self::Drain(n) => write!(f, "drain {n}"),
            Self::Fill(n) => write!(f, "fill {n}"),
            Self::DrainButOne => write!(f, "drain_but_one"),
            Self::FillButOne => write!(f, "fill_but_one"),
            Self::Eof => write!(f, "eof"),
            Self::Peer(peer) => write!(f, "peer {peer}"),
        }
    }
}

/// The words of one line.
struct Words<'a> {
    words: SplitWhitespace<'a>,
    line: usize,
}

impl<'a> Words<'a> {
    fn fail<T>(&self, expected: &'static str) -> Result<T, ParseError> {
        Err(ParseError { line: self.line, expected })
    }

    fn word(&mut self, expected: &'static str) -> Result<&'a str, ParseError> {
        self.words.next().ok_or(ParseError { line: self.line, expected })
    }

    fn number<T: FromStr>(&mut self) -> Result<T, ParseError> {
        let expected = "a number in range";
        self.word(expected)?.parse().map_err(|_| ParseError { line: self.line, expected })
    }

    fn buf(&mut self) -> Result<Buf, ParseError> {
        let word = self.word("a, b or c")?;
        self.buf_named(word)
    }

    fn buf_named(&self, word: &str) -> Result<Buf, ParseError> {
        Buf::ALL.into_iter().find(|buf| buf.to_string() == word).map_or_else(|| self.fail("a, b or c"), Ok)
    }

    fn write(&mut self, form: Form) -> Result<Step, ParseError> {
        match self.word("a buffer, `careful` or `again`")? {
            "careful" => {
                let buf = self.buf()?;
                Ok(Step::Careful { form, buf, offset: self.number()?, len: self.number()? })
            }
            "again" => Ok(Step::Retry { form, how: self.how()? }),
            name => {
                let buf = self.buf_named(name)?;
                Ok(Step::Write { form, buf, offset: self.number()?, len: self.number()? })
            }
        }
    }

    fn how(&mut self) -> Result<How, ParseError> {
        match self.word("same, moved, longer, shorter or rest")? {
            "same" => Ok(How::Same),
            "moved" => Ok(How::Moved(self.buf()?)),
            "longer" => Ok(How::Longer(self.number()?)),
            "shorter" => Ok(How::Shorter(self.number()?)),
            "rest" => Ok(How::Rest),
            _ => self.fail("same, moved, longer, shorter or rest"),
        }
    }

    fn peer(&mut self) -> Result<Peer, ParseError> {
        match self.word("what the peer does")? {
            "write" => Ok(Peer::Write(self.number()?)),
            "key_update" => Ok(Peer::KeyUpdate(self.number()?)),
            "ticket" => Ok(Peer::Ticket),
            "close" => Ok(Peer::Close),
            "alert" => Ok(Peer::Alert),
            "hello_request" => Ok(Peer::HelloRequest),
            "damage" => Ok(Peer::Damage),
            _ => self.fail("what the peer does"),
        }
    }

    fn step(&mut self) -> Result<Step, ParseError> {
        match self.word("a step")? {
            "write" => self.write(Form::Plain),
            "write_ex" => self.write(Form::Ex),
            "write_ex2" => {
                let flags = self.number()?;
                self.write(Form::Ex2(flags))
            }
            "change" => Ok(Step::Change(self.buf()?)),
            "sendfile" => Ok(Step::Sendfile(self.number()?)),
            "read" => Ok(Step::Read { form: Form::Plain, len: self.number()? }),
            "read_ex" => Ok(Step::Read { form: Form::Ex, len: self.number()? }),
            "peek" => Ok(Step::Peek { form: Form::Plain, len: self.number()? }),
            "peek_ex" => Ok(Step::Peek { form: Form::Ex, len: self.number()? }),
            "do_handshake" => Ok(Step::Handshake),
            "shutdown" => Ok(Step::Shutdown),
            "set_shutdown" => Ok(Step::SetShutdown(self.number()?)),
            "key_update" => Ok(Step::KeyUpdate(self.number()?)),
            "set_mode" => Ok(Step::SetMode(self.number()?)),
            "clear_mode" => Ok(Step::ClearMode(self.number()?)),
            "max_fragment" => Ok(Step::MaxFragment(self.number()?)),
            "split_fragment" => Ok(Step::SplitFragment(self.number()?)),
            "drain" => Ok(Step::Drain(self.number()?)),
            "fill" => Ok(Step::Fill(self.number()?)),
            "drain_but_one" => Ok(Step::DrainButOne),
            "fill_but_one" => Ok(Step::FillButOne),
            "eof" => Ok(Step::Eof),
            "peer" => Ok(Step::Peer(self.peer()?)),
            _ => self.fail("a step"),
        }
    }

    fn setup(&mut self) -> Result<Setup, ParseError> {
        if self.word("setup")? != "setup" {
            return self.fail("setup");
        }
        let version = match self.word("1.2 or 1.3")? {
            "1.2" => Version::Tls12,
            "1.3" => Version::Tls13,
            _ => return self.fail("1.2 or 1.3"),
        };
        let role = match self.word("client or server")? {
            "client" => Role::Client,
            "server" => Role::Server,
            _ => return self.fail("client or server"),
        };
        let (out_capacity, in_capacity) = (self.number()?, self.number()?);
        let (mut start, mut options) = (Start::Established, Options::default());
        for word in self.words.by_ref() {
            match word {
                "fresh" => start = Start::Fresh,
                "no_renegotiation" => options.no_renegotiation = true,
                "ignore_eof" => options.ignore_eof = true,
                "quiet" => options.quiet = true,
                _ => return Err(ParseError { line: self.line, expected: "an option" }),
            }
        }
        Ok(Setup { version, role, out_capacity, in_capacity, start, options })
    }

    fn end(&mut self) -> Result<(), ParseError> {
        if self.words.next().is_some() { self.fail("the end of the line") } else { Ok(()) }
    }
}

impl FromStr for Schedule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| Words { words: uncommented(line).split_whitespace(), line: i + 1 })
            .filter(|line| line.words.clone().next().is_some());
        let mut first =
            lines.next().ok_or(ParseError { line: text.lines().count() + 1, expected: "setup" })?;
        let setup = first.setup()?;
        let steps = lines.map(|mut line| {
            let step = line.step()?;
            line.end()?;
            Ok(step)
        });
        Ok(Self { setup, steps: steps.collect::<Result<_, _>>()? })
    }
}

fn uncommented(line: &str) -> &str {
    line.split_once('#').map_or(line, |(code, _)| code)
}
