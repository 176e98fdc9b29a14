#!/bin/sh
# Puts delayserver under load, and prints a table: each kind of peers, and the
# descriptors and the memory before and after. Beside it the same server for
# libuv, where that is installed.
#
#     sh tests/load/load.sh CHAOS_SECONDS
set -eu
cd "$(dirname "$0")/../.."
command -v python3 > /dev/null || {
    echo "make load needs python3" >&2
    exit 2
}
out=build/load chaos=$1 failed=0
mkdir -p $out
servers="trale"
if flags=$(pkg-config --cflags --libs libuv 2> /dev/null); then
    # shellcheck disable=SC2086 # several words
    gcc -O2 -o $out/uv_delayserver tests/load/uv_delayserver.c $flags
    servers="trale libuv"
else
    echo "load: libuv is not installed (Debian: apt-get install libuv1-dev), so nothing to compare with"
fi

# start SERVER DESCRIPTORS: sets $pid and $port.
start() {
    port=$((20000 + $$ % 10000))
    case $1 in
    trale) set -- build/examples/delayserver "127.0.0.1:$port" "$2" ;;
    libuv) set -- $out/uv_delayserver "$port" "$2" ;;
    esac
    (ulimit -n "$3" && exec "$1" "$2" > $out/log 2>&1) &
    pid=$!
    sleep 0.5
    kill -0 $pid
}

stop() {
    kill $pid
    wait $pid 2> /dev/null || true
}
trap 'kill $pid 2> /dev/null || true' EXIT

# Of the server: open descriptors and resident KiB.
state() {
    echo "$(find /proc/$pid/fd -mindepth 1 | wc -l) fds, $(
        awk '/^VmRSS/ { print $2 }' /proc/$pid/status) KiB"
}

# row SERVER WHAT RESULT
row() {
    printf '%-6s | %-28s | %s\n' "$1" "$2" "$3"
}

# peers SERVER WHAT ARGS...: a row of the table; what is wrong fails trale.
peers() {
    who=$1 what=$2
    shift 2
    result=$(timeout 1200 python3 tests/load/peers.py "$port" "$@") || {
        result="WRONG: $result"
        [ "$who" != trale ] || failed=1
    }
    row "$who" "$what" "$result"
}

row server what result
for server in $servers; do
    start $server 10000
    if command -v wrk > /dev/null; then
        row $server "wrk, 64 peers, 5 s" "$(wrk -t1 -c64 -d5 \
            "http://127.0.0.1:$port/0/hello" | awk '/Requests\/sec/ {
            print $2 " requests/s" }')"
    elif command -v ab > /dev/null; then
        row $server "ab, 64 peers, 20000 requests" "$(ab -q -c64 -n20000 \
            "http://127.0.0.1:$port/0/hello" | awk '/Requests per second/ {
            print $4 " requests/s" }')"
    else
        echo "load: neither wrk nor ab is installed"
    fi
    before=$(state)
    peers $server "500 slow peers beside one" slow 500
    peers $server "5000 resets" resets 5000
    peers $server "chaos, 50 peers, $chaos s" chaos 50 "$chaos"
    sleep 8 # as long as those who left may take to be noticed
    row $server "before and after these" "$before; $(state)"
    if [ $server = trale ] && [ "${before%% *}" != "$(state | sed 's/ .*//')" ]; then
        row $server "descriptors" "WRONG: some were left open"
        failed=1
    fi
    stop
    start $server 64
    peers $server "2000 at once, 64 descriptors" crowd 2000
    stop
done
exit $failed
