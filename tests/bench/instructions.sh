#!/bin/sh
# Instructions of the record layer for one record, by callgrind, without the cost of the crypto.
#
#   instructions.sh           compares with instructions.baseline; fails if a count is more than 3 % higher
#   instructions.sh --write   makes the baseline anew, after a change that is worth it, or of the compiler
#
# Counts are exact and repeatable for one compiler; the tolerance is for the next one.
set -eu
cd "$(dirname "$0")/../.."

baseline=tests/bench/instructions.baseline
tolerance=3
results=$(mktemp)
profile=$(mktemp)
trap 'rm -f "$results" "$profile"' EXIT

cargo build --release --quiet -p wantls-bench
program=${CARGO_TARGET_DIR:-target}/release/wantls-bench

for work in seal fill_buf read; do
    for size in 16 1024 16384; do
        # GLIBC_TUNABLES is set so that the program does not start itself once more.
        records=$(GLIBC_TUNABLES= valgrind --quiet --tool=callgrind --callgrind-out-file="$profile" \
            --collect-atstart=no --toggle-collect=measured "$program" --instructions "$work:$size")
        total=$(sed -n 's/^\(summary\|totals\): *//p' "$profile" | tail -n 1)
        echo "$work $size $((total / records))" >> "$results"
    done
done

if [ "${1-}" = --write ]; then
    { echo "# work, bytes of plaintext, instructions per record; $(rustc --version)"; cat "$results"; } > "$baseline"
    cat "$baseline"
    exit
fi

awk -v tolerance="$tolerance" '
    /^#/ { next }
    FILENAME == ARGV[1] { expected[$1 " " $2] = $3; next }
    {
        before = expected[$1 " " $2]
        worse = before == "" || $3 > before * (1 + tolerance / 100)
        failed = failed || worse
        printf "%-8s %6d B  %6d instructions, baseline %6s  %s\n", $1, $2, $3, before, worse ? "WORSE" : "ok"
    }
    END { exit failed }
' "$baseline" "$results"
