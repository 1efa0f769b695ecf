//! Running the program, and openssl, with a bound on every wait.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wantls_testkit::certs;

/// The longest that anything here may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Megabytes of the large files: `WANTLS_TEST_MB`, or few enough for CI.
pub(crate) fn megabytes() -> usize {
    std::env::var("WANTLS_TEST_MB").map_or(6, |mb| mb.parse().expect("WANTLS_TEST_MB is a number"))
}

/// A directory of one test, which is removed at the end.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file with this content.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The test's certificates: authority, chain, key.
    pub(crate) fn certs(&self) -> Pem {
        Pem {
            ca: self.file("ca.pem", &certs().ca_pem),
            cert: self.file("cert.pem", &certs().chain_pem),
            key: self.file("key.pem", &certs().key_pem),
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Files with certificates and a key.
pub(crate) struct Pem {
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// So many bytes without a pattern, the same for the same seed.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// A SHA-256 in hexadecimal.
pub(crate) fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The program under test.
pub(crate) fn wantls() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wantls"))
}

/// `wantls client` for a server on this port with the test's certificate.
pub(crate) fn client(port: u16, pem: &Pem) -> Command {
    let mut command = wantls();
    command.arg("client").arg(format!("localhost:{port}")).arg("--ca").arg(&pem.ca);
    command
}

/// `wantls server` on a free port with the test's certificate.
pub(crate) fn server(pem: &Pem) -> Command {
    let mut command = wantls();
    command.args(["server", "localhost:0", "--cert"]).arg(&pem.cert).arg("--key").arg(&pem.key);
    command
}

/// The system's openssl.
pub(crate) fn openssl() -> Command {
    let found = Command::new("openssl").arg("version").output();
    assert!(
        found.is_ok_and(|o| o.status.success()),
        "no openssl command; install it: apt-get install openssl"
    );
    Command::new("openssl")
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A running process. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
    name: String,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails the test unless the process ended with this exit code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    /// Fails the test unless standard error has this in it.
    #[track_caller]
    pub(crate) fn expect_stderr(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "'{text}' is not in: {}", self.stderr);
        self
    }
}

impl Process {
    /// Starts a command; its standard input stays open until it is told otherwise.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = thread::spawn(move || {
            let mut all = Vec::new();
            out.read_to_end(&mut all).unwrap();
            all
        });
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&stderr);
        let stderr_reader = thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(n @ 1..) = err.read(&mut piece) {
                shared.lock().unwrap().extend_from_slice(&piece[..n]);
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, stdout: Some(stdout), stderr, stderr_reader: Some(stderr_reader), name }
    }

    /// Writes to its standard input.
    pub(crate) fn input(&mut self, data: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the input is open");
        stdin.write_all(data).unwrap();
        stdin.flush().unwrap();
    }

    /// Closes its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// What it has written to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.lock().unwrap()).into_owned()
    }

    /// The port that a `wantls server` listens on.
    pub(crate) fn port(&mut self) -> u16 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stderr = self.stderr();
            let line = stderr.lines().find_map(|line| line.strip_prefix("listening on "));
            // The line may be there in part.
            if let Some(port) = line.filter(|_| stderr.contains('\n')).and_then(|l| l.rsplit(':').next()) {
                return port.parse().unwrap();
            }
            assert!(Instant::now() < deadline, "{}: {stderr}", self.name);
            assert!(self.child.try_wait().unwrap().is_none(), "{} has ended: {}", self.name, self.stderr());
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{} does not end: {}", self.name, self.stderr());
            sleep(Duration::from_millis(5));
        };
        let stdout = self.stdout.take().unwrap().join().unwrap();
        self.stderr_reader.take().unwrap().join().unwrap();
        Ended { code: status.code(), stdout, stderr: self.stderr() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, without input.
pub(crate) fn run(command: &mut Command) -> Ended {
    let mut process = Process::start(command);
    process.end_input();
    process.end()
}

/// Runs a client until the server that was just started listens: it exits with 4 until then.
pub(crate) fn run_when_listening(mut command: impl FnMut() -> Command) -> Ended {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ended = run(&mut command());
        if ended.code != Some(4) || Instant::now() > deadline {
            return ended;
        }
        sleep(Duration::from_millis(20));
    }
}
