//! Both directions of a connection at once: a source to the peer, and the peer to a sink.

use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Instant;

use indicatif::ProgressBar;
use mio::Waker;
use wantls::Step;
use wantls_transport::StreamError;

use crate::args::Transfer;
use crate::checksum::Digested;
use crate::failure::Failure;
use crate::link::Link;
use crate::report::{self, grouped};
use crate::sink::{Sink, Target};
use crate::source::{CHUNK, Source};

/// Chunks that are read ahead of the connection.
const READ_AHEAD: usize = 4;

/// What is to be sent and received, checked before there is a connection.
pub(crate) struct Plan {
    source: Option<Source>,
    target: Target,
    /// The peer has to close first.
    keep_open: bool,
    /// The input may have no end: the peer's close ends the exchange.
    interactive: bool,
}

impl Plan {
    /// Opens what is to be sent, and checks that what is received can be stored.
    pub(crate) fn new(transfer: &Transfer) -> Result<Self, Failure> {
        let dash = Path::new("-");
        let interactive = transfer.send.is_none() && transfer.recv.is_none();
        let (send, recv) = match interactive {
            true => (Some(dash), Some(dash)),
            false => (transfer.send.as_deref(), transfer.recv.as_deref()),
        };
        let target = recv.map_or(Ok(Target::Nowhere), |path| Target::new(path, transfer.force))?;
        Ok(Self {
            source: send.map(Source::open).transpose()?,
            target,
            keep_open: transfer.keep_open,
            interactive,
        })
    }
}

/// Sends and receives until both sides have closed, and says on standard error what was transferred.
pub(crate) fn run(link: &mut Link, plan: Plan) -> Result<(), Failure> {
    let sink = plan.target.open()?;
    let progress = report::progress(match (&plan.source, plan.interactive) {
        // Nothing may be drawn over what is typed and printed.
        (_, true) => Some(0),
        (Some(source), false) => source.len,
        (None, false) => None,
    });
    let started = Instant::now();
    let mut exchange = Exchange {
        output: if plan.source.is_some() { Output::Data } else { Output::Ended },
        keep_open: plan.keep_open || plan.source.is_none(),
        interactive: plan.interactive,
        feed: plan.source.map(|source| Feed::start(source, link.waker()?)).transpose()?,
        link,
        chunk: Vec::new(),
        taken: 0,
        sent: 0,
        sent_all: None,
        sink,
        peer_closed: false,
        broken: None,
        progress: progress.clone(),
    };
    let outcome = exchange.run();
    progress.finish_and_clear();
    let time = started.elapsed();
    let outcome = outcome.map_err(|failure| exchange.explain(failure));
    if exchange.feed.is_some() {
        let (checksum, time) = match exchange.sent_all {
            Some((checksum, at)) => (Some(checksum), at - started),
            None => (None, time),
        };
        eprintln!("{}", report::transferred("sent", exchange.sent, time, checksum));
    }
    let received = exchange.sink.hash.finish();
    if !matches!(plan.target, Target::Nowhere) || received.bytes > 0 {
        eprintln!("{}", report::transferred("received", received.bytes, time, Some(received)));
    }
    outcome
}

/// How far our direction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Data,
    /// All data was taken; close_notify comes next.
    Ended,
    /// close_notify has left.
    Closed,
}

struct Exchange<'l> {
    link: &'l mut Link,
    feed: Option<Feed>,
    /// What was read and not taken by the connection yet, behind `taken` bytes.
    chunk: Vec<u8>,
    taken: usize,
    output: Output,
    sent: u64,
    /// What was sent, and when: known once everything was taken.
    sent_all: Option<(Digested, Instant)>,
    sink: Sink,
    peer_closed: bool,
    keep_open: bool,
    interactive: bool,
    /// Why nothing can be sent any more. The peer may have left data, or an alert that says why.
    broken: Option<Failure>,
    progress: ProgressBar,
}

impl Exchange<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        while !(self.output == Output::Closed && self.peer_closed) {
            let sent = self.push_unless_broken()?;
            let received = self.pull()?;
            if !sent && !received {
                self.link.wait()?;
            }
        }
        Ok(())
    }

    fn push_unless_broken(&mut self) -> Result<bool, Failure> {
        if self.broken.is_some() {
            return Ok(false);
        }
        match self.push() {
            Err(failure @ (Failure::Truncated(_) | Failure::Network { .. })) if !self.peer_closed => {
                self.broken = Some(failure);
                Ok(true)
            }
            outcome => outcome,
        }
    }

    /// Goes one step on with our direction. `false`: it has to wait.
    fn push(&mut self) -> Result<bool, Failure> {
        match self.output {
            Output::Data if self.interactive && self.peer_closed => {
                self.output = Output::Ended;
                Ok(true)
            }
            Output::Data if self.taken < self.chunk.len() => self.write(),
            Output::Data => self.next_chunk(),
            Output::Ended if self.keep_open && !self.peer_closed => self.flush(),
            Output::Ended => self.close(),
            Output::Closed => Ok(false),
        }
    }

    fn close(&mut self) -> Result<bool, Failure> {
        match self.link.stream.shutdown() {
            Ok(Step::Done(_)) => {}
            Ok(Step::Want(_)) => return Ok(false),
            // A peer that closed first need not wait for our close_notify, and nothing else was sent.
            Err(StreamError::Transport(_)) if self.peer_closed && self.sent == 0 => {}
            Err(error) => return Err(error.into()),
        }
        self.output = Output::Closed;
        Ok(true)
    }

    fn write(&mut self) -> Result<bool, Failure> {
        match self.link.stream.write(&self.chunk[self.taken..])? {
            Step::Done(n) => {
                self.taken += n;
                self.sent += n as u64;
                self.progress.inc(n as u64);
                Ok(true)
            }
            Step::Want(_) => Ok(false),
        }
    }

    fn next_chunk(&mut self) -> Result<bool, Failure> {
        match self.feed.as_ref().map_or(Ok(None), Feed::next)? {
            Some(Item::Chunk(chunk)) => (self.chunk, self.taken) = (chunk, 0),
            Some(Item::End(checksum)) => {
                self.sent_all = Some((checksum, Instant::now()));
                self.output = Output::Ended;
            }
            // While there is no input, what was sealed has to leave all the same.
            None => return self.flush(),
        }
        Ok(true)
    }

    /// Sends what is queued; nothing else has to be done now.
    fn flush(&mut self) -> Result<bool, Failure> {
        let _sent_or_blocked = self.link.stream.flush()?;
        Ok(false)
    }

    /// Takes the next record's data. `false`: there is none now.
    fn pull(&mut self) -> Result<bool, Failure> {
        if self.peer_closed {
            return Ok(false);
        }
        let data = match self.link.stream.fill_buf() {
            Ok(Step::Done(data)) => data,
            Ok(Step::Want(_)) => return Ok(false),
            Err(error) => return Err(self.reason(error.into())),
        };
        if data.is_empty() {
            self.peer_closed = true;
            return self.broken.take().map_or(Ok(true), Err);
        }
        let n = data.len();
        self.sink.put(data)?;
        self.link.stream.consume(n)?;
        if self.feed.is_none() {
            self.progress.inc(n as u64);
        }
        Ok(true)
    }

    /// An alert says more than a socket that broke, and that says more than the end of the data behind it.
    fn reason(&mut self, failure: Failure) -> Failure {
        if matches!(failure, Failure::Truncated(_) | Failure::Network { .. }) {
            return self.broken.take().unwrap_or(failure);
        }
        failure
    }

    /// Adds what the user has to know about a connection that was cut.
    fn explain(&self, failure: Failure) -> Failure {
        let Failure::Truncated(_) = failure else { return failure };
        let mut text = match self.peer_closed {
            true => "the peer closed before it had received everything".to_owned(),
            false => "the peer went away without close_notify".to_owned(),
        };
        if self.feed.is_some() && self.output == Output::Data {
            text += &format!("; at most {} bytes of ours have reached it", grouped(self.sent));
        }
        if self.sink.hash.bytes() > 0 {
            text += &format!(
                "; the {} bytes that arrived are kept in {}, and more may be missing",
                grouped(self.sink.hash.bytes()),
                self.sink.name().display()
            );
        }
        Failure::Truncated(text)
    }
}

/// A thread that reads the source, as standard input can't be waited for together with a socket everywhere.
struct Feed {
    items: Receiver<Result<Item, Failure>>,
    /// A waker that is dropped takes its last call with it, so it has to outlive the thread.
    _waker: Arc<Waker>,
}

enum Item {
    Chunk(Vec<u8>),
    End(Digested),
}

impl Feed {
    fn start(source: Source, waker: Arc<Waker>) -> Result<Self, Failure> {
        let (sender, items) = sync_channel(READ_AHEAD);
        let thread_waker = Arc::clone(&waker);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || feed(source, &sender, &thread_waker))
            .map_err(|error| Failure::Other(format!("no thread for the input: {error}")))?;
        Ok(Self { items, _waker: waker })
    }

    /// The next item, if there is one already.
    fn next(&self) -> Result<Option<Item>, Failure> {
        match self.items.try_recv() {
            Ok(item) => item.map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Failure::Other("the input thread has ended".to_owned())),
        }
    }
}

/// Reads until the end, or until nobody listens any more.
fn feed(mut source: Source, sender: &SyncSender<Result<Item, Failure>>, waker: &Waker) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let item = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                buffer.truncate(n);
                Ok(Item::Chunk(mem::replace(&mut buffer, vec![0; CHUNK])))
            }
            Err(failure) => Err(failure),
        };
        let failed = item.is_err();
        if !hand_over(item, sender, waker) || failed {
            return;
        }
    }
    hand_over(Ok(Item::End(source.hash.finish())), sender, waker);
}

/// `false`: nobody listens any more.
fn hand_over(item: Result<Item, Failure>, sender: &SyncSender<Result<Item, Failure>>, waker: &Waker) -> bool {
    // A waker that fails leaves the other side asleep until the socket has news; there is nobody to tell.
    sender.send(item).is_ok() && waker.wake().is_ok()
}
