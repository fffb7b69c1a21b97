#!/usr/bin/env bash
# Builds boaws twice: first so that it counts which way its code goes, then, after it has done a little of each workload,
# arranged by those counts (profile-guided optimisation). Ten minutes on two cores; the result is target/pgo/boaws.
#
# Needs rustup's component llvm-tools: rustup component add llvm-tools
set -euo pipefail
cd "$(dirname "$0")/.."
. benches/server.sh

host=$(rustc -vV | sed -n 's/^host: //p')
profdata=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[ -x "$profdata" ] || { echo "llvm-profdata is missing: rustup component add llvm-tools" >&2; exit 1; }

folder=$PWD/target/pgo
rm -rf "$folder/counts"
mkdir -p "$folder/scripts"

# With a target given, the flags are not for build scripts and macros.
build() { RUSTFLAGS=$1 cargo build --release --bin boaws --target "$host" --target-dir "$folder/$2"; }

echo "== counting build" >&2
build "-Cprofile-generate=$folder/counts" counting
counting=$folder/counting/$host/release/boaws

echo "== workloads" >&2
# The server must not count: its part is another one.
LLVM_PROFILE_FILE=/dev/null serve "$counting"

workload() { # script count size binary
    script "$@" >"$folder/scripts/$1.js"
    # That it can count no more ways of some calls is no loss, and said very often.
    "$counting" run --parallel-handshakes "$folder/scripts/$1.js" 2> >(grep -v 'LLVM Profile Warning' >&2)
}
workload start 1 1 false
workload receive 300000 32 false
workload receive 200000 1024 true
workload send 300000 32 false
workload send 200000 1024 true
workload echo 100 1048576 true
workload echo 10 16777216 true
workload echo 20000 64 false
workload connects 1000 0 false
workload cycles 1000 0 false
workload dispatch 300000 0 false
workload scale 50000 1 false
workload scale 50000 100 false
workload timers 30000 1000 false

echo "== arranged build" >&2
"$profdata" merge -o "$folder/counts.profdata" "$folder/counts"
build "-Cprofile-use=$folder/counts.profdata" arranged
cp "$folder/arranged/$host/release/boaws" "$folder/boaws"
echo "$folder/boaws" >&2
