//! The command line. A flag that is not known here ends the shim with exit code 89.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{NamedGroup, ProtocolVersion, SignatureScheme};

use crate::failure::Failure;

/// The whole command line.
pub(crate) struct Flags {
    /// Where the runner listens: at the first that answers. Old runners are on IPv6 without saying so.
    pub(crate) addresses: Vec<SocketAddr>,
    /// What each connection begins with. Old runners have a port for each shim instead.
    pub(crate) shim_id: Option<u64>,
    /// Connections after the first.
    pub(crate) resume_count: usize,
    /// Seconds that seem to pass before each of them.
    pub(crate) resumption_delay: u64,
    /// What holds for the first connection.
    pub(crate) initial: Options,
    /// What holds for the others.
    pub(crate) resume: Options,
}

/// What holds for one connection.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) identity: Identity,
    pub(crate) is_async: bool,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) host_name: Option<String>,
    pub(crate) no_ticket: bool,
    pub(crate) server_preference: bool,
    pub(crate) require_ems: bool,
    pub(crate) max_send_fragment: Option<usize>,
    pub(crate) renegotiate_ignore: bool,
    pub(crate) verify_peer: bool,
    pub(crate) verify_fail: bool,
    pub(crate) custom_verify: bool,
    pub(crate) export: Option<usize>,
    pub(crate) export_label: Vec<u8>,
    pub(crate) export_context: Vec<u8>,
    pub(crate) use_export_context: bool,
    pub(crate) implicit_handshake: bool,
    pub(crate) handshake_twice: bool,
    pub(crate) no_op_extra_handshake: bool,
    pub(crate) shim_writes_first: bool,
    pub(crate) read_with_unfinished_write: bool,
    pub(crate) partial_write: bool,
    pub(crate) write_different_record_sizes: bool,
    pub(crate) shim_shuts_down: bool,
    pub(crate) check_close_notify: bool,
    pub(crate) peek_then_read: bool,
    pub(crate) key_update: bool,
    pub(crate) key_update_before_read: bool,
    pub(crate) read_size: Option<usize>,
    pub(crate) expect: Expect,
}

/// What is built once: a session is only resumed with the verifier and the credentials that it began with.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Identity {
    pub(crate) server: bool,
    pub(crate) cert_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) ocsp_response: Option<Vec<u8>>,
    pub(crate) ocsp_callback: OcspCallback,
    pub(crate) signing_prefs: Vec<SignatureScheme>,
    pub(crate) verify_prefs: Vec<SignatureScheme>,
    pub(crate) request_client_certificate: bool,
    pub(crate) require_client_certificate: bool,
    pub(crate) client_ca_list: Vec<Vec<u8>>,
    pub(crate) curves: Vec<NamedGroup>,
    pub(crate) no_tls12: bool,
    pub(crate) no_tls13: bool,
    pub(crate) min_version: Option<u16>,
    pub(crate) max_version: Option<u16>,
}

/// What BoringSSL's OCSP callback would say: a client's judges the server's response, a server's gives one.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum OcspCallback {
    #[default]
    Agrees,
    Declines,
    Fails,
}

/// What is to be checked.
#[derive(Clone, Default)]
pub(crate) struct Expect {
    pub(crate) version: Option<u16>,
    pub(crate) cipher: Option<u16>,
    pub(crate) curve: Option<NamedGroup>,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) advertised_alpn: Option<Vec<Vec<u8>>>,
    pub(crate) server_name: Option<String>,
    pub(crate) peer_signature_algorithm: Option<SignatureScheme>,
    pub(crate) peer_cert_file: Option<PathBuf>,
    pub(crate) ocsp_response: Option<Vec<u8>>,
    pub(crate) hrr: Option<bool>,
    pub(crate) session_miss: bool,
    pub(crate) no_session: bool,
    pub(crate) session_id: Option<bool>,
    pub(crate) ticket_renewal: bool,
    pub(crate) secure_renegotiation: bool,
}

impl Flags {
    /// Reads the command line.
    pub(crate) fn parse(args: &[String]) -> Result<Self, Failure> {
        let (mut port, mut ipv6, mut shim_id, mut resume_count, mut resumption_delay) =
            (0, false, None, 0, 0);
        let (mut initial, mut resume) = (Options::default(), Options::default());
        let mut args = Args(args);
        while let Some(flag) = args.next() {
            match flag {
                "-port" => port = args.number(flag)?,
                "-shim-id" => shim_id = Some(args.number(flag)?),
                "-resume-count" => resume_count = args.number(flag)?,
                "-resumption-delay" => resumption_delay = args.number(flag)?,
                "-ipv6" => ipv6 = true,
                _ => {
                    let (name, mut targets) = scope(flag, &mut initial, &mut resume);
                    let first = args;
                    for target in &mut targets {
                        args = first;
                        target.set(&name, &mut args)?;
                    }
                    if targets.is_empty() {
                        // For the retry after a rejected 0-RTT, which never comes.
                        Options::default().set(&name, &mut args)?;
                    }
                }
            }
        }
        if initial.identity != resume.identity {
            return Err(Failure::Unimplemented("another identity on resumption".into()));
        }
        let v6 = (Ipv6Addr::LOCALHOST, port).into();
        let addresses = if ipv6 { vec![v6] } else { vec![(Ipv4Addr::LOCALHOST, port).into(), v6] };
        Ok(Self { addresses, shim_id, resume_count, resumption_delay, initial, resume })
    }
}

/// The flag without its scope, and the options that it holds for.
fn scope<'a>(
    flag: &str,
    initial: &'a mut Options,
    resume: &'a mut Options,
) -> (String, Vec<&'a mut Options>) {
    for (prefix, targets) in [("-on-initial-", 0), ("-on-resume-", 1), ("-on-retry-", 2)] {
        if let Some(name) = flag.strip_prefix(prefix) {
            let targets = match targets {
                0 => vec![initial],
                1 => vec![resume],
                _ => vec![],
            };
            return (format!("-{name}"), targets);
        }
    }
    (flag.to_string(), vec![initial, resume])
}

impl Options {
    /// The context of the keying material to be exported, if one is used.
    pub(crate) fn export_context(&self) -> Option<&[u8]> {
        self.use_export_context.then_some(self.export_context.as_slice())
    }

    /// Sets what one flag says.
    fn set(&mut self, flag: &str, args: &mut Args<'_>) -> Result<(), Failure> {
        match flag {
            "-async" => self.is_async = true,
            "-advertise-alpn" => self.alpn = alpn_list(args.value(flag)?.as_bytes())?,
            "-select-alpn" => self.alpn = vec![args.value(flag)?.as_bytes().to_vec()],
            // rustls refuses a client that offers none of the server's protocols.
            "-reject-alpn" => self.alpn = vec![b"none of the client's".to_vec()],
            "-decline-alpn" => self.alpn.clear(),
            "-host-name" => self.host_name = Some(args.value(flag)?.to_string()),
            "-no-ticket" => self.no_ticket = true,
            "-server-preference" => self.server_preference = true,
            "-max-send-fragment" => self.max_send_fragment = Some(args.number(flag)?),
            "-renegotiate-ignore" => self.renegotiate_ignore = true,
            "-verify-fail" => self.verify_fail = true,
            "-use-custom-verify-callback" => self.custom_verify = true,
            "-export-keying-material" => self.export = Some(args.number(flag)?),
            "-export-label" => self.export_label = args.value(flag)?.as_bytes().to_vec(),
            "-export-context" => self.export_context = args.value(flag)?.as_bytes().to_vec(),
            "-use-export-context" => self.use_export_context = true,
            "-implicit-handshake" => self.implicit_handshake = true,
            "-handshake-twice" => self.handshake_twice = true,
            "-no-op-extra-handshake" => self.no_op_extra_handshake = true,
            "-shim-writes-first" => self.shim_writes_first = true,
            "-read-with-unfinished-write" => self.read_with_unfinished_write = true,
            "-partial-write" => self.partial_write = true,
            "-write-different-record-sizes" => self.write_different_record_sizes = true,
            "-shim-shuts-down" => self.shim_shuts_down = true,
            "-check-close-notify" => self.check_close_notify = true,
            "-peek-then-read" => self.peek_then_read = true,
            "-key-update" => self.key_update = true,
            "-key-update-before-read" => self.key_update_before_read = true,
            "-read-size" => self.read_size = Some(args.number(flag)?),
            "-expect-extended-master-secret" => self.require_ems = true,
            "-verify-peer" => {
                self.verify_peer = true;
                self.identity.request_client_certificate = true;
            }
            // What wantls does anyway, or the only way in which it does it.
            "-no-tls1"
            | "-no-tls11"
            | "-no-ssl3"
            | "-enable-all-curves"
            | "-enable-ed25519"
            | "-enable-ocsp-stapling"
            | "-use-ocsp-callback"
            | "-set-ocsp-in-callback"
            | "-use-early-callback"
            | "-use-old-client-cert-callback"
            | "-permute-extensions"
            | "-forbid-renegotiation-after-handshake"
            | "-expect-verify-result" => {}
            // The verifiers take any chain.
            "-trust-cert" => drop(args.value(flag)?),
            _ if flag.starts_with("-expect-") => self.expect.set(flag, args)?,
            _ => self.identity.set(flag, args)?,
        }
        Ok(())
    }
}

impl Identity {
    fn set(&mut self, flag: &str, args: &mut Args<'_>) -> Result<(), Failure> {
        match flag {
            "-server" => self.server = true,
            "-cert-file" => self.cert_file = Some(args.value(flag)?.into()),
            "-key-file" => self.key_file = Some(args.value(flag)?.into()),
            "-ocsp-response" => self.ocsp_response = Some(base64(args.value(flag)?)?),
            "-decline-ocsp-callback" => self.ocsp_callback = OcspCallback::Declines,
            "-fail-ocsp-callback" => self.ocsp_callback = OcspCallback::Fails,
            "-signing-prefs" => self.signing_prefs.push(args.number::<u16>(flag)?.into()),
            "-verify-prefs" => self.verify_prefs.push(args.number::<u16>(flag)?.into()),
            "-require-any-client-certificate" => {
                self.request_client_certificate = true;
                self.require_client_certificate = true;
            }
            "-use-client-ca-list" => self.client_ca_list = name_list(args.value(flag)?)?,
            "-curves" => self.curves.push(args.number::<u16>(flag)?.into()),
            "-no-tls12" => self.no_tls12 = true,
            "-no-tls13" => self.no_tls13 = true,
            "-min-version" => self.min_version = Some(args.number(flag)?),
            "-max-version" => self.max_version = Some(args.number(flag)?),
            _ => return Err(Failure::Unimplemented(flag.to_string())),
        }
        Ok(())
    }

    /// Whether the flags leave a protocol version on.
    pub(crate) fn allows(&self, version: ProtocolVersion) -> bool {
        let off = (version == ProtocolVersion::TLSv1_2 && self.no_tls12)
            || (version == ProtocolVersion::TLSv1_3 && self.no_tls13);
        let number = u16::from(version);
        !off && self.min_version.is_none_or(|min| min <= number)
            && self.max_version.is_none_or(|max| max >= number)
    }
}

impl Expect {
    fn set(&mut self, flag: &str, args: &mut Args<'_>) -> Result<(), Failure> {
        match flag {
            "-expect-version" => self.version = Some(args.number(flag)?),
            "-expect-cipher" => self.cipher = Some(args.number(flag)?),
            "-expect-curve-id" => self.curve = Some(args.number::<u16>(flag)?.into()),
            "-expect-alpn" => self.alpn = Some(args.value(flag)?.as_bytes().to_vec()),
            "-expect-advertised-alpn" => {
                self.advertised_alpn = Some(alpn_list(args.value(flag)?.as_bytes())?)
            }
            "-expect-server-name" => self.server_name = Some(args.value(flag)?.to_string()),
            "-expect-peer-signature-algorithm" => {
                self.peer_signature_algorithm = Some(args.number::<u16>(flag)?.into());
            }
            "-expect-peer-cert-file" => self.peer_cert_file = Some(args.value(flag)?.into()),
            "-expect-ocsp-response" => self.ocsp_response = Some(base64(args.value(flag)?)?),
            "-expect-hrr" => self.hrr = Some(true),
            "-expect-no-hrr" => self.hrr = Some(false),
            "-expect-session-miss" => self.session_miss = true,
            "-expect-no-session" => self.no_session = true,
            "-expect-session-id" => self.session_id = Some(true),
            "-expect-no-session-id" => self.session_id = Some(false),
            "-expect-ticket-renewal" => self.ticket_renewal = true,
            "-expect-secure-renegotiation" => self.secure_renegotiation = true,
            // There is no renegotiation, and no 0-RTT.
            "-expect-total-renegotiations" => args.only(flag, "0")?,
            "-expect-early-data-reason" => args.only(flag, "disabled")?,
            _ => return Err(Failure::Unimplemented(flag.to_string())),
        }
        Ok(())
    }
}

/// What is left of the command line.
#[derive(Clone, Copy)]
struct Args<'a>(&'a [String]);

impl<'a> Args<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn value(&mut self, flag: &str) -> Result<&'a str, Failure> {
        self.next().ok_or_else(|| Failure::other(format!("{flag} needs a value")))
    }

    fn number<T: FromStr>(&mut self, flag: &str) -> Result<T, Failure> {
        let value = self.value(flag)?;
        value.parse().map_err(|_| Failure::other(format!("{flag} {value}: not such a number")))
    }

    /// A value of which only one can be honoured.
    fn only(&mut self, flag: &str, known: &str) -> Result<(), Failure> {
        let value = self.value(flag)?;
        if value == known { Ok(()) } else { Err(Failure::Unimplemented(format!("{flag} {value}"))) }
    }
}

/// A list of protocol names as it stands on the wire: each behind its length (RFC 7301 section 3.1).
fn alpn_list(mut wire: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut names = Vec::new();
    while let Some((&len, rest)) = wire.split_first() {
        let (name, rest) = rest
            .split_at_checked(usize::from(len))
            .ok_or_else(|| Failure::other("a list of protocols that is cut off"))?;
        names.push(name.to_vec());
        wire = rest;
    }
    Ok(names)
}

/// Distinguished names in hexadecimal digits, with commas between them. BoringSSL's two kinds of no list are one here.
fn name_list(list: &str) -> Result<Vec<Vec<u8>>, Failure> {
    if matches!(list, "<EMPTY>" | "<NULL>") {
        return Ok(Vec::new());
    }
    let byte =
        |at: usize, name: &str| name.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let name = |name: &str| (0..name.len()).step_by(2).map(|at| byte(at, name)).collect::<Option<Vec<u8>>>();
    list.split(',')
        .map(name)
        .collect::<Option<_>>()
        .ok_or_else(|| Failure::other("a name that is not hexadecimal"))
}

/// Decodes base64 with the PEM reader that is there anyway: what stands in a PEM block may be anything.
fn base64(text: &str) -> Result<Vec<u8>, Failure> {
    let block = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    match CertificateDer::from_pem_slice(block.as_bytes()) {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(error) => Err(Failure::other(format!("not base64: {error}"))),
    }
}
