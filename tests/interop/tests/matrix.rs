//! The matrix against the peers that need no foreign program.
#![allow(clippy::unwrap_used, reason = "test code: a surprise is a failure")]

use wantls_interop::matrix::Matrix;
use wantls_interop::peers::peers;

#[test]
fn rustls_and_tokio_rustls_pass_every_case_that_they_can_do() {
    let mut inside = peers();
    inside.retain(|peer| peer.name().ends_with("rustls"));
    let matrix = Matrix::run(&inside, "").unwrap();
    assert_eq!(matrix.failures(), Vec::<String>::new(), "\n{matrix}");
    // Nothing was left out but what tokio-rustls has no call for.
    let passed: Vec<_> = matrix.columns().iter().map(|column| (column.name, column.passed())).collect();
    let rows = matrix.rows();
    assert_eq!(passed, [("rustls", rows), ("tokio-rustls", rows - 2)], "\n{matrix}");
}
