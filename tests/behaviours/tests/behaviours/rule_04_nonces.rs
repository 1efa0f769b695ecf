//! Rule 4: sequence numbers move when a record is sealed, and sealed bytes stay as they are until they are consumed:
//! no key ever meets a nonce twice. [`Recorder`] panics if one does.

use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, Error, ServerContext, Step};
use wantls_testkit::raw::take;
use wantls_testkit::{NAME, Recorder, Suite, Tls, handshake, toy};

use crate::{BOTH, read_all, trickle};

fn watched(suite: Suite, rekey_after: u64) -> (Tls, Tls, Recorder<AwsLcRs>) {
    let recorder = Recorder::new(AwsLcRs);
    let mut client = ClientContext::new(toy::client_config(suite), recorder.clone())
        .unwrap()
        .rekey_after(rekey_after)
        .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap())
        .unwrap();
    let mut server = ServerContext::new(toy::server_config(suite), recorder.clone())
        .unwrap()
        .rekey_after(rekey_after)
        .accept(Buffers::heap())
        .unwrap();
    handshake(&mut client, &mut server);
    (client, server, recorder)
}

#[test]
fn across_rekeys_each_key_counts_anew() {
    for limit in [1, 2, 7] {
        let (mut client, mut server, recorder) = watched(Suite::Tls13Aes128, limit);
        let keys = recorder.keys();
        let mut got = Vec::new();
        for i in 0..100u8 {
            assert_eq!(client.write(&[i]), Ok(Step::Done(1)));
            if i % 3 == 0 {
                server.key_update(true).unwrap();
            }
            assert_eq!(server.write(b"and back"), Ok(Step::Done(8)));
            trickle(&mut client, &mut server, usize::MAX);
            trickle(&mut server, &mut client, usize::MAX);
            assert_eq!(read_all(&mut server, &mut got), Ok(false));
            assert_eq!(read_all(&mut client, &mut Vec::new()), Ok(false));
        }
        assert_eq!(got, (0..100).collect::<Vec<u8>>());
        // Two keys per update: the sealer's and the opener's.
        let updates = (recorder.keys() - keys) / 2;
        assert!(updates as u64 >= 99 / limit, "{updates} updates");
    }
}

#[test]
fn what_is_offered_again_is_the_same_bytes_and_nothing_is_sealed_for_it() {
    for suite in BOTH {
        let (mut client, mut server, recorder) = watched(suite, u64::MAX);
        assert_eq!(client.write(&[7; 5000]), Ok(Step::Done(5000)));
        let (sealed, offered) = (recorder.sealed(), client.tls_out().bytes().to_vec());
        let mut left = offered.as_slice();
        while !left.is_empty() {
            // A send that fails, a grant that is dropped, a write that has no room.
            assert_eq!(client.tls_out().bytes(), left);
            let _ = client.tls_out();
            let n = trickle(&mut client, &mut server, 613);
            left = &left[n..];
        }
        assert_eq!(recorder.sealed(), sealed);
        let mut got = Vec::new();
        assert_eq!(read_all(&mut server, &mut got), Ok(false));
        assert_eq!(got, [7; 5000]);
    }
}

#[test]
fn a_seal_that_fails_has_spent_its_nonce_and_ends_the_connection() {
    for suite in BOTH {
        let (mut client, mut server, recorder) = watched(suite, u64::MAX);
        assert_eq!(client.write(b"before"), Ok(Step::Done(6)));
        recorder.fail_next(1);
        let error = client.write(b"fails").unwrap_err();
        assert!(matches!(error, Error::Crypto(_)), "{error:?}");
        assert_eq!(client.write(b"again"), Err(error.clone()));
        assert_eq!(client.shutdown(), Err(error));
        // The alert was sealed with a nonce of its own: the peer missed one record, and can tell.
        let bytes = take(&mut client);
        assert_eq!(wantls_testkit::raw::offer(&mut server, &bytes), bytes.len());
        let mut got = Vec::new();
        assert!(read_all(&mut server, &mut got).is_err());
        assert_eq!(got, b"before");
    }
}
