//! Running the program, and openssl, with a bound on every wait.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
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
    child: Killed,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
    name: String,
}

/// What a process has written to one of its outputs so far.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            while let Ok(n @ 1..) = pipe.read(&mut piece) {
                shared.lock().unwrap().extend_from_slice(&piece[..n]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap()
    }

    /// Everything; the process has ended.
    fn all(self) -> Vec<u8> {
        self.reader.join().unwrap();
        std::mem::take(&mut self.bytes.lock().unwrap())
    }
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
        let stdout = Output::collect(child.stdout.take().unwrap());
        let stderr = Output::collect(child.stderr.take().unwrap());
        Self { stdin: child.stdin.take(), child: Killed(child), stdout, stderr, name }
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
        String::from_utf8_lossy(&self.stderr.so_far()).into_owned()
    }

    /// What it has written to standard output so far.
    pub(crate) fn stdout(&self) -> Vec<u8> {
        self.stdout.so_far().clone()
    }

    /// Waits until `found` finds something.
    pub(crate) fn wait_for<T>(&mut self, mut found: impl FnMut(&mut Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "in vain: {}: {}", self.name, self.stderr());
            sleep(Duration::from_millis(5));
        }
    }

    /// The port that a `wantls server` listens on.
    pub(crate) fn port(&mut self) -> u16 {
        self.wait_for(|server| {
            assert!(server.child.0.try_wait().unwrap().is_none(), "it has ended: {}", server.stderr());
            let stderr = server.stderr();
            // The last line may be there in part.
            let (whole, _) = stderr.rsplit_once('\n')?;
            let address = whole.lines().find_map(|line| line.strip_prefix("listening on "))?;
            address.rsplit(':').next()?.parse().ok()
        })
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let code = self.wait_for(|process| process.child.0.try_wait().unwrap()).code();
        let Self { stdout, stderr, .. } = self;
        Ended { code, stdout: stdout.all(), stderr: String::from_utf8_lossy(&stderr.all()).into_owned() }
    }
}

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
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
