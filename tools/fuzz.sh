#!/bin/sh
# Runs libFuzzer on each target, or on the one that FUZZ_TARGET names, for FUZZ_SECONDS each.
# Stable Rust will do: the coverage that guides libFuzzer is one of LLVM's passes.
#
# New inputs go to target/fuzz/corpus; a finding stops the run and is left in target/fuzz/findings.
# An input that takes a minute is a finding, too; less may be the fault of a busy machine.
# Put a finding into fuzz/corpus/<target> together with what mends it.
set -eu
cd "$(dirname "$0")/.."

command -v c++ >/dev/null || {
    echo "fuzz: libFuzzer needs a C++ compiler (Debian: g++)" >&2
    exit 1
}

seconds=${FUZZ_SECONDS:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
work=target/fuzz

# With --target the flags stay away from build scripts and macros.
coverage="-Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    coverage="$coverage -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS="${RUSTFLAGS:-} $coverage" ${CARGO:-cargo} build --quiet --package fuzz --features guided \
    --profile fuzz --target "$host" --target-dir "$work"

for corpus in fuzz/corpus/*; do
    target=$(basename "$corpus")
    case ${FUZZ_TARGET:-$target} in "$target") ;; *) continue ;; esac
    mkdir -p "$work/corpus/$target" "$work/findings"
    echo "fuzz: $target, $seconds s"
    FUZZ_TARGET=$target nice "$work/$host/fuzz/fuzz" \
        -max_total_time="$seconds" -timeout=60 -rss_limit_mb=1024 -max_len=4096 -verbosity=0 \
        -print_final_stats=1 -dict="fuzz/dict/$target.dict" \
        -artifact_prefix="$work/findings/$target-" "$work/corpus/$target" "$corpus"
done
