//! One wantls end.

use std::fs::File;

use super::contexts;
use crate::setup::{AMPLE, Role, Setup, Version};
use crate::subject::{Outcome, Reason, Subject};
use wantls::{Error, ProtocolError};
use wantls_bio_pair::{Bio, Capacity, ReadOutcome, WriteOutcome};
use wantls_ssl::{Failure, Mode, Ssl};

/// The calls of `SSL_write(3)` and its family on one half of a BIO pair, and the other half.
#[derive(Debug)]
pub struct Wantls {
    ssl: Ssl<Bio>,
    net: Bio,
    version: Version,
    scratch: Vec<u8>,
}

impl Wantls {
    /// An end with a role and nothing sent yet, on ample pairs.
    pub(super) fn fresh(setup: &Setup) -> Self {
        let context = contexts::context(setup);
        let (half, net) = pair(AMPLE, AMPLE);
        let mut ssl = Ssl::new(&context, half);
        match setup.role {
            Role::Client => {
                assert_eq!(ssl.set_tlsext_host_name("localhost"), 1, "a host name");
                ssl.set_connect_state();
            }
            Role::Server => ssl.set_accept_state(),
        }
        ssl.set_quiet_shutdown(setup.options.quiet);
        Self { ssl, net, version: setup.version, scratch: Vec::new() }
    }

    /// Replaces the pair; bytes in the old one are lost.
    pub(super) fn use_pair(&mut self, out: usize, inn: usize) {
        let (half, net) = pair(out, inn);
        *self.ssl.transport_mut() = half;
        self.net = net;
    }

    fn outcome(&self, ret: i32) -> Outcome {
        let error = self.ssl.get_error(ret).into();
        Outcome { ret, error, reason: self.first_entry(), ..Outcome::default() }
    }

    /// What would be first in OpenSSL's queue.
    fn first_entry(&self) -> Option<Reason> {
        // The provider's own entry comes first.
        if let (Version::Tls12, Some(Failure::Tls(Error::Protocol(ProtocolError::BadRecordMac)))) =
            (self.version, self.ssl.failure())
        {
            return Some(Reason { library: 57, code: 102 });
        }
        self.ssl.reason().map(|reason| Reason::ssl(reason.into()))
    }

    fn counted(&self, ret: i32, count: usize) -> Outcome {
        Outcome { count: (count != UNTOUCHED).then_some(count), ..self.outcome(ret) }
    }

    fn take(&mut self, num: i32, f: fn(&mut Ssl<Bio>, &mut [u8], i32) -> i32) -> Outcome {
        let room = usize::try_from(num).unwrap_or(0);
        let ret = f(&mut self.ssl, scratch(&mut self.scratch, room), num);
        let data = self.scratch[..usize::try_from(ret).unwrap_or(0)].to_vec();
        Outcome { data, ..self.outcome(ret) }
    }

    fn take_ex(&mut self, num: usize, f: fn(&mut Ssl<Bio>, &mut [u8], &mut usize) -> i32) -> Outcome {
        let mut count = UNTOUCHED;
        let ret = f(&mut self.ssl, scratch(&mut self.scratch, num), &mut count);
        let outcome = self.counted(ret, count);
        Outcome { data: self.scratch[..outcome.count.unwrap_or(0)].to_vec(), ..outcome }
    }
}

/// No count reaches this.
const UNTOUCHED: usize = usize::MAX;

fn pair(out: usize, inn: usize) -> (Bio, Bio) {
    let capacity = |n: usize| Capacity::new(n.max(1)).expect("at least one byte");
    Bio::pair(capacity(out), capacity(inn))
}

fn scratch(scratch: &mut Vec<u8>, room: usize) -> &mut [u8] {
    if scratch.len() < room {
        scratch.resize(room, 0);
    }
    &mut scratch[..room]
}

impl Subject for Wantls {
    fn write(&mut self, buf: &[u8], num: i32) -> Outcome {
        let ret = self.ssl.write_num(buf, num);
        self.outcome(ret)
    }

    fn write_ex(&mut self, buf: &[u8]) -> Outcome {
        let mut count = UNTOUCHED;
        let ret = self.ssl.write_ex(buf, &mut count);
        self.counted(ret, count)
    }

    fn write_ex2(&mut self, buf: &[u8], flags: u64) -> Outcome {
        let mut count = UNTOUCHED;
        let ret = self.ssl.write_ex2(buf, flags, &mut count);
        self.counted(ret, count)
    }

    fn sendfile(&mut self, size: usize) -> Outcome {
        let file = File::open("/dev/zero").expect("a file without an end");
        let ret = self.ssl.sendfile(&file, 0, size, 0);
        self.outcome(i32::try_from(ret).unwrap_or(i32::MAX))
    }

    fn read(&mut self, num: i32) -> Outcome {
        self.take(num, Ssl::read_num)
    }

    fn read_ex(&mut self, num: usize) -> Outcome {
        self.take_ex(num, Ssl::read_ex)
    }

    fn peek(&mut self, num: i32) -> Outcome {
        self.take(num, Ssl::peek_num)
    }

    fn peek_ex(&mut self, num: usize) -> Outcome {
        self.take_ex(num, Ssl::peek_ex)
    }

    fn do_handshake(&mut self) -> Outcome {
        let ret = self.ssl.do_handshake();
        self.outcome(ret)
    }

    fn shutdown(&mut self) -> Outcome {
        let ret = self.ssl.shutdown();
        self.outcome(ret)
    }

    fn key_update(&mut self, kind: i32) -> Outcome {
        let ret = self.ssl.key_update(kind);
        self.outcome(ret)
    }

    fn renegotiate(&mut self) -> Outcome {
        let ret = self.ssl.renegotiate();
        self.outcome(ret)
    }

    /// rustls decides about tickets; there is no such call.
    fn new_session_ticket(&mut self) -> Outcome {
        Outcome::default()
    }

    fn get_error(&mut self, ret: i32) -> i32 {
        self.ssl.clear_error();
        self.ssl.get_error(ret).into()
    }

    fn want(&self) -> i32 {
        self.ssl.want().into()
    }

    fn pending(&self) -> i32 {
        self.ssl.pending()
    }

    fn has_pending(&self) -> i32 {
        self.ssl.has_pending()
    }

    fn get_shutdown(&self) -> i32 {
        self.ssl.get_shutdown().into()
    }

    fn set_shutdown(&mut self, flags: i32) {
        self.ssl.set_shutdown(flags.into());
    }

    fn in_init(&self) -> bool {
        self.ssl.in_init()
    }

    fn is_init_finished(&self) -> bool {
        self.ssl.is_init_finished()
    }

    fn key_update_type(&self) -> i32 {
        self.ssl.key_update_type().map_or(-1, i32::from)
    }

    fn renegotiate_pending(&self) -> i32 {
        self.ssl.renegotiate_pending()
    }

    fn set_mode(&mut self, bits: u32) -> u32 {
        self.ssl.set_mode(Mode::from(bits)).into()
    }

    fn clear_mode(&mut self, bits: u32) -> u32 {
        self.ssl.clear_mode(Mode::from(bits)).into()
    }

    fn set_max_send_fragment(&mut self, size: i64) -> i64 {
        self.ssl.set_max_send_fragment(size).into()
    }

    fn set_split_send_fragment(&mut self, size: i64) -> i64 {
        self.ssl.set_split_send_fragment(size).into()
    }

    fn out_waiting(&self) -> usize {
        self.net.pending()
    }

    fn in_waiting(&self) -> usize {
        self.net.wpending()
    }

    fn in_room(&self) -> usize {
        self.net.write_guarantee()
    }

    fn read_request(&self) -> usize {
        self.net.read_request()
    }

    fn drain(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n.min(self.net.pending())];
        if !bytes.is_empty() {
            let got = self.net.read(&mut bytes);
            assert_eq!(got, Ok(ReadOutcome::Bytes(bytes.len())), "a pair gives what it says it has");
        }
        bytes
    }

    fn fill(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.in_room());
        if n > 0 {
            let put = self.net.write(&bytes[..n]);
            assert_eq!(put, Ok(WriteOutcome::Bytes(n)), "a pair takes what it guarantees");
        }
        n
    }

    fn close_in(&mut self) {
        self.net.shutdown_wr();
    }

    fn close_out(&mut self) {
        self.ssl.transport_mut().shutdown_wr();
    }
}
