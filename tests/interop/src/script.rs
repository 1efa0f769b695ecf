//! How a session goes.

use std::net::{Ipv4Addr, TcpListener};

use rustls::HandshakeKind;
use wantls::{Error as TlsError, Role, Shutdown};
use wantls_transport::StreamError;

use crate::Result;
use crate::case::{Alpn, Case, ClientCert, FULL_RECORD, Script, Setup};
use crate::config::PROTOCOL;
use crate::endpoint::{Endpoint, Entrance};
use crate::peers::{Habits, Manner, Peer, Talker};
use crate::pki::{Id, Pki};
use crate::ports;

/// A line of digits, as foreign programs read lines, and have commands that begin with letters.
pub(crate) fn payload(len: usize) -> Vec<u8> {
    let mut line: Vec<u8> = (0..len).map(|i| b'0' + (i * i / 7 % 10) as u8).collect();
    if let Some(last) = line.last_mut() {
        *last = b'\n';
    }
    line
}

/// Runs a case with a peer, where we have the role `ours`.
pub(crate) fn run(case: &Case, ours: Role, peer: &dyn Peer, pki: &Pki) -> Result<()> {
    let (entrance, talker) = match ours {
        Role::Server => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            let setup = Setup { tickets: peer.habits().takes_tickets, ..case.setup };
            let entrance = Entrance::server(&setup, pki, listener)?;
            (entrance, peer.connect(port, case, pki)?)
        }
        Role::Client => {
            let port = ports::free()?;
            (Entrance::client(&case.setup, pki, port)?, peer.serve(port, case, pki)?)
        }
    };
    let habits = peer.habits();
    let mut meeting = Meeting { case, ours, pki, entrance, talker, habits };
    meeting.play().map_err(|error| format!("{error} [peer: {}]", meeting.talker.log()).into())
}

struct Meeting<'a> {
    case: &'a Case,
    ours: Role,
    pki: &'a Pki,
    entrance: Entrance,
    talker: Box<dyn Talker>,
    habits: Habits,
}

impl Meeting<'_> {
    fn play(&mut self) -> Result<()> {
        let line = payload(self.case.setup.chunk);
        match self.case.script {
            Script::Refused(by) => self.refused(by),
            Script::Resume => self.resume(&line),
            Script::WeAbort => self.we_abort(&line),
            Script::PeerAborts => self.peer_aborts(&line),
            Script::PeerCloses => self.peer_closes(&line),
            Script::HalfCloseByUs => self.half_close_by_us(&line),
            Script::HalfCloseByPeer => self.half_close_by_peer(&line),
            Script::PeerUpdatesKey => self.peer_updates_key(&line),
            Script::WeUpdateKey => self.we_update_key(&line),
            Script::OneByteRecords => self.exchanges(b"\n", 20, Some(1)),
            Script::FullRecordsFromPeer => self.exchanges(&line, self.repeats(), Some(FULL_RECORD)),
            Script::FullRecordsToPeer => self.exchanges(&line, self.repeats(), None),
            Script::Exchange => self.exchanges(&line, 1, None),
        }
    }

    /// A web server is asked once only.
    fn repeats(&self) -> usize {
        if self.talker.manner() == Manner::Http { 1 } else { 4 }
    }

    fn exchanges(&mut self, line: &[u8], times: usize, largest: Option<usize>) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        for _ in 0..times {
            self.exchange(&mut ours, line)?;
        }
        if let Some(bytes) = largest {
            expect_fact("largest record", ours.largest(), bytes)?;
        }
        self.close_first(ours)
    }

    fn we_update_key(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        for _ in 0..3 {
            self.exchange(&mut ours, line)?;
            ours.update_key()?;
        }
        self.exchange(&mut ours, line)?;
        self.close_first(ours)
    }

    fn peer_updates_key(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        self.exchange(&mut ours, line)?;
        self.talker.update_key()?;
        self.talker.say(line)?;
        ours.expect(line)?;
        if ours.tls().key_update_due().is_none() {
            return Err("no KeyUpdate came that asks for an answer".into());
        }
        ours.send(line)?;
        self.talker.hear(line)?;
        self.exchange(&mut ours, line)?;
        self.close_first(ours)
    }

    fn peer_closes(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        self.exchange(&mut ours, line)?;
        self.talker.close()?;
        ours.expect_close()?;
        self.finish(ours)
    }

    fn half_close_by_us(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        self.exchange(&mut ours, line)?;
        expect_fact("close", ours.close()?, Shutdown::Sent)?;
        self.talker.say(line)?;
        ours.expect(line)?;
        self.talker.close()?;
        ours.expect_close()?;
        self.finish(ours)
    }

    fn half_close_by_peer(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        self.exchange(&mut ours, line)?;
        self.talker.close()?;
        ours.expect_close()?;
        ours.send(line)?;
        self.talker.hear(line)?;
        self.finish(ours)
    }

    fn peer_aborts(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(self.full_kind())?;
        self.exchange(&mut ours, line)?;
        self.talker.abort()?;
        expect_cut(&mut ours)
    }

    /// We close, and the peer answers.
    fn close_first(&mut self, mut ours: Endpoint) -> Result<()> {
        if self.talker.manner() == Manner::Http {
            // It has what it asked for, so it closes, and does not wait for us.
            ours.expect_close()?;
            let _ = ours.close();
            return self.part(ours);
        }
        expect_fact("close", ours.close()?, Shutdown::Sent)?;
        if self.ours == Role::Server && !self.habits.client_answers_close {
            expect_cut(&mut ours)?;
            return self.part(ours);
        }
        if self.talker.manner() == Manner::Bridge {
            self.talker.close()?;
        }
        ours.expect_close()?;
        self.finish(ours)
    }

    /// The peer's close was read: the answer completes the session, and the peer ends.
    fn finish(&mut self, mut ours: Endpoint) -> Result<()> {
        if ours.close()? != Shutdown::Complete {
            return Err("the close is not complete".into());
        }
        self.part(ours)
    }

    /// Our socket is closed before we wait: some programs wait for that.
    fn part(&mut self, ours: Endpoint) -> Result<()> {
        drop(ours);
        self.talker.wait_end()
    }

    /// Data in both directions, one after the other: nobody's pipes get full.
    fn exchange(&mut self, ours: &mut Endpoint, line: &[u8]) -> Result<()> {
        match self.talker.manner() {
            Manner::Bridge => {
                self.talker.say(line)?;
                ours.expect(line)?;
                ours.send(line)?;
                self.talker.hear(line)
            }
            Manner::Echo => {
                ours.send(line)?;
                ours.expect(line)
            }
            Manner::Http => {
                read_head(ours)?;
                ours.expect(line)?;
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", line.len());
                ours.send(head.as_bytes())?;
                ours.send(line)?;
                self.talker.hear(line)
            }
        }
    }

    fn full_kind(&self) -> HandshakeKind {
        if self.case.setup.hello_retry {
            HandshakeKind::FullWithHelloRetryRequest
        } else {
            HandshakeKind::Full
        }
    }

    /// A session whose handshake is done and has given what the setup says.
    fn greet(&self, kind: HandshakeKind) -> Result<Endpoint> {
        let setup = &self.case.setup;
        let mut ours = self.entrance.open(setup)?;
        ours.handshake()?;
        let session = ours.tls().session().ok_or("no session")?;
        expect_fact("version", session.version, setup.version)?;
        expect_fact("suite", Some(session.suite), setup.suite.or(Some(session.suite)))?;
        expect_fact("handshake", session.kind, Some(kind))?;
        let alpn = (setup.alpn == Alpn::Agreed).then_some(PROTOCOL.as_bytes());
        expect_fact("protocol", session.alpn.as_deref(), alpn)?;
        let theirs = match self.ours {
            Role::Client if setup.other_name => Some(Id::Other),
            Role::Client => Some(setup.cert),
            Role::Server if setup.client_cert == ClientCert::Accepted => Some(Id::Client),
            Role::Server => None,
        };
        let theirs = theirs.map(|id| self.pki.get(id)).transpose()?.map(|identity| &identity.cert);
        expect_fact("certificate", session.peer_certificates.first(), theirs)?;
        if self.ours == Role::Server {
            expect_fact("name", session.server_name.as_deref(), Some(setup.name()))?;
        }
        Ok(ours)
    }

    fn refused(&mut self, by: Role) -> Result<()> {
        let mut ours = self.entrance.open(&self.case.setup)?;
        // A TLS 1.3 client learns after its own handshake that the server refuses it.
        let answer = ours.handshake().and_then(|()| ours.receive(&mut [0; 64]));
        match (by == self.ours, answer) {
            (true, Err(StreamError::Tls(TlsError::Handshake(_)))) => {}
            (false, Err(StreamError::Tls(TlsError::Peer(_)))) => {}
            (false, Err(StreamError::Tls(TlsError::Truncated))) if !self.habits.alerts => {}
            (_, answer) => return Err(format!("refused with {answer:?}").into()),
        }
        self.part(ours)
    }

    fn resume(&mut self, line: &[u8]) -> Result<()> {
        let mut first = self.greet(HandshakeKind::Full)?;
        self.exchange(&mut first, line)?;
        if self.ours == Role::Client || self.talker.manner() == Manner::Http {
            first.close()?;
            self.talker.again()?;
        } else {
            self.talker.again()?;
            first.expect_close()?;
            first.close()?;
        }
        drop(first);
        let mut second = self.greet(HandshakeKind::Resumed)?;
        self.exchange(&mut second, line)?;
        second.close()?;
        self.part(second)
    }

    fn we_abort(&mut self, line: &[u8]) -> Result<()> {
        let mut ours = self.greet(HandshakeKind::Full)?;
        if self.talker.manner() == Manner::Http {
            read_head(&mut ours)?;
        } else {
            self.exchange(&mut ours, line)?;
        }
        self.part(ours)
    }
}

/// Reads a request's head, byte by byte so that the body stays.
fn read_head(ours: &mut Endpoint) -> Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if ours.receive(&mut byte)? == 0 || head.len() > 4096 {
            return Err("no request".into());
        }
        head.push(byte[0]);
    }
    Ok(())
}

fn expect_fact<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<()> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, expected {expected:?}").into()) }
}

/// An end without close_notify must not look like one.
fn expect_cut(ours: &mut Endpoint) -> Result<()> {
    match ours.receive(&mut [0; 64]) {
        Err(StreamError::Tls(TlsError::Truncated)) => Ok(()),
        Err(StreamError::Transport(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(()),
        answer => Err(format!("the peer vanished, and we got {answer:?}").into()),
    }
}
