//! What can be asked for on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use rustls::pki_types::ServerName;

/// TLS 1.2 and 1.3 for files and pipes: a client, a server, and both in one process.
#[derive(Debug, Parser)]
#[command(name = "wantls", version, max_term_width = 100, after_long_help = EXAMPLES, after_help = SEE_LONG)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Pair(PairArgs),
    Client(ClientArgs),
    Server(ServerArgs),
}

const SEE_LONG: &str = "More with --help: examples and exit codes.";

macro_rules! exit_codes {
    () => {
        "\
Exit codes:
  0  all went well: everything was transferred, and both sides closed properly
  1  something else
  2  the command line is wrong
  3  a file: missing, unreadable, exists already, can't be written, holds no certificate
  4  the network: no such host, nothing listens there, no connection
  5  the handshake failed: a certificate that does not verify, no common version or suite
  6  the peer broke the protocol, or ended the connection with an alert
  7  truncated: the peer went away too early; what had arrived is kept
  8  the checksums differ"
    };
}

const EXIT_CODES: &str = exit_codes!();

const EXAMPLES: &str = concat!(
    "\
Examples:
  wantls pair README.md
      send a file from a client to a server inside this process, and say what happened
  wantls pair --capacity 16 --trace README.md | less
      the same through 16 bytes, with every call and every byte that moved
  wantls server 127.0.0.1:4433 --cert cert.pem --key key.pem --recv copy.bin
  wantls client 127.0.0.1:4433 --ca ca.pem --servername localhost --send file.bin
      send a file over TCP, from one terminal to another
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | wantls client example.com:443 --keep-open
      talk to any TLS server

",
    exit_codes!()
);

/// Both ends of a connection in this process, over a BIO pair: sends FILE from the client to the server.
///
/// The two ends are joined by two small rings of bytes instead of a network. FILE goes across, both ends
/// close, and its SHA-256 is compared. What it took is printed: the records, the bytes, and how often each
/// side had to wait because the pair was full ("wants write") or empty ("wants read").
#[derive(Debug, Parser)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct PairArgs {
    /// The file to send
    pub(crate) file: PathBuf,
    /// Bytes that the pair holds in each direction, 1 or more
    #[arg(long, value_name = "N", default_value = "4096")]
    pub(crate) capacity: NonZeroUsize,
    #[command(flatten)]
    pub(crate) offer: Offer,
    /// What a write promises
    #[arg(long, value_enum, default_value_t = Mode::Accept)]
    pub(crate) mode: Mode,
    /// Print every call, its answer and the bytes that moved; with =FILE.svg draw it as a picture instead
    ///
    /// Each side has a lane. An arrow is bytes put into the pair, named by the records that begin in them; the
    /// other side takes them in its next turn. The picture leaves out the middle of a long transfer, and says so.
    #[arg(long, value_name = "FILE.svg", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) trace: Option<PathBuf>,
    /// Overwrite the picture if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Connects to a TLS server over TCP.
///
/// Without --send and --recv it sends standard input and prints what it receives, until the server closes.
/// With --send alone, what is received is counted and dropped; with --recv alone, nothing is sent.
/// When all is sent it sends close_notify and goes on receiving until the server's close_notify.
/// Data goes to standard output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ClientArgs {
    /// Where the server listens
    #[arg(value_name = "HOST:PORT", value_parser = HostPort::parse)]
    pub(crate) address: HostPort,
    /// Trust these certificate authorities, instead of those of the system
    #[arg(long, value_name = "PEM")]
    pub(crate) ca: Option<PathBuf>,
    /// The name that the server's certificate has to be for [default: HOST]
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    pub(crate) servername: Option<ServerName<'static>>,
    #[command(flatten)]
    pub(crate) offer: Offer,
    #[command(flatten)]
    pub(crate) transfer: Transfer,
}

/// Serves one TLS connection over TCP, and exits.
///
/// Without --echo, --send and --recv it sends standard input and prints what it receives.
/// The address that it listens on is printed to standard error; port 0 takes a free one.
#[derive(Debug, Parser)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ServerArgs {
    /// Where to listen, for instance 127.0.0.1:4433
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
    /// The certificate chain, the server's own first
    #[arg(long, value_name = "PEM")]
    pub(crate) cert: PathBuf,
    /// The private key of the certificate
    #[arg(long, value_name = "PEM")]
    pub(crate) key: PathBuf,
    /// Send back what is received
    #[arg(long, conflicts_with_all = ["send", "recv", "keep_open", "force"])]
    pub(crate) echo: bool,
    /// Serve so many connections, one after the other; the exit code is that of the first one that failed
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) connections: NonZeroUsize,
    #[command(flatten)]
    pub(crate) offer: Offer,
    #[command(flatten)]
    pub(crate) transfer: Transfer,
}

/// What is sent and what is received.
#[derive(Debug, clap::Args)]
pub(crate) struct Transfer {
    /// Send this file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) send: Option<PathBuf>,
    /// Receive into this file, which must not exist; - is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) recv: Option<PathBuf>,
    /// Overwrite the file to receive into
    #[arg(long)]
    pub(crate) force: bool,
    /// Let the peer close first: don't send close_notify at the end of the data
    ///
    /// For servers that take close_notify as a wish not to be answered, as some HTTP servers do.
    #[arg(long)]
    pub(crate) keep_open: bool,
}

/// What the handshake may agree on.
#[derive(Debug, clap::Args)]
pub(crate) struct Offer {
    /// Only this TLS version [default: 1.3 if the peer can, else 1.2]
    #[arg(long, value_name = "VERSION", value_enum)]
    pub(crate) tls: Option<Tls>,
    /// Only suites with this cipher
    #[arg(long, value_name = "CIPHER", value_enum)]
    pub(crate) suite: Option<Suite>,
    /// Application protocols (ALPN), the best first, for instance h2,http/1.1
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',')]
    pub(crate) alpn: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    #[value(name = "1.2")]
    V12,
    #[value(name = "1.3")]
    V13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    #[value(name = "aes-128-gcm")]
    Aes128Gcm,
    #[value(name = "aes-256-gcm")]
    Aes256Gcm,
    #[value(name = "chacha20-poly1305")]
    Chacha20Poly1305,
}

/// The write modes, as `wantls::WriteMode` describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Takes what fits, and says how much
    Accept,
    /// Is done when everything has left, as SSL_write(3)
    Whole,
}

/// `HOST:PORT`, where an IPv6 address is in brackets.
#[derive(Clone, Debug)]
pub(crate) struct HostPort {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The host as a name for a certificate.
    pub(crate) name: ServerName<'static>,
}

impl HostPort {
    fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').ok_or("expected HOST:PORT")?;
        let port = port.parse().map_err(|_| format!("'{port}' is not a port"))?;
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        Ok(Self { host: host.to_owned(), port, name: server_name(host)? })
    }
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(text.to_owned())
        .map_err(|_| format!("'{text}' is neither a DNS name nor an IP address"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

    use clap::CommandFactory;

    use super::{Args, HostPort};

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn hosts_and_ports() {
        let parsed = |text| HostPort::parse(text).map(|a| (a.host, a.port));
        assert_eq!(parsed("localhost:443"), Ok(("localhost".to_owned(), 443)));
        assert_eq!(parsed("[::1]:4433"), Ok(("::1".to_owned(), 4433)));
        assert_eq!(parsed("127.0.0.1:65535"), Ok(("127.0.0.1".to_owned(), 65535)));
        for bad in ["localhost", "localhost:", "localhost:65536", ":443", "a b:443", "-:1", "[::1:443", ""] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
