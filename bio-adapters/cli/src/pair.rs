//! `wantls pair`: a client and a server in this process, and a file from one to the other.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use wantls::{Buffers, Session, WriteMode};
use wantls_bio_pair::{Bio, Capacity};

use crate::args::{Mode, PairArgs};
use crate::certs::{Certs, NAME};
use crate::checksum::Digested;
use crate::config;
use crate::ends::{self, End, Receiver, Sender, Wanted};
use crate::failure::Failure;
use crate::report::{self, duration, grouped};
use crate::source::Source;
use crate::tap::Flow;
use crate::trace::{Lane, Trace, stdout_failure};

/// Runs the command.
pub(crate) fn run(args: &PairArgs) -> Result<(), Failure> {
    let file = Source::open(&args.file)?;
    let mut trace = Trace::new(args.trace.as_deref(), args.force)?;
    let progress = report::progress(file.len);
    let (client, server) = make_ends(args)?;
    let mut client = Sender::new(client, file, progress.clone());
    let mut server = Receiver::new(server);

    let started = Instant::now();
    let outcome = ends::run(&mut client, &mut server, &mut trace);
    progress.finish_and_clear();

    let title = title(args, client.end.tls.session());
    trace.finish(&title)?;
    outcome?;
    let result = Outcome::of(started, client, server);
    result.print(&title, &mut io::stdout().lock()).map_err(stdout_failure)?;
    compare(result.sent, result.received)
}

/// A client and a server, joined by a BIO pair.
fn make_ends(args: &PairArgs) -> Result<(End, End), Failure> {
    let certs = Certs::make()?;
    let mut roots = RootCertStore::empty();
    roots.add(certs.ca).map_err(|error| Failure::Other(error.to_string()))?;
    let mode = match args.mode {
        Mode::Accept => WriteMode::Accept,
        Mode::Whole => WriteMode::Whole { moving: false },
    };
    let client = config::client(&args.offer, roots)?.write_mode(mode);
    let server = config::server(&args.offer, certs.chain, certs.key, Path::new("the key of this run"))?;
    let name = ServerName::try_from(NAME).map_err(|error| Failure::Other(error.to_string()))?;
    let capacity = Capacity::from(args.capacity);
    let (client_bio, server_bio) = Bio::pair(capacity, capacity);
    Ok((
        End::new(Lane::Client, client.connect(name, Buffers::heap())?, client_bio),
        End::new(Lane::Server, server.accept(Buffers::heap())?, server_bio),
    ))
}

fn title(args: &PairArgs, session: Option<&Session>) -> String {
    let session = session.map_or_else(|| "no session".to_owned(), report::session);
    format!("{} over a BIO pair of {} a direction\n{session}", args.file.display(), bytes(args.capacity))
}

fn bytes(n: NonZeroUsize) -> String {
    if n.get() == 1 { "1 byte".to_owned() } else { format!("{} bytes", grouped(n.get() as u64)) }
}

/// What both ends have to tell.
struct Outcome {
    client: (Flow, Wanted),
    server: (Flow, Wanted),
    handshake: Duration,
    transfer: Duration,
    /// What of the transfer both checksums took.
    hashing: Duration,
    sent: Digested,
    received: Digested,
}

impl Outcome {
    fn of(started: Instant, client: Sender, server: Receiver) -> Self {
        let established = client.end.established.max(server.end.established).unwrap_or(started);
        // The client may begin to send before the server has finished its handshake.
        let sending = client.end.established.unwrap_or(started);
        Self {
            handshake: established - started,
            transfer: server.finished.map_or(Duration::ZERO, |finished| finished - sending),
            client: (client.end.bio.sent, client.end.wanted),
            server: (server.end.bio.sent, server.end.wanted),
            hashing: client.file.hash.time() + server.hash.time(),
            sent: client.file.hash.finish(),
            received: server.hash.finish(),
        }
    }

    fn print(&self, title: &str, out: &mut impl Write) -> io::Result<()> {
        let verdict = if self.sent == self.received { "the same at both ends" } else { "NOT what was sent" };
        writeln!(out, "{title}\n")?;
        writeln!(out, "  arrived     {} bytes", grouped(self.received.bytes))?;
        writeln!(out, "  SHA-256     {}, {verdict}", self.received)?;
        writeln!(out, "  handshake   {}", duration(self.handshake))?;
        writeln!(out, "  transfer    {}{}\n", duration(self.transfer), self.throughput())?;
        writeln!(out, "  {:22}{:>14}{:>14}", "", "client", "server")?;
        let row = |out: &mut dyn Write, what: &str, client: u64, server: u64| {
            writeln!(out, "  {what:22}{:>14}{:>14}", grouped(client), grouped(server))
        };
        let ((client, client_wanted), (server, server_wanted)) = (self.client, self.server);
        row(out, "bytes sent", client.bytes, server.bytes)?;
        row(out, "records sent", client.records, server.records)?;
        row(out, "times it wanted read", client_wanted.read, server_wanted.read)?;
        row(out, "times it wanted write", client_wanted.write, server_wanted.write)
    }

    /// Of the transfer without the checksums. It is not that of the record layer alone: one thread does everything.
    fn throughput(&self) -> String {
        let time = self.transfer.saturating_sub(self.hashing);
        let build = if cfg!(debug_assertions) { "; a debug build" } else { "" };
        report::throughput(self.received.bytes, time).map_or_else(String::new, |throughput| {
            let hashing = duration(self.hashing);
            format!(", {hashing} of it for the checksums: {throughput} (both ends in one thread{build})")
        })
    }
}

/// What arrived has to be what was sent.
fn compare(sent: Digested, received: Digested) -> Result<(), Failure> {
    if sent == received {
        return Ok(());
    }
    let show = |data: Digested| format!("{} bytes with SHA-256 {data}", grouped(data.bytes));
    Err(Failure::Checksum { sent: show(sent), received: show(received) })
}

#[cfg(test)]
mod tests {
    use super::compare;
    use crate::checksum::{Digested, Hasher};

    fn of(data: &[u8]) -> Digested {
        let mut hasher = Hasher::default();
        hasher.update(data);
        hasher.finish()
    }

    #[test]
    fn other_bytes_or_fewer_are_exit_code_8() {
        assert!(compare(of(b"abc"), of(b"abc")).is_ok());
        for received in [b"abd".as_slice(), b"ab", b""] {
            let failure = compare(of(b"abc"), of(received)).err();
            assert_eq!(failure.map(|f| f.exit_code()), Some(8));
        }
    }
}
