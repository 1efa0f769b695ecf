//! An idle connection gives its buffers back, costs little, and goes on where it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use std::sync::{Mutex, MutexGuard};

use wantls::{Buffers, BuildError, Connection, Error, Parked, Phase, Received, Step, Usage, Want};
use wantls_testkit::{NAME, Suite, Tls, accept, carry, client, connect, established, handshake, server};

/// The tests of this file run one at a time: one of them reads the allocator's figures.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn park(tls: Tls) -> Parked {
    tls.park().map(|(parked, _)| parked).unwrap()
}

fn send(from: &mut Tls, to: &mut Tls, data: &[u8]) {
    assert_eq!(from.write(data), Ok(Step::Done(data.len())));
    carry(from, to);
    let mut got = vec![0; data.len()];
    let mut len = 0;
    while len < data.len() {
        let Step::Done(Received::Data(n)) = to.read(&mut got[len..]).unwrap() else { panic!("no data") };
        len += n.get();
    }
    assert!(got == data);
}

#[test]
fn it_goes_on_where_it_was() {
    let _alone = alone();
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        assert_eq!(client.read(&mut [0; 9]), Ok(Step::Want(Want::Read)), "the tickets are still to be read");
        send(&mut client, &mut server, b"before");
        let (parked, buffers) = server.park().unwrap();
        assert_eq!(parked.phase(), Phase::Open);
        assert_eq!(parked.session().unwrap().suite, suite.id());
        assert!(buffers.tls_in.windows(6).all(|w| w != b"before"), "the buffer was not wiped");
        // Other buffers, of other sizes.
        let mut server: Tls = parked.resume(Buffers::heap_of(20_000, 600)).unwrap();
        let mut client = park(client).resume(Buffers::heap()).unwrap();
        send(&mut client, &mut server, &[7; 10_000]);
        send(&mut server, &mut client, &[9; 300]);
        if suite.version() == wantls::Version::Tls13 {
            client.key_update(true).unwrap();
            send(&mut client, &mut server, b"new key");
            send(&mut server, &mut client, b"new key");
        }
    }
}

#[test]
fn what_is_not_idle_comes_back_unchanged() {
    let _alone = alone();
    let handshaking = connect(&client(Suite::Tls13Aes128));
    assert_eq!(handshaking.check_idle(), Err(Usage::NotIdle));
    assert_eq!(handshaking.park().unwrap_err().phase(), Phase::Handshaking);

    let (mut client, server) = established(Suite::Tls13Aes128);
    assert_eq!(client.write(b"data"), Ok(Step::Done(4)));
    let mut client: Tls = *client.park().unwrap_err();

    // All of the record but its last byte.
    let out = client.tls_out();
    let (len, record) = (out.bytes().len(), out.bytes().to_vec());
    out.consume(len).unwrap();
    let mut server = receive(server.park().map(|(p, b)| p.resume(b).unwrap()).unwrap(), &record[..len - 1]);
    assert_eq!(server.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
    let mut server = receive(*server.park().unwrap_err(), &record[len - 1..]);

    // Unread plaintext.
    let mut first = [0; 1];
    assert!(matches!(server.read(&mut first), Ok(Step::Done(Received::Data(_)))));
    let mut server = *server.park().unwrap_err();
    let mut rest = [0; 9];
    let Ok(Step::Done(Received::Data(n))) = server.read(&mut rest) else { panic!("the rest is lost") };
    assert_eq!([&first[..], &rest[..n.get()]].concat(), b"data");
    assert!(server.park().is_ok());
}

/// Whatever a connection has come to, its buffers serve the next one.
#[test]
fn buffers_come_back_wiped_from_any_phase() {
    let _alone = alone();
    let context = client(Suite::Tls13Aes128);
    let mut handshaking = connect(&context);
    assert_eq!(handshaking.handshake(), Ok(Step::Want(Want::Read)));

    let (mut open, mut server) = established(Suite::Tls13Aes128);
    assert_eq!(server.write(b"never read"), Ok(Step::Done(10)));
    carry(&mut server, &mut open);
    assert_eq!(open.write(b"never sent"), Ok(Step::Done(10)));
    assert_eq!(open.peek(&mut [0; 9]), Ok(Step::Done(Received::Data(9.try_into().unwrap()))));

    // One that has just opened the server's flight, certificate and all, where it stands.
    let (mut fresh, mut server) = (connect(&context), accept(&self::server(Suite::Tls13Aes128)));
    assert_eq!(fresh.handshake(), Ok(Step::Want(Want::Read)));
    carry(&mut fresh, &mut server);
    assert_eq!(server.handshake(), Ok(Step::Want(Want::Read)));
    carry(&mut server, &mut fresh);
    assert_eq!(fresh.handshake(), Ok(Step::Done(())));
    let certificate = fresh.session().unwrap().peer_certificates[0].clone();

    let (mut failed, _) = established(Suite::Tls13Aes128);
    failed.tls_in_eof();
    assert_eq!(failed.read(&mut [0; 9]), Err(Error::Truncated));

    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
    for ended in [handshaking, open, fresh, failed] {
        let phase = ended.phase();
        let buffers = ended.into_buffers();
        assert!(!holds(&buffers.tls_in, b"never read"), "{phase:?}: data");
        assert!(!holds(&buffers.tls_in, &certificate[..32]), "{phase:?}: the handshake's plaintext");
        let name = NAME.try_into().unwrap();
        let (mut next, mut server) =
            (context.connect(name, buffers).unwrap(), accept(&self::server(Suite::Tls13Aes128)));
        handshake(&mut next, &mut server);
        send(&mut next, &mut server, b"next");
    }
}

fn receive(mut tls: Tls, bytes: &[u8]) -> Tls {
    let mut grant = tls.tls_in();
    grant.space()[..bytes.len()].copy_from_slice(bytes);
    grant.commit(bytes.len()).unwrap();
    tls
}

#[test]
fn buffers_that_are_too_small_are_refused_and_nothing_is_lost() {
    let _alone = alone();
    let (mut client, server) = established(Suite::Tls13Aes128);
    let (parked, error) = park(server).resume(Buffers::heap_of(511, 512)).unwrap_err();
    assert_eq!(error, BuildError::BufferTooSmall { which: "tls_in", needed: 512, given: 511 });
    let mut server = parked.resume(Buffers::heap_of(512, 512)).unwrap();
    send(&mut client, &mut server, b"small");
}

/// Bytes in use of the C allocator, which Rust's default allocator is on, too.
fn in_use() -> usize {
    #[repr(C)]
    struct Mallinfo2 {
        arena: usize,
        ordblks: usize,
        smblks: usize,
        hblks: usize,
        hblkhd: usize,
        usmblks: usize,
        fsmblks: usize,
        uordblks: usize,
        fordblks: usize,
        keepcost: usize,
    }
    unsafe extern "C" {
        fn mallinfo2() -> Mallinfo2;
    }
    // SAFETY: glibc's mallinfo2 takes nothing and fills the struct declared above, as its manual page has it.
    let info = unsafe { mallinfo2() };
    info.uordblks + info.hblkhd
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn a_parked_connection_costs_at_most_2560_bytes() {
    const CONNECTIONS: usize = 200;
    let _alone = alone();
    for suite in [Suite::Tls13Aes128, Suite::Tls13Aes256, Suite::Tls13Chacha, Suite::Tls12Aes128] {
        for side in ["server", "client"] {
            // rustls keeps the peer's chain in any case; our copy, for the user, is the user's choice.
            let (clients, servers) = (client(suite).keep_peer_certificates(false), server(suite));
            let one = || {
                let (mut client, mut server) = (connect(&clients), accept(&servers));
                handshake(&mut client, &mut server);
                // A client reads its tickets.
                assert_eq!(client.read(&mut [0; 9]), Ok(Step::Want(Want::Read)));
                if side == "server" { park(server) } else { park(client) }
            };
            let _warm = (one(), one());
            let mut parked: Vec<Parked> = Vec::with_capacity(CONNECTIONS);
            let before = in_use();
            parked.extend((0..CONNECTIONS).map(|_| one()));
            let each = (in_use() - before) / CONNECTIONS + size_of::<Parked>();
            println!(
                "{suite:?} {side}: {each} bytes parked, {} of them the struct",
                size_of::<Connection<[u8; 0]>>()
            );
            assert!(each <= 2560, "{suite:?} {side}: {each} bytes");
        }
    }
}
