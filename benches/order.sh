#!/usr/bin/env bash
# Finds the functions that a start and the usual work of boaws go through, and writes them to benches/order.txt, by which
# build.rs has them put side by side in the program. To be run again when Boa or the compiler has changed much; a name that is
# there no longer does no harm. Needs valgrind and a release build: cargo build --release --bin boaws
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
. benches/server.sh

boaws=${CARGO_TARGET_DIR:-target}/release/boaws
folder=${CARGO_TARGET_DIR:-target}/order
rm -rf "$folder"
mkdir -p "$folder"

serve "$boaws"

# The hashes in a name are others with every compiler.
bare() { sed -E 's/17h[0-9a-f]{16}E.*$/17h*/; s/Cs[0-9A-Za-z]+_/Cs*_/g'; }

functions() { # script count size binary
    script "$@" >"$folder/$1.js"
    valgrind --quiet --tool=callgrind --demangle=no --callgrind-out-file="$folder/out" \
        "$boaws" run --parallel-handshakes "$folder/$1.js" >&2
    callgrind_annotate --threshold=100 "$folder/out" | sed -nE "s/^.*:(\\S+)( \\[.*\\])?\$/\\1/p" |
        sed "s/'[0-9]*\$//" | bare >>"$folder/touched"
}
functions start 1 1 false
functions receive 1000 32 false
functions receive 1000 1024 true
functions send 1000 32 false
functions send 1000 1024 true
functions echo 100 64 false
functions echo 3 1048576 true
functions connects 20 0 false
functions cycles 20 0 false
functions dispatch 1000 0 false
functions timers 1000 100 false

nm --defined-only "$boaws" | awk '$2 ~ /[tT]/ { print $3 }' | bare | sort >"$folder/all"
sort -u "$folder/touched" | comm -12 - <(uniq "$folder/all") >"$folder/names"
# First those of which there is one: of a generic function all instances come along, and most of them are never touched.
uniq -u "$folder/all" | comm -12 "$folder/names" - >benches/order.txt
uniq -d "$folder/all" | comm -12 "$folder/names" - >>benches/order.txt
wc -l benches/order.txt >&2
