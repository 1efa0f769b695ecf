//! A child process that can't outlive its case.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::heard::Heard;
use crate::Result;

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    /// Feeds its standard input from a thread, so that a full pipe does not stop us. Dropping it is end of file.
    input: Option<Sender<Vec<u8>>>,
    /// Its standard output.
    pub(super) output: Arc<Heard>,
    /// Its standard error.
    pub(super) log: Arc<Heard>,
}

impl Program {
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{:?} does not start: {error}", command.get_program()))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("a child process has no pipes".into());
        };
        let (input, pieces) = channel::<Vec<u8>>();
        thread::spawn(move || {
            for bytes in pieces {
                if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input: Some(input), output: Heard::from(stdout), log: Heard::from(stderr) })
    }

    pub(super) fn say(&self, bytes: &[u8]) -> Result<()> {
        let input = self.input.as_ref().ok_or("its input is closed")?;
        Ok(input.send(bytes.to_vec()).map_err(|_| "its input is gone")?)
    }

    pub(super) fn end_input(&mut self) {
        self.input = None;
    }

    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    /// Waits for it to end by itself.
    pub(super) fn wait(&mut self, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err("the peer does not end".into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}
