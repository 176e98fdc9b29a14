#!/bin/sh
# Starts the delay server on a free port, runs a step against it, and stops the
# server: sh examples/steps/step.sh SERVER STEP. What the server prints comes
# with "server: " before it. The exit code is the step's.
set -u
work=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkfifo "$work/lines"
"$1" 127.0.0.1:0 > "$work/lines" &
server=$!
exec 3< "$work/lines"
read -r listening on address <&3 || exit 1
echo "server: $listening $on $address"
while read -r line; do echo "server: $line"; done <&3 &
"$2" "$address"
code=$?
kill "$server"
server=
wait
exit $code
