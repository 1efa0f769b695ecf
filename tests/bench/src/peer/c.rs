//! C libraries, each behind a small bridge (`c/`) with the same functions.

use core::ffi::{CStr, c_char, c_int, c_uchar, c_void};
use core::slice;
use std::ffi::CString;
use std::io::{ErrorKind, Read, Result, Write};
use std::marker::PhantomData;

use wantls::Version;
use wantls_testkit::{NAME, Suite};

use super::session::{Library, Session, Sessions, Wire};
use super::{KeyKind, Setup};

/// A C library.
pub(crate) struct CLibrary {
    name: &'static str,
    functions: &'static Functions,
    /// A suite as the library is told it, and as it names it later; `None`: it has no such suite.
    suite: fn(Setup) -> Option<(String, String)>,
}

/// wolfSSL.
#[cfg(feature = "wolfssl")]
pub(crate) const WOLFSSL: CLibrary =
    // SAFETY: a constant of the bridge.
    CLibrary { name: "wolfssl", functions: unsafe { &bench_wolfssl }, suite: wolfssl_suite };

/// Mbed TLS.
#[cfg(feature = "mbedtls")]
pub(crate) const MBEDTLS: CLibrary =
    // SAFETY: a constant of the bridge.
    CLibrary { name: "mbedtls", functions: unsafe { &bench_mbedtls }, suite: mbedtls_suite };

/// GnuTLS.
#[cfg(feature = "gnutls")]
pub(crate) const GNUTLS: CLibrary =
    // SAFETY: a constant of the bridge.
    CLibrary { name: "gnutls", functions: unsafe { &bench_gnutls }, suite: gnutls_suite };

#[cfg(feature = "wolfssl")]
fn wolfssl_suite(setup: Setup) -> Option<(String, String)> {
    let told = match setup.suite {
        Suite::Tls13Aes128 => "TLS13-AES128-GCM-SHA256".into(),
        Suite::Tls13Aes256 => "TLS13-AES256-GCM-SHA384".into(),
        Suite::Tls13Chacha => "TLS13-CHACHA20-POLY1305-SHA256".into(),
        _ => setup.openssl_name(),
    };
    Some((told.clone(), told))
}

#[cfg(feature = "mbedtls")]
fn mbedtls_suite(setup: Setup) -> Option<(String, String)> {
    let cipher = match setup.suite {
        Suite::Tls12Aes128 => "AES-128-GCM-SHA256",
        Suite::Tls12Aes256 => "AES-256-GCM-SHA384",
        Suite::Tls12Chacha => "CHACHA20-POLY1305-SHA256",
        _ => return None,
    };
    let name = format!("TLS-ECDHE-{}-WITH-{cipher}", key_kind(setup));
    Some((name.clone(), name))
}

#[cfg(feature = "gnutls")]
fn gnutls_suite(setup: Setup) -> Option<(String, String)> {
    let (cipher, mac) = match setup.suite {
        Suite::Tls13Aes128 | Suite::Tls12Aes128 => ("AES-128-GCM", "SHA256"),
        Suite::Tls13Aes256 | Suite::Tls12Aes256 => ("AES-256-GCM", "SHA384"),
        Suite::Tls13Chacha | Suite::Tls12Chacha => ("CHACHA20-POLY1305", "SHA256"),
    };
    let kind = key_kind(setup);
    let (version, name) = match setup.suite.version() {
        Version::Tls13 => ("VERS-TLS1.3".into(), format!("TLS_{cipher}_{mac}")),
        _ => (format!("VERS-TLS1.2:+ECDHE-{kind}"), format!("TLS_ECDHE_{kind}_WITH_{cipher}_{mac}")),
    };
    let told =
        format!("NONE:+{version}:+{cipher}:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+SIGN-ALL:+CTYPE-X509");
    Some((told, name.replace('-', "_")))
}

#[cfg(any(feature = "mbedtls", feature = "gnutls"))]
fn key_kind(setup: Setup) -> &'static str {
    match setup.key {
        KeyKind::EcdsaP256 => "ECDSA",
        KeyKind::Rsa2048 => "RSA",
    }
}

/// `struct library` of `c/peer.h`.
#[repr(C)]
struct Functions {
    context: unsafe extern "C" fn(*const CSetup, c_int) -> *mut c_void,
    connection: unsafe extern "C" fn(*mut c_void, *mut c_void) -> *mut c_void,
    handshake: unsafe extern "C" fn(*mut c_void) -> c_int,
    write: unsafe extern "C" fn(*mut c_void, *const c_uchar, usize) -> c_int,
    read: unsafe extern "C" fn(*mut c_void, *mut c_uchar, usize) -> c_int,
    resumed: unsafe extern "C" fn(*mut c_void) -> c_int,
    suite: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    free: unsafe extern "C" fn(*mut c_void),
}

/// `struct setup`.
#[repr(C)]
struct CSetup {
    tls13: c_int,
    resume: c_int,
    suite: *const c_char,
    name: *const c_char,
    ca: Bytes,
    cert: Bytes,
    key: Bytes,
}

/// `struct bytes`.
#[repr(C)]
struct Bytes {
    at: *const c_uchar,
    len: usize,
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self { at: bytes.as_ptr(), len: bytes.len() }
    }
}

unsafe extern "C" {
    #[cfg(feature = "wolfssl")]
    static bench_wolfssl: Functions;
    #[cfg(feature = "mbedtls")]
    static bench_mbedtls: Functions;
    #[cfg(feature = "gnutls")]
    static bench_gnutls: Functions;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bench_wire_send(wire: *mut c_void, data: *const c_uchar, len: usize) -> isize {
    // SAFETY: the wire of this connection, which nobody else looks at while the library runs.
    let wire = unsafe { &mut *wire.cast::<Wire>() };
    // SAFETY: the library gives so many bytes.
    answer(wire.write(unsafe { slice::from_raw_parts(data, len) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bench_wire_recv(wire: *mut c_void, out: *mut c_uchar, len: usize) -> isize {
    // SAFETY: the wire of this connection, which nobody else looks at while the library runs.
    let wire = unsafe { &mut *wire.cast::<Wire>() };
    // SAFETY: the library has room for so many bytes, which are only written.
    answer(wire.read(unsafe { slice::from_raw_parts_mut(out, len) }))
}

/// A count, or -1 for what would block.
fn answer(result: Result<usize>) -> isize {
    match result {
        Ok(n) => n as isize,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            -1
        }
    }
}

impl Library for CLibrary {
    fn name(&self) -> &'static str {
        self.name
    }

    fn contexts(&self, setup: Setup) -> Option<Box<dyn Sessions>> {
        let (told, named) = (self.suite)(setup)?;
        Some(Box::new(Contexts::new(self.functions, setup, told, named)))
    }
}

struct Contexts {
    functions: &'static Functions,
    client: *mut c_void,
    server: *mut c_void,
    setup: Setup,
    named: String,
}

impl Contexts {
    /// The contexts live for ever: they are few, and the libraries keep what they point to.
    fn new(functions: &'static Functions, setup: Setup, told: String, named: String) -> Self {
        let identity = setup.key.identity();
        let c_setup = CSetup {
            tls13: (setup.suite.version() == Version::Tls13).into(),
            resume: setup.resume.into(),
            suite: CString::new(told).unwrap().into_raw(),
            name: CString::new(NAME).unwrap().into_raw(),
            ca: identity.ca.as_ref().into(),
            cert: identity.certificate.as_ref().into(),
            key: identity.key.as_slice().into(),
        };
        // SAFETY: all of the setup is valid.
        let client = unsafe { (functions.context)(&raw const c_setup, 0) };
        // SAFETY: as above.
        let server = unsafe { (functions.context)(&raw const c_setup, 1) };
        Self { functions, client, server, setup, named }
    }

    fn connection(&self, context: *mut c_void, wire: Wire) -> Box<dyn Session> {
        let wire = Box::into_raw(Box::new(wire));
        // SAFETY: the context lives for ever, and the wire until the connection has gone.
        let tls = unsafe { (self.functions.connection)(context, wire.cast()) };
        let (setup, named) = (self.setup, self.named.clone());
        Box::new(Tls { functions: self.functions, tls, wire, setup, named, owns: PhantomData })
    }
}

impl Sessions for Contexts {
    fn client(&self, wire: Wire) -> Box<dyn Session> {
        self.connection(self.client, wire)
    }

    fn server(&self, wire: Wire) -> Box<dyn Session> {
        self.connection(self.server, wire)
    }
}

struct Tls {
    functions: &'static Functions,
    tls: *mut c_void,
    /// Ours, on the heap; the library has its address.
    wire: *mut Wire,
    setup: Setup,
    named: String,
    owns: PhantomData<Wire>,
}

impl Drop for Tls {
    fn drop(&mut self) {
        // SAFETY: made by this library, and freed once.
        unsafe { (self.functions.free)(self.tls) };
        // SAFETY: from a box, and the library no longer has it.
        drop(unsafe { Box::from_raw(self.wire) });
    }
}

impl Tls {
    fn count(&self, n: c_int) -> usize {
        usize::try_from(n).expect("the library has told why")
    }
}

impl Session for Tls {
    fn handshake(&mut self) -> bool {
        // SAFETY: a live connection.
        self.count(unsafe { (self.functions.handshake)(self.tls) }) > 0
    }

    fn write(&mut self, data: &[u8]) -> usize {
        // SAFETY: a live connection, and the slice as long as it says.
        self.count(unsafe { (self.functions.write)(self.tls, data.as_ptr(), data.len()) })
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        // SAFETY: a live connection, and the slice as long as it says.
        self.count(unsafe { (self.functions.read)(self.tls, out.as_mut_ptr(), out.len()) })
    }

    fn resumed(&self) -> bool {
        // SAFETY: a live connection.
        unsafe { (self.functions.resumed)(self.tls) != 0 }
    }

    fn suite(&self) -> String {
        // SAFETY: a live connection, whose handshake is over.
        let name = unsafe { (self.functions.suite)(self.tls) };
        // SAFETY: a string that lives as long as the connection.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        if name == self.named { self.setup.openssl_name() } else { name.into_owned() }
    }

    fn wire(&mut self) -> &mut Wire {
        // SAFETY: it lives as long as this, and the library is not running.
        unsafe { &mut *self.wire }
    }
}
