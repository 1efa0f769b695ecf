//! Rule 1: the handshake engine is called only while `tls_out` has room for its largest piece, so that none is lost.

use rustls::pki_types::ServerName;
use wantls::buffers::{TLS12_RECORD, handshake_chunk, min_tls_out};
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, BuildError, ClientContext, ServerContext, Step, Want};
use wantls_testkit::{NAME, Suite, Tls, client_config, server_config};

use crate::trickle;

fn pair(suite: Suite, fragment: Option<usize>, more_room: usize) -> (Tls, Tls) {
    let (mut client, mut server) = (client_config(suite), server_config(suite));
    (client.max_fragment_size, server.max_fragment_size) = (fragment, fragment);
    let buffers = || Buffers::heap_of(2 * TLS12_RECORD, min_tls_out(fragment) + more_room);
    let name = ServerName::try_from(NAME).unwrap();
    let client = ClientContext::new(client, AwsLcRs).unwrap().connect(name, buffers()).unwrap();
    (client, ServerContext::new(server, AwsLcRs).unwrap().accept(buffers()).unwrap())
}

#[test]
fn the_smallest_tls_out_makes_every_handshake_a_byte_at_a_time() {
    for suite in Suite::ALL {
        for (fragment, more_room) in
            [(Some(32), 0), (Some(33), 1), (Some(600), 0), (None, 0), (Some(64), 200)]
        {
            let (mut client, mut server) = pair(suite, fragment, more_room);
            for steps in 0.. {
                assert!(steps < 20_000, "{suite:?} {fragment:?}: {client:?} {server:?}");
                let done = (client.handshake().unwrap().done(), server.handshake().unwrap().done());
                let moved = trickle(&mut client, &mut server, 1) + trickle(&mut server, &mut client, 1);
                if done == (Some(()), Some(())) && moved == 0 {
                    break;
                }
            }
        }
    }
}

#[test]
fn without_room_the_handshake_wants_write_and_changes_nothing() {
    let fragment = Some(64);
    let (mut client, _) = pair(Suite::Tls13Aes128, fragment, 0);
    let mut blocked = 0;
    while client.handshake() == Ok(Step::Want(Want::Write)) {
        blocked += 1;
        let before = (client.pending(), client.tls_out().bytes().to_vec());
        assert!(
            min_tls_out(fragment) - before.0.tls_out < handshake_chunk(fragment) + wantls::buffers::RESERVE
        );
        assert_eq!(client.handshake(), Ok(Step::Want(Want::Write)));
        assert_eq!(client.read(&mut [0; 10]), Ok(Step::Want(Want::Write)));
        assert_eq!(client.write(b"early"), Ok(Step::Want(Want::Write)));
        assert_eq!((client.pending(), client.tls_out().bytes().to_vec()), before);
        let n = before.1.len();
        client.tls_out().consume(n).unwrap();
    }
    // A ClientHello in pieces of 59 bytes.
    assert!(blocked > 2, "{blocked}");
}

#[test]
fn a_tls_out_that_is_one_byte_short_is_refused() {
    for fragment in [None, Some(32), Some(16389)] {
        let mut config = client_config(Suite::Tls13Aes128);
        config.max_fragment_size = fragment;
        let (needed, given) = (min_tls_out(fragment), min_tls_out(fragment) - 1);
        let refused = ClientContext::new(config, AwsLcRs)
            .unwrap()
            .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(512, given));
        assert_eq!(refused.unwrap_err(), BuildError::BufferTooSmall { which: "tls_out", needed, given });
    }
}

#[test]
fn a_fragment_size_without_bounds_is_a_typed_error() {
    for fragment in [0, 31, 16390, usize::MAX] {
        let mut config = client_config(Suite::Tls13Aes128);
        config.max_fragment_size = Some(fragment);
        let refused = ClientContext::new(config, AwsLcRs)
            .unwrap()
            .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(512, 40_000))
            .unwrap_err();
        let expected = matches!(refused, BuildError::Config(_) | BuildError::BufferTooSmall { .. });
        assert!(expected, "{refused:?}");
    }
}
