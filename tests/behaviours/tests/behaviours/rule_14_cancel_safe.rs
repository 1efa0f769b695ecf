//! Rule 14: what is dropped half-way loses nothing and repeats nothing: a grant, a stream between two calls.

use wantls::{Received, Step};
use wantls_testkit::{Link, Tls, established};
use wantls_transport::Stream;

use crate::{BOTH, pattern, read_all, trickle};

/// Takes every grant and drops it, as a cancelled future does.
fn drop_grants(tls: &mut Tls) {
    let before = (tls.pending(), tls.interest());
    let mut grant = tls.tls_in();
    // Bytes that were received and never committed are not there.
    grant.space().fill(0xee);
    let _ = tls.tls_out().bytes();
    assert_eq!((tls.pending(), tls.interest()), before);
}

#[test]
fn dropped_grants_at_every_byte_leave_the_streams_as_they_are() {
    for suite in BOTH {
        let (mut client, mut server) = established(suite);
        let data = pattern(3000);
        assert_eq!(client.write(&data[..1000]), Ok(Step::Done(1000)));
        assert_eq!(client.write(&data[1000..]), Ok(Step::Done(2000)));
        let mut got = Vec::new();
        while client.interest().write {
            drop_grants(&mut client);
            drop_grants(&mut server);
            assert_eq!(trickle(&mut client, &mut server, 1), 1);
            drop_grants(&mut server);
            // Lent, looked at and not consumed.
            if let Step::Done(bytes) = server.fill_buf().unwrap() {
                assert!(bytes.len() == 1000 || bytes.len() == 2000);
            }
            if client.pending().tls_out == 1000 {
                assert_eq!(read_all(&mut server, &mut got), Ok(false));
            }
        }
        assert_eq!(read_all(&mut server, &mut got), Ok(false));
        assert_eq!(got, data);
    }
}

#[test]
fn a_stream_taken_apart_between_any_two_calls_goes_on() {
    for suite in BOTH {
        let (client, server) = established(suite);
        let (a, b) = Link::pair(7);
        let data = pattern(2000);
        let (mut sent, mut got) = (0, Vec::new());
        let (mut left, mut right) = ((client, a), (server, b));
        for _ in 0..20_000 {
            let mut stream = Stream::new(left.0, left.1);
            stream.transport_mut().allow(1);
            if sent < data.len()
                && let Step::Done(n) = stream.write(&data[sent..]).unwrap()
            {
                sent += n;
            }
            let _ = stream.flush().unwrap();
            left = stream.into_parts();
            let mut stream = Stream::new(right.0, right.1);
            stream.transport_mut().allow(1);
            let mut buffer = [0; 100];
            if let Step::Done(Received::Data(n)) = stream.read(&mut buffer).unwrap() {
                got.extend_from_slice(&buffer[..n.get()]);
            }
            right = stream.into_parts();
        }
        assert_eq!((sent, got), (data.len(), data));
    }
}
