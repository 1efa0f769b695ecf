//! The F rules: `SSL_write_ex2`, `SSL_sendfile`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use wantls_openssl_oracle::lab::{Lab, VERSIONS};
use wantls_openssl_oracle::ossl::OpenSsl;
use wantls_openssl_oracle::setup::{Library, Setup};

fn f01_without_flags_it_is_write_ex(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.write_ex(1000), "0/WANT_WRITE");
        while lab.write_ex2(1000, 0) == "0/WANT_WRITE" {
            lab.drain();
        }
        assert_eq!(lab.peer_sizes(), [1000]);
    }
}

fn f02_any_flag_is_refused(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        for flags in [1, 2, u64::MAX] {
            for n in [0, 10] {
                assert_eq!(lab.write_ex2(n, flags), "0/SSL 412");
            }
        }
        assert_eq!(lab.out(), 0);
        assert_eq!(lab.write(1000), "-1/WANT_WRITE");
        assert_eq!(lab.write_ex2(1000, 1), "0/SSL 412");
        lab.drain();
        assert_ne!(lab.write(1000), "-1/SSL 127", "the pending record is unaffected");
    }
}

fn f02_a_flag_starts_no_handshake(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::new(library, Setup::client(version, 5000).fresh());
        assert_eq!(lab.write_ex2(10, 1), "0/SSL 412");
        assert_eq!(lab.out(), 0);
    }
}

fn f04_sendfile_without_ktls(library: &dyn Library) {
    for version in VERSIONS {
        let mut lab = Lab::client(library, version, 512);
        assert_eq!(lab.subject.sendfile(100).to_string(), "-1/SSL 276");
        assert_eq!(lab.write(10), "10", "not fatal");
        lab.shutdown();
        assert_eq!(lab.subject.sendfile(100).to_string(), "-1/SSL 207");
    }
}

wantls_openssl_oracle::on_every_library! {
    established: f01_without_flags_it_is_write_ex, f02_any_flag_is_refused, f04_sendfile_without_ktls,
}

wantls_openssl_oracle::on_every_library! { f02_a_flag_starts_no_handshake }

unsafe extern "C" {
    fn SSL_stream_conclude(ssl: *mut openssl_sys::SSL, flags: u64) -> i32;
}

#[test]
fn f03_there_is_no_stream_to_conclude() {
    for version in VERSIONS {
        let (end, _peer) = OpenSsl.ends(&Setup::client(version, 512));
        // SAFETY: the object is valid.
        assert_eq!(unsafe { SSL_stream_conclude(end.raw(), 0) }, 0);
    }
}
