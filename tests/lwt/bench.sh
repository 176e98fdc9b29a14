#!/bin/sh
# What promises cost, beside real Lwt where OCaml has it: medians of seven runs
# on one CPU, where ours and Lwt's take turns.
#
#     sh tests/lwt/bench.sh PROGRAM     the one with our workloads
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lwt=true # prints nothing
if sh "$here/ocaml.sh" "$here/bench.ml" "$work"; then lwt=$work/bench; fi
pinned="taskset -c $(taskset -cp $$ | sed 's/.*[^0-9]//')" # the last CPU
for _ in 1 2 3 4 5 6 7; do
    $pinned "$1" | sed 's/^/ours /'
    $pinned "$lwt" | sed 's/^/lwt /'
done | sort -k2,2 -k1,1 -k3,3n | awk '
    { n[$2, $1]++; ns[$2, $1, n[$2, $1]] = $3; names[$2] }
    END {
        print "\nPromises: ns/op, median of 7\n"
        printf "%-28s%8s%8s%8s\n", "", "ours", "Lwt", "ratio"
        for (name in names) {
            ours = ns[name, "ours", 4]
            lwt = n[name, "lwt"] ? ns[name, "lwt", 4] : 0
            printf "%-28s%8.1f", name, ours
            if (lwt) printf "%8.1f%8.2f", lwt, ours / lwt
            print ""
        }
    }'
