//! `plain_out`: plaintext that is made where it is sealed arrives as if it had been written, and a grant that is not
//! sealed has never been.

use core::num::NonZeroUsize;

use wantls::buffers::{RESERVE, TLS12_RECORD};
use wantls::crypto::AwsLcRs;
use wantls::{
    Buffers, ClientContext, Error, Phase, RetryFault, Role, ServerContext, Step, Usage, Want, WriteMode,
};
use wantls_testkit::raw::content;
use wantls_testkit::{
    NAME, RawPeer, Suite, Tls, accept_with, carry, client_config, connect_with, established, handshake,
    server, server_config,
};

use wantls_transport::{Recv, Sent, Stream, Transport};

use crate::{BOTH, pattern, read_all};

/// As much of `data` as one grant takes.
fn put(tls: &mut Tls, data: &[u8]) -> Result<Step<usize>, Error> {
    match tls.plain_out(data.len())? {
        Step::Done(mut grant) => {
            let space = grant.space();
            let n = space.len();
            space.copy_from_slice(&data[..n]);
            grant.seal(n).map(Step::Done)
        }
        Step::Want(want) => Ok(Step::Want(want)),
    }
}

/// A pair whose client has a `tls_out` of `out` bytes.
fn pair_with(suite: Suite, out: usize) -> (Tls, Tls) {
    let context = ClientContext::new(client_config(suite), AwsLcRs).unwrap();
    let mut client = connect_with(&context, Buffers::heap_of(2 * TLS12_RECORD, out));
    let mut server = accept_with(&server(suite), Buffers::heap());
    handshake(&mut client, &mut server);
    (client, server)
}

#[test]
fn what_is_put_there_arrives_in_every_suite_and_every_size_of_record() {
    let data = pattern(50_000);
    for suite in Suite::ALL {
        for fragment in [1, 100, 1000, 16_384] {
            let data = &data[..data.len().min(fragment * 50)];
            let (mut client, mut server) = established(suite);
            client.set_max_fragment(fragment);
            let (mut sent, mut got) = (0, Vec::new());
            while sent < data.len() {
                // Both ways of writing, mixed.
                let step = match sent % 3 {
                    0 => client.write(&data[sent..data.len().min(sent + 7)]),
                    _ => put(&mut client, &data[sent..]),
                };
                match step.unwrap() {
                    Step::Done(n) => {
                        assert!((1..=fragment.max(7)).contains(&n));
                        sent += n;
                    }
                    Step::Want(want) => {
                        assert_eq!(want, Want::Write);
                        assert!(carry(&mut client, &mut server) > 0);
                        assert_eq!(read_all(&mut server, &mut got), Ok(false));
                    }
                }
            }
            carry(&mut client, &mut server);
            assert_eq!(read_all(&mut server, &mut got), Ok(false));
            assert!(got == data, "{suite:?} {fragment}");
        }
    }
}

#[test]
fn one_record_a_grant_as_long_as_what_was_sealed() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        for (most, sealed) in [(20_000, 16_384), (20_000, 3), (10, 10), (10, 1)] {
            let Step::Done(mut grant) = tls.plain_out(most).unwrap() else { panic!("there is room") };
            assert_eq!(grant.space().len(), most.min(16_384));
            grant.space()[..sealed].copy_from_slice(&pattern(sealed));
            assert_eq!(grant.seal(sealed), Ok(sealed));
            assert_eq!(tls.pending().tls_out, sealed + suite.overhead());
            let records = raw.receive(&mut tls);
            let [record] = records.as_slice() else { panic!("{records:?}") };
            assert_eq!((record.typ, &record.payload), (content::APPLICATION_DATA, &pattern(sealed)));
        }
    }
}

#[test]
fn a_grant_that_is_dropped_or_overdrawn_or_sealed_empty_has_changed_nothing() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        assert_eq!(client.write(b"one "), Ok(Step::Done(4)));
        let before = (client.pending(), client.tls_out().bytes().to_vec());
        for most in [0, 5, 20_000] {
            let Step::Done(mut grant) = client.plain_out(most).unwrap() else { panic!("there is room") };
            grant.space().fill(b'x');
            drop(grant);
            let Step::Done(mut grant) = client.plain_out(most).unwrap() else { panic!("there is room") };
            let offered = grant.space().len();
            let error = grant.seal(offered + 1).unwrap_err();
            assert_eq!(error, Error::Usage(Usage::GrantExceeded { given: offered + 1, offered }));
            let Step::Done(grant) = client.plain_out(most).unwrap() else { panic!("there is room") };
            assert_eq!(grant.seal(0), Ok(0));
            assert_eq!((client.pending(), client.tls_out().bytes().to_vec()), before);
        }
        // No sequence number was used: what follows decrypts.
        assert_eq!(put(&mut client, b"two"), Ok(Step::Done(3)));
        carry(&mut client, &mut server);
        let mut got = Vec::new();
        assert_eq!(read_all(&mut server, &mut got), Ok(false));
        assert_eq!(got, b"one two");
    }
}

#[test]
fn what_was_not_sealed_is_wiped() {
    for suite in BOTH {
        for sealed in [0, 1, 500, 9_900] {
            let (mut client, mut server) = established(suite);
            assert_eq!(read_all(&mut client, &mut Vec::new()), Ok(false));
            let Step::Done(mut grant) = client.plain_out(10_000).unwrap() else { panic!("there is room") };
            grant.space().fill(b'x');
            match sealed {
                0 => drop(grant),
                n => assert_eq!(grant.seal(n), Ok(n)),
            }
            let record = client.pending().tls_out;
            carry(&mut client, &mut server);
            let (_, buffers) = client.park().unwrap();
            let unsealed = &buffers.tls_out[record..10_000];
            assert!(unsealed.iter().all(|&b| b == 0), "{suite:?} {sealed}");
        }
    }
}

#[test]
fn the_room_is_that_of_a_write_and_the_reserve_stays_free() {
    for suite in BOTH {
        for out in [16_600, 17_000, 33_000, 40_000] {
            let (mut client, _server) = pair_with(suite, out);
            let (mut twin, _peer) = pair_with(suite, out);
            for len in [9000, 16_000, 5000, 800, 90, 7, 1, 1] {
                let data = pattern(len);
                let step = put(&mut client, &data).unwrap();
                assert_eq!(step, twin.write(&data).unwrap(), "{suite:?} {out} {len}");
                assert_eq!(client.pending().tls_out, twin.pending().tls_out);
                assert!(out - client.pending().tls_out >= RESERVE);
            }
            while put(&mut client, b"x").unwrap().done().is_some() {}
            assert_eq!(put(&mut client, b"x"), Ok(Step::Want(Want::Write)));
            // A fifth has left: the rest moves aside without harm.
            let fifth = client.pending().tls_out / 5;
            let rest = client.tls_out().bytes()[fifth..].to_vec();
            client.tls_out().consume(fifth).unwrap();
            let Step::Done(mut grant) = client.plain_out(1000).unwrap() else { panic!("there is room") };
            grant.space().fill(0);
            drop(grant);
            assert!(client.tls_out().bytes() == rest);
        }
    }
}

#[test]
fn a_key_update_that_is_due_goes_first_and_a_used_up_key_is_changed() {
    let suite = Suite::Tls13Aes128;
    let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
    raw.send_key_update(&mut tls, 1);
    assert_eq!(read_all(&mut tls, &mut Vec::new()), Ok(false));
    assert_eq!(tls.key_update_due(), Some(false));
    assert_eq!(put(&mut tls, b"data"), Ok(Step::Done(4)));
    let payloads: Vec<_> = raw.receive(&mut tls).into_iter().map(|r| r.payload).collect();
    assert_eq!(payloads, [vec![24, 0, 0, 1, 0], b"data".to_vec()]);

    let context = ClientContext::new(client_config(suite), AwsLcRs).unwrap().rekey_after(5);
    let name = rustls::pki_types::ServerName::try_from(NAME).unwrap();
    let mut tls = context.connect(name, Buffers::heap()).unwrap();
    let mut raw = RawPeer::server(server_config(suite), &mut tls);
    for _ in 0..20 {
        assert_eq!(put(&mut tls, b"data"), Ok(Step::Done(4)));
    }
    let records = raw.receive(&mut tls);
    let of = |typ| records.iter().filter(|r| r.typ == typ).count();
    assert_eq!(of(content::APPLICATION_DATA), 20);
    assert_eq!(of(content::HANDSHAKE), 3, "a KeyUpdate in front of every sixth record");
}

#[test]
fn a_used_up_key_of_tls12_ends_the_connection_at_the_next_grant() {
    let suite = Suite::Tls12Aes128;
    let context = ServerContext::new(server_config(suite), AwsLcRs).unwrap().rekey_after(3);
    let mut tls = context.accept(Buffers::heap()).unwrap();
    let mut raw = RawPeer::client(client_config(suite), &mut tls);
    let mut sent = 0;
    let error = loop {
        match put(&mut tls, b"data") {
            Ok(step) => sent += step.done().unwrap(),
            Err(error) => break error,
        }
        assert!(sent < 100);
    };
    assert_eq!((error, tls.phase()), (Error::KeyExhausted, Phase::Failed));
    let records = raw.receive(&mut tls);
    let data: usize =
        records.iter().filter(|r| r.typ == content::APPLICATION_DATA).map(|r| r.payload.len()).sum();
    assert!(sent > 0 && data == sent);
    assert_eq!(records.last().map(|r| (r.typ, r.payload.clone())), Some((content::ALERT, vec![1, 0])));
}

#[test]
fn an_unfinished_whole_write_is_in_the_way_and_goes_on_unharmed() {
    for suite in BOTH {
        let (mut raw, mut tls) = RawPeer::pair(suite, Role::Client);
        tls.set_write_mode(WriteMode::Whole { moving: false });
        tls.set_max_fragment(100);
        let data = pattern(250);
        let mut records = Vec::new();
        while tls.write(&data).unwrap() != Step::Done(250) {
            let committed = tls.committed();
            let refused = Usage::BadWriteRetry { committed, fault: RetryFault::Moved };
            assert_eq!(tls.plain_out(5).unwrap_err(), Error::Usage(refused));
            records.extend(raw.receive(&mut tls));
            assert!(tls.plain_out(5).is_err(), "it has not been told that it is done");
        }
        assert_eq!(put(&mut tls, b"then"), Ok(Step::Done(4)));
        records.extend(raw.receive(&mut tls));
        let got: Vec<u8> = records.into_iter().flat_map(|r| r.payload).collect();
        assert_eq!(got, [&data[..], b"then"].concat());
    }
}

#[test]
fn the_handshake_comes_first_and_nothing_after_the_close() {
    for suite in BOTH {
        let context = ClientContext::new(client_config(suite), AwsLcRs).unwrap();
        let mut client = connect_with(&context, Buffers::heap());
        let mut server = accept_with(&server(suite), Buffers::heap());
        let mut wants = 0;
        while let Step::Want(want) = put(&mut client, b"hello").unwrap() {
            assert_eq!(want, Want::Read);
            wants += 1;
            carry(&mut client, &mut server);
            let _ = server.handshake().unwrap();
            carry(&mut server, &mut client);
            assert!(wants < 20);
        }
        carry(&mut client, &mut server);
        let mut got = Vec::new();
        assert_eq!(read_all(&mut server, &mut got), Ok(false));
        assert!(wants > 0 && got == b"hello");

        assert_eq!(client.shutdown(), Ok(Step::Want(Want::Write)));
        assert_eq!(put(&mut client, b"late"), Err(Error::Usage(Usage::WriteAfterShutdown)));
    }
}

/// A transport that takes all and remembers where it was.
#[derive(Default)]
struct Addresses(Vec<core::ops::Range<*const u8>>);

impl Transport for Addresses {
    type Error = ();

    fn recv(&mut self, _: &mut [u8]) -> Result<Recv, ()> {
        Ok(Recv::WouldBlock)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<Sent, ()> {
        self.0.push(bytes.as_ptr_range());
        Ok(NonZeroUsize::new(bytes.len()).map_or(Sent::WouldBlock, Sent::Bytes))
    }
}

#[test]
fn what_a_source_fills_is_what_the_transport_is_given_without_a_copy() {
    for suite in Suite::ALL {
        let (client, _server) = established(suite);
        let mut stream = Stream::new(client, Addresses::default());
        let mut filled = Vec::new();
        let step = stream.write_from(30_000, |_, space| {
            space.fill(7);
            filled.push(space.as_ptr_range());
            Ok::<_, ()>(space.len())
        });
        assert_eq!(step, Ok(Step::Done(Ok(30_000))));
        let [sent] = stream.transport().0.as_slice() else { panic!("one send for all records") };
        assert_eq!(filled.len(), 2, "a record of 16384 bytes, and the rest");
        for space in filled {
            assert!(
                sent.start < space.start && space.end < sent.end,
                "the ciphertext is where the plaintext was"
            );
        }
    }
}
