//! An idle stream gives its buffers back and goes on later, on the same transport.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use wantls::{Buffers, Received, Step};
use wantls_nonblocking::Stream;
use wantls_testkit::{Suite, Wire, accept, client, connect, server};

type Wired = Stream<Wire>;

fn received(stream: &mut Wired, expected: &[u8]) {
    let mut buffer = vec![0; 100];
    let answer = stream.read(&mut buffer).unwrap();
    let Step::Done(Received::Data(n)) = answer else { panic!("{answer:?}") };
    assert_eq!(&buffer[..n.get()], expected);
}

#[test]
fn an_idle_stream_is_parked_and_goes_on_with_other_buffers() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let (a, b) = Wire::pair(10_000);
        let mut a = Stream::new(connect(&client(suite)), a);
        let mut b = Stream::new(accept(&server(suite)), b);
        while (a.handshake().unwrap(), b.handshake().unwrap()) != (Step::Done(()), Step::Done(())) {}
        let _ = a.write(b"before").unwrap();
        received(&mut b, b"before");

        let (tls, wire) = b.into_parts();
        let (parked, buffers) = tls.park().unwrap();
        drop(buffers);
        // What comes meanwhile waits in the transport.
        let _ = a.write(b"meanwhile").unwrap();
        let mut b = Stream::new(parked.resume(Buffers::heap_of(20_000, 1000)).unwrap(), wire);
        received(&mut b, b"meanwhile");
        let _ = b.write(b"after").unwrap();
        received(&mut a, b"after");
    }
}

#[test]
fn a_stream_with_something_under_way_is_not_parked() {
    let (a, b) = Wire::pair(100);
    let mut a = Stream::new(connect(&client(Suite::Tls13Aes128)), a);
    let mut b = Stream::new(accept(&server(Suite::Tls13Aes128)), b);
    while (a.handshake().unwrap(), b.handshake().unwrap()) != (Step::Done(()), Step::Done(())) {}
    // More than the pipe holds: the writer keeps ciphertext, the reader gets part of a record.
    let _ = a.write(&[7; 300]).unwrap();
    assert_eq!(b.read(&mut [0; 9]).unwrap().done(), None);
    let (tls, a_wire) = a.into_parts();
    let mut a = Stream::new(*tls.park().unwrap_err(), a_wire);
    let (tls, b_wire) = b.into_parts();
    let mut b = Stream::new(*tls.park().unwrap_err(), b_wire);
    let mut got = Vec::new();
    while got.len() < 300 {
        let _ = a.flush().unwrap();
        let mut buffer = [0; 300];
        if let Step::Done(Received::Data(n)) = b.read(&mut buffer).unwrap() {
            got.extend_from_slice(&buffer[..n.get()]);
        }
    }
    assert_eq!(got, [7; 300]);
}
