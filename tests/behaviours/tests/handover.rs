//! Every suite hands over from the handshake to the record layer, and data flows both ways.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

use wantls::{Phase, Received, Shutdown, Step, Want};
use wantls_testkit::{Suite, Tls, carry, established};

fn send(from: &mut Tls, to: &mut Tls, data: &[u8]) -> Vec<u8> {
    let (mut sent, mut got, mut buffer) = (0, Vec::new(), vec![0; 20_000]);
    while got.len() < data.len() {
        if let Step::Done(n) = from.write(&data[sent..]).unwrap() {
            sent += n;
        }
        carry(from, to);
        while let Step::Done(Received::Data(n)) = to.read(&mut buffer).unwrap() {
            got.extend_from_slice(&buffer[..n.get()]);
        }
    }
    got
}

#[test]
fn data_flows_both_ways_with_every_suite_and_closes() {
    let data: Vec<u8> = (0..100_000u32).map(|i| ((i * 31) >> 3) as u8).collect();
    for suite in Suite::ALL {
        let (mut client, mut server) = established(suite);
        assert_eq!(client.session().unwrap().suite, suite.id());
        assert_eq!(server.session().unwrap().server_name.as_deref(), Some("localhost"));
        assert_eq!(client.record_overhead(), Some(suite.overhead()));
        assert!(send(&mut client, &mut server, &data) == data);
        assert!(send(&mut server, &mut client, &data) == data);
        assert_eq!(client.shutdown(), Ok(Step::Want(Want::Write)));
        carry(&mut client, &mut server);
        assert_eq!(client.shutdown(), Ok(Step::Done(Shutdown::Sent)));
        assert_eq!(server.read(&mut [0; 9]), Ok(Step::Done(Received::Closed)));
        assert_eq!(server.shutdown(), Ok(Step::Want(Want::Write)));
        carry(&mut server, &mut client);
        assert_eq!(server.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        assert_eq!(client.shutdown(), Ok(Step::Done(Shutdown::Complete)));
        assert_eq!((client.phase(), server.phase()), (Phase::Closed, Phase::Closed));
    }
}
