//! The application above a foreign program: its standard input and output.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::program::Program;
use super::{Manner, PATIENCE, Talker};
use crate::Result;

/// A foreign program in a session.
pub(super) struct Foreign {
    program: Program,
    manner: Manner,
    /// Its output has other lines between the data.
    noisy: bool,
    /// What makes it change its key, on its input.
    update: &'static [u8],
    again: Again,
    /// It ends with its session.
    ends: bool,
}

/// How a program is made to resume a session.
pub(super) enum Again {
    /// It does so by itself.
    Itself,
    /// By something on its input.
    Input(&'static [u8]),
    /// By another run, once the first has put its session into a file.
    Restart(Box<Command>, PathBuf),
}

impl Foreign {
    fn start(command: &mut Command, manner: Manner) -> Result<Self> {
        Ok(Self {
            program: Program::start(command)?,
            manner,
            noisy: false,
            update: b"",
            again: Again::Itself,
            ends: true,
        })
    }

    pub(super) fn bridge(command: &mut Command) -> Result<Self> {
        Self::start(command, Manner::Bridge)
    }

    pub(super) fn echo(command: &mut Command) -> Result<Self> {
        Self::start(command, Manner::Echo)
    }

    pub(super) fn http(command: &mut Command) -> Result<Self> {
        Self::start(command, Manner::Http)
    }

    /// It is a server that waits for the next client.
    pub(super) fn stays(mut self) -> Self {
        self.ends = false;
        self
    }

    pub(super) fn noisy(mut self, noisy: bool) -> Self {
        self.noisy = noisy;
        self
    }

    pub(super) fn update(mut self, update: &'static [u8]) -> Self {
        self.update = update;
        self
    }

    pub(super) fn resumes(mut self, again: Again) -> Self {
        self.again = again;
        self
    }
}

impl Talker for Foreign {
    fn manner(&self) -> Manner {
        self.manner
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.program.say(bytes)
    }

    fn hear(&mut self, expected: &[u8]) -> Result<()> {
        self.program.output.expect(expected, self.noisy, PATIENCE)
    }

    fn close(&mut self) -> Result<()> {
        // A talkative `s_server` takes the end of its input for an order to drop everything. It answers a close without
        // being told.
        if !self.noisy {
            self.program.end_input();
        }
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.program.kill();
        Ok(())
    }

    fn update_key(&mut self) -> Result<()> {
        self.program.say(self.update)?;
        // A program reads its input in pieces, and the command has to be a piece of its own.
        thread::sleep(Duration::from_millis(50));
        Ok(())
    }

    fn again(&mut self) -> Result<()> {
        match &mut self.again {
            Again::Itself => Ok(()),
            Again::Input(command) => self.program.say(command),
            Again::Restart(command, session) => {
                let deadline = Instant::now() + PATIENCE;
                while std::fs::metadata(&session).map_or(0, |file| file.len()) == 0 {
                    if Instant::now() > deadline {
                        return Err("the peer stores no session".into());
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                self.program.end_input();
                self.program.wait(PATIENCE)?;
                self.program = Program::start(command)?;
                Ok(())
            }
        }
    }

    fn wait_end(&mut self) -> Result<()> {
        if self.ends {
            self.program.end_input();
            self.program.wait(PATIENCE)?;
        }
        Ok(())
    }

    fn log(&self) -> String {
        let lines = self.program.log.text() + &self.program.output.text();
        lines.lines().rev().take(6).collect::<Vec<_>>().join(" | ")
    }
}

/// The program's name and version, from the first line that it prints about them.
pub(super) fn version_of(program: &str, argument: &str, package: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.map_err(|_| format!("{program} is not installed: Debian package {package}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default();
    Ok(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}
