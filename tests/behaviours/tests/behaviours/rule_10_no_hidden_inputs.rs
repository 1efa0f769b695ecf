//! Rule 10: no clock, no randomness and no I/O but the caller's: what goes in decides what comes out, byte for byte.

use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, ServerContext, Step};
use wantls_testkit::raw::{deliver, take};
use wantls_testkit::{NAME, Suite, toy};

use crate::{pattern, read_all, turn};

/// All bytes of a session: both handshakes, data both ways, a KeyUpdate, both closes.
fn transcript(suite: Suite, seed: u64) -> Vec<u8> {
    toy::reseed(seed);
    let name = ServerName::try_from(NAME).unwrap();
    let mut client = ClientContext::new(toy::client_config(suite), AwsLcRs)
        .unwrap()
        .connect(name, Buffers::heap())
        .unwrap();
    let mut server =
        ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap().accept(Buffers::heap()).unwrap();
    let mut all = Vec::new();
    for step in 0..30 {
        for side in [0, 1] {
            let (from, to) = turn(&mut client, &mut server, side);
            assert!(to.handshake().is_ok() && from.handshake().is_ok());
            if step > 10 && step < 20 {
                assert!(matches!(from.write(&pattern(step * 100)), Ok(Step::Done(_))));
            }
            if step == 15 && suite == Suite::Tls13Aes128 {
                from.key_update(true).unwrap();
            }
            if step > 20 {
                assert!(from.shutdown().is_ok());
            }
            let bytes = take(from);
            deliver(to, &bytes);
            all.extend(bytes);
            assert!(read_all(to, &mut Vec::new()).is_ok());
        }
    }
    all
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for suite in Suite::ALL {
        let once = transcript(suite, 7);
        assert!(once.len() > 25_000);
        assert!(once == transcript(suite, 7), "{suite:?}");
        assert!(once != transcript(suite, 8), "{suite:?}");
    }
}
