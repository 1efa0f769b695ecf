//! A pair of ends driven by hand, for the rule tests: bytes move only when the test says so.

use crate::arena::{Arenas, Buf, peer_bytes};
use crate::setup::{Ends, Library, Setup, Version};
use crate::subject::{Outcome, Subject};

/// Both versions, because most rules hold for both.
pub const VERSIONS: [Version; 2] = [Version::Tls13, Version::Tls12];

/// The ends, the application's buffers, and what is on its way to the peer.
pub struct Lab {
    /// The end under test.
    pub subject: Box<dyn Subject>,
    /// The other end.
    pub peer: Box<dyn Subject>,
    /// The application's buffers.
    pub arenas: Arenas,
    /// The version, for sizes on the wire.
    pub version: Version,
    /// All that has left the subject, for a look at the records.
    pub wire: Vec<u8>,
    sent_by_peer: usize,
}

impl core::fmt::Debug for Lab {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Lab").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Lab {
    /// A pair made by `library`.
    #[must_use]
    pub fn new(library: &dyn Library, setup: Setup) -> Self {
        let Ends { subject, peer } = library.open(&setup);
        Self {
            subject,
            peer,
            arenas: Arenas::default(),
            version: setup.version,
            wire: Vec::new(),
            sent_by_peer: 0,
        }
    }

    /// An established client with the given outgoing capacity.
    #[must_use]
    pub fn client(library: &dyn Library, version: Version, capacity: usize) -> Self {
        Self::new(library, Setup::client(version, capacity))
    }

    /// Bytes on the wire of a record with `n` plaintext bytes.
    #[must_use]
    pub const fn w(&self, n: usize) -> usize {
        self.version.wire(n)
    }

    /// `SSL_write` of the first `n` bytes of buffer A.
    pub fn write(&mut self, n: i32) -> String {
        self.write_from(Buf::A, n)
    }

    /// `SSL_write` of the first `n` bytes of a buffer.
    pub fn write_from(&mut self, buf: Buf, n: i32) -> String {
        let bytes = self.arenas.slice(buf, 0, usize::try_from(n).unwrap_or(0));
        self.subject.write(bytes, n).to_string()
    }

    /// `SSL_write_ex` of the first `n` bytes of buffer A.
    pub fn write_ex(&mut self, n: usize) -> String {
        self.subject.write_ex(self.arenas.slice(Buf::A, 0, n)).to_string()
    }

    /// `SSL_write_ex2` of the first `n` bytes of buffer A.
    pub fn write_ex2(&mut self, n: usize, flags: u64) -> String {
        self.subject.write_ex2(self.arenas.slice(Buf::A, 0, n), flags).to_string()
    }

    /// `SSL_read`.
    pub fn read(&mut self, n: i32) -> String {
        self.subject.read(n).to_string()
    }

    /// `SSL_read_ex`.
    pub fn read_ex(&mut self, n: usize) -> String {
        self.subject.read_ex(n).to_string()
    }

    /// `SSL_peek`.
    pub fn peek(&mut self, n: i32) -> String {
        self.subject.peek(n).to_string()
    }

    /// `SSL_shutdown`.
    pub fn shutdown(&mut self) -> String {
        self.subject.shutdown().to_string()
    }

    /// `SSL_do_handshake`.
    pub fn handshake(&mut self) -> String {
        self.subject.do_handshake().to_string()
    }

    /// Bytes in the outgoing pair.
    #[must_use]
    pub fn out(&self) -> usize {
        self.subject.out_waiting()
    }

    /// Empties the outgoing pair into the peer's input.
    pub fn drain(&mut self) -> usize {
        self.drain_some(usize::MAX)
    }

    /// Moves up to `n` bytes from the outgoing pair into the peer's input.
    pub fn drain_some(&mut self, n: usize) -> usize {
        let bytes = self.subject.drain(n);
        self.peer.fill(&bytes);
        self.wire.extend_from_slice(&bytes);
        bytes.len()
    }

    /// Empties the outgoing pair and lets the bytes vanish: foreign bytes that were only in the way.
    pub fn discard(&mut self) -> usize {
        self.subject.drain(usize::MAX).len()
    }

    /// Everything the peer can read, and what ended its reading.
    pub fn peer_reads(&mut self) -> (Vec<Vec<u8>>, Outcome) {
        let mut records = Vec::new();
        loop {
            let outcome = self.peer.read(16_384);
            if outcome.ret <= 0 {
                return (records, outcome);
            }
            records.push(outcome.data);
        }
    }

    /// The sizes of the data records the peer can read.
    pub fn peer_sizes(&mut self) -> Vec<usize> {
        self.drain();
        self.peer_reads().0.iter().map(Vec::len).collect()
    }

    /// The data the peer can read, in one piece.
    pub fn peer_data(&mut self) -> Vec<u8> {
        self.drain();
        self.peer_reads().0.concat()
    }

    /// The peer writes `n` bytes, which reach the subject's input as far as there is room.
    pub fn peer_writes(&mut self, n: usize) {
        let bytes = peer_bytes(self.sent_by_peer, n);
        let outcome = self.peer.write_ex(bytes);
        assert_eq!(outcome.count, Some(n), "the peer writes");
        self.sent_by_peer += n;
        self.deliver();
    }

    /// The peer sends a KeyUpdate, with 1 as a request.
    pub fn peer_updates(&mut self, kind: i32) {
        assert_eq!(self.peer.key_update(kind).ret, 1, "the peer schedules a KeyUpdate");
        assert_eq!(self.peer.do_handshake().ret, 1, "the peer sends it");
        self.deliver();
    }

    /// The peer, a TLS 1.3 server, sends a ticket.
    pub fn peer_tickets(&mut self) {
        assert_eq!(self.peer.new_session_ticket().ret, 1, "the peer schedules a ticket");
        assert_eq!(self.peer.do_handshake().ret, 1, "the peer sends it");
        self.deliver();
    }

    /// The peer, a TLS 1.2 server, sends a HelloRequest.
    pub fn peer_asks(&mut self) {
        assert_eq!(self.peer.renegotiate().ret, 1, "the peer schedules a HelloRequest");
        assert_eq!(self.peer.do_handshake().ret, 1, "the peer sends it");
        self.deliver();
    }

    /// The peer sends close_notify.
    pub fn peer_closes(&mut self) {
        assert!(self.peer.shutdown().ret >= 0, "the peer closes");
        self.deliver();
    }

    /// The peer sends fatal alert 20, because it was given garbage on a record boundary.
    pub fn peer_dies(&mut self) {
        let mut garbage = vec![0; 45];
        garbage[..5].copy_from_slice(&[23, 3, 3, 0, 40]);
        self.peer.fill(&garbage);
        assert_eq!(self.peer.read(1).ret, -1, "the peer meets garbage");
        self.deliver();
    }

    /// What the peer has written reaches the subject's input; says how much that was.
    pub fn deliver(&mut self) -> usize {
        let bytes = self.peer.drain(usize::MAX);
        let n = self.subject.fill(&bytes);
        assert_eq!(n, bytes.len(), "the test chose a large enough pair");
        n
    }

    /// The same, but only the first `n` bytes; the others vanish.
    pub fn deliver_cut(&mut self, n: usize) {
        let bytes = self.peer.drain(usize::MAX);
        assert_eq!(self.subject.fill(&bytes[..n]), n, "the test chose a large enough pair");
    }

    /// Drives the handshake of fresh ends to its end with `SSL_do_handshake` on both sides.
    pub fn connect(&mut self) {
        for _ in 0..10_000 {
            let subject = self.subject.do_handshake().ret;
            self.drain();
            let peer = self.peer.do_handshake().ret;
            self.deliver();
            if subject == 1 && peer == 1 {
                return;
            }
        }
        panic!("the handshake does not finish");
    }

    /// The lengths of the complete records on the wire so far, headers included.
    #[must_use]
    pub fn wire_records(&self) -> Vec<usize> {
        let mut rest = self.wire.as_slice();
        let mut sizes = Vec::new();
        while let Some((&[_, _, _, high, low], body)) = rest.split_first_chunk::<5>() {
            let length = usize::from(u16::from_be_bytes([high, low]));
            let Some(next) = body.get(length..) else { break };
            sizes.push(5 + length);
            rest = next;
        }
        sizes
    }
}

/// Makes each named rule a test for every library that claims it.
///
/// `established` rules also run on the model, which has no handshakes; adding a library is one line here.
#[macro_export]
macro_rules! on_every_library {
    (established: $($name:ident),* $(,)?) => {
        mod openssl { $(#[test] fn $name() { super::$name(&$crate::ossl::OpenSsl); })* }
        mod model { $(#[test] fn $name() { super::$name(&$crate::model::ModelLibrary); })* }
        mod wantls { $(#[test] fn $name() { $crate::wantls::keeps(stringify!($name), super::$name); })* }
    };
    ($($name:ident),* $(,)?) => {
        mod openssl_all { $(#[test] fn $name() { super::$name(&$crate::ossl::OpenSsl); })* }
        mod wantls_all { $(#[test] fn $name() { $crate::wantls::keeps(stringify!($name), super::$name); })* }
    };
}
