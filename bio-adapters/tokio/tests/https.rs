//! hyper over wantls, both versions: the example's server and client.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code: a surprise is a failure")]

#[path = "../examples/https/client.rs"]
mod client;
#[path = "../examples/https/server.rs"]
mod server;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use tokio::net::TcpListener;
use wantls_testkit::{Suite, noise};
use wantls_tokio::{TlsAcceptor, TlsConnector};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_every_size_share_a_connection() {
    for suite in [Suite::Tls13Aes128, Suite::Tls12Aes128] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(server::serve(listener, TlsAcceptor::new(wantls_testkit::server(suite))));
        let connector = TlsConnector::new(wantls_testkit::client(suite));
        let mut sender = client::connect(address, &connector).await.unwrap();
        let (status, body) = client::request(&mut sender, Method::GET, "/", Bytes::new()).await.unwrap();
        assert_eq!((status, &body[..]), (StatusCode::OK, &b"hello over wantls\n"[..]));
        for len in [0, 1, 16_384, 100_000, 3_000_000] {
            let data = Bytes::from(noise(len));
            let (status, body) =
                client::request(&mut sender, Method::POST, "/echo", data.clone()).await.unwrap();
            assert_eq!(status, StatusCode::OK);
            assert!(body == data, "{suite:?} {len}");
        }
        let (status, _) = client::request(&mut sender, Method::GET, "/none", Bytes::new()).await.unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND);
        serving.abort();
    }
}
