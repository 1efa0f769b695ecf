#!/bin/sh
# Makes docs/PERFORMANCE.md and its plots anew: builds with all peers, measures, writes.
#
#   publish.sh [OPTION...]     options go to the measuring, as --rounds 51
#
# It takes some twenty minutes behind the builds. BoringSSL has OpenSSL's symbols and so a program and a run of its own,
# in which wantls takes part as well: all ratios are of one run.
# Debian: build-essential perl cmake libclang-dev libwolfssl-dev libmbedtls-dev libgnutls28-dev
set -eu
cd "$(dirname "$0")/../.."

results=${BENCH_RESULTS:-$(mktemp -d)}
program=${CARGO_TARGET_DIR:-target}/release/wantls-bench

cargo build --release --quiet -p wantls-bench --features boring
cp "$program" "$results/with-boring"
cargo build --release --quiet -p wantls-bench --features peers
cp "$program" "$results/with-peers"

"$results/with-peers" --json "$results/peers.json" "$@"
"$results/with-boring" --peers boringssl --json "$results/boring.json" "$@"
"$results/with-peers" --from "$results/peers.json,$results/boring.json" --docs docs
echo "the rows are in $results"
