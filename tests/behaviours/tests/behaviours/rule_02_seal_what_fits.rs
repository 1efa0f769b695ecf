//! Rule 2: in `Accept` mode a blocked write has changed nothing, and `Done(n)` took exactly the first `n` bytes.

use proptest::prelude::*;
use rustls::pki_types::ServerName;
use wantls::crypto::AwsLcRs;
use wantls::{Buffers, ClientContext, ServerContext, Step, Want};
use wantls_testkit::raw::{content, take};
use wantls_testkit::{NAME, RawPeer, Recorder, Suite, Tls, handshake, toy};

use crate::{BOTH, read_all};

/// A pair whose client has a small `tls_out`, and what its crypto has sealed.
fn small(suite: Suite, out: usize) -> (Tls, Tls, Recorder<AwsLcRs>) {
    let recorder = Recorder::new(AwsLcRs);
    let mut config = toy::client_config(suite);
    config.max_fragment_size = Some(512);
    let mut client = ClientContext::new(config, recorder.clone())
        .unwrap()
        .connect(ServerName::try_from(NAME).unwrap(), Buffers::heap_of(40_000, out))
        .unwrap();
    let mut server =
        ServerContext::new(toy::server_config(suite), AwsLcRs).unwrap().accept(Buffers::heap()).unwrap();
    handshake(&mut client, &mut server);
    (client, server, recorder)
}

#[test]
fn a_blocked_write_seals_nothing_and_any_retry_is_legal() {
    for suite in BOTH {
        let (mut client, mut server, recorder) = small(suite, 2000);
        let mut sent = Vec::new();
        let mut taken = 0;
        while let Step::Done(n) = client.write(&[b'a'; 700]).unwrap() {
            sent.extend_from_slice(&[b'a'; 700][..n]);
            taken += 1;
        }
        assert!(taken > 1);
        let (sealed, queued) = (recorder.sealed(), client.tls_out().bytes().to_vec());
        // Longer, shorter, other bytes, other places, several slices: nothing of it was promised.
        for retry in [&[b'b'; 900][..], &[b'c'; 600], &[b'a'; 700]] {
            assert_eq!(client.write(retry), Ok(Step::Want(Want::Write)));
            assert_eq!(client.write_vectored(&[retry, retry]), Ok(Step::Want(Want::Write)));
        }
        assert_eq!((recorder.sealed(), client.tls_out().bytes()), (sealed, &queued[..]));
        assert_eq!(client.write(b""), Ok(Step::Done(0)));

        let out = take(&mut client);
        assert_eq!(out, queued);
        let Step::Done(n) = client.write(b"something else").unwrap() else { panic!("there is room") };
        sent.extend_from_slice(&b"something else"[..n]);
        let bytes = [out, take(&mut client)].concat();
        assert_eq!(wantls_testkit::raw::offer(&mut server, &bytes), bytes.len());
        let mut got = Vec::new();
        assert_eq!(read_all(&mut server, &mut got), Ok(false));
        assert_eq!(got, sent);
    }
}

#[test]
fn a_record_is_cut_short_only_where_nothing_is_queued() {
    let (mut client, ..) = small(Suite::Tls13Aes128, 2000);
    assert_eq!(client.write(&[1; 507]), Ok(Step::Done(507)));
    let one = client.pending().tls_out;
    let _ = client.write(&[1; 5000]).unwrap();
    // Full records only: 2000 - 96 holds three of them.
    assert_eq!(client.pending().tls_out % one, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// However the data lies, `Done(n)` is its first `n` bytes, in records no longer than allowed.
    #[test]
    fn a_vectored_write_takes_the_slices_in_order(
        lens in prop::collection::vec(prop_oneof![0usize..40, 900usize..1200, 0usize..5000], 0..8),
        suite in Suite::strategy(),
        fragment in 1usize..3000,
    ) {
        let (mut raw, mut tls) = RawPeer::pair(suite, wantls::Role::Client);
        tls.set_max_fragment(fragment);
        let data: Vec<u8> = (0..lens.iter().sum::<usize>()).map(|i| (i % 251) as u8).collect();
        let mut rest = data.as_slice();
        let mut slices = Vec::new();
        for len in lens {
            let (slice, after) = rest.split_at(len);
            slices.push(slice);
            rest = after;
        }
        let n = tls.write_vectored(&slices).unwrap().done().unwrap_or(0);
        let mut got = Vec::new();
        for record in raw.receive(&mut tls) {
            if record.typ == content::APPLICATION_DATA {
                prop_assert!(!record.payload.is_empty() && record.payload.len() <= fragment);
                got.extend_from_slice(&record.payload);
            }
        }
        prop_assert!(n > 0 || data.is_empty());
        prop_assert_eq!(&got, &data[..n]);
    }
}
