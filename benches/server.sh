# Sourced by pgo.sh and order.sh, which set `folder`: a server for the workloads' scripts, and what they are given.

# Starts "$1" as the server, for as long as the shell lives; its address is `url`.
serve() {
    rm -f "$folder/address"
    "$1" serve --quiet >"$folder/address" &
    server=$!
    trap 'kill "$server"' EXIT
    until [ -s "$folder/address" ]; do sleep 0.1; done
    url=$(sed 's,/$,,;q' "$folder/address")
}

# The script of a workload, as `boaws run` takes it.
script() { # name count size binary
    echo "globalThis.report = (result) => console.log('$1', JSON.stringify(result));"
    echo "const P = { server: '$url', count: $2, size: $3, binary: $4 };"
    cat "benches/workloads/scripts/$1.js"
}
