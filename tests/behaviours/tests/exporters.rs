//! Both ends export the same keying material, and so does another implementation.
#![allow(clippy::std_instead_of_alloc, reason = "tests run on hosts")]
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use std::sync::Arc;

use rustls::ServerConnection;
use wantls::crypto::AwsLcRs;
use wantls::{BuildError, ClientContext, MAX_EXPORT, Step};
use wantls_testkit::{Suite, accept, client_config, connect, handshake, server, server_config};

const LABEL: &[u8] = b"EXPORTER-test";
const CONTEXTS: [Option<&[u8]>; 3] = [None, Some(b""), Some(b"a context")];

fn client(suite: Suite) -> ClientContext {
    let context = ClientContext::new(client_config(suite), AwsLcRs).unwrap();
    CONTEXTS.iter().fold(context, |c, export| c.exporter(LABEL, *export, 48).unwrap())
}

#[test]
fn both_ends_agree() {
    for suite in Suite::ALL {
        let server = CONTEXTS.iter().fold(server(suite), |c, export| c.exporter(LABEL, *export, 48).unwrap());
        let (mut client, mut server) = (connect(&client(suite)), accept(&server));
        handshake(&mut client, &mut server);
        for context in CONTEXTS {
            let ours = client.session().unwrap().exported(LABEL, context).unwrap();
            assert_eq!(ours.len(), 48);
            assert_eq!(server.session().unwrap().exported(LABEL, context).unwrap(), ours);
        }
        assert_eq!(client.session().unwrap().exported(b"other", None), None);
    }
}

#[test]
fn rustls_exports_the_same() {
    for suite in Suite::ALL {
        let mut client = connect(&client(suite));
        let mut server = ServerConnection::new(Arc::new(server_config(suite))).unwrap();
        while client.handshake().unwrap() != Step::Done(()) || server.is_handshaking() {
            let out = client.tls_out();
            let sent = server.read_tls(&mut out.bytes()).unwrap();
            out.consume(sent).unwrap();
            server.process_new_packets().unwrap();
            let mut grant = client.tls_in();
            let mut space = grant.space();
            let received = server.write_tls(&mut space).unwrap();
            grant.commit(received).unwrap();
        }
        for context in CONTEXTS {
            let theirs = server.export_keying_material([0; 48], LABEL, context).unwrap();
            assert_eq!(client.session().unwrap().exported(LABEL, context).unwrap(), theirs, "{suite:?}");
        }
    }
}

#[test]
fn lengths_that_make_no_sense_are_refused() {
    for asked in [0, MAX_EXPORT + 1] {
        let error = server(Suite::Tls13Aes128).exporter(LABEL, None, asked).unwrap_err();
        assert_eq!(error, BuildError::Exporter { asked, max: MAX_EXPORT });
    }
}
