#!/bin/sh
# Holds table.txt against both sides: the lines that real Lwt prints, and those
# that ours prints. A line "    ours: ..." below another marks where ours differs
# by design. Where OCaml or its Lwt is not installed that side is skipped, aloud.
#
#     sh tests/lwt/oracle.sh PROGRAM     the one that prints our lines
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed '/^    ours: /d' "$here/table.txt" > "$work/lwt"
awk '/^    ours: / { sub(/^    ours:/, ""); line = name ":" $0; next }
    line != "" { print line }
    { line = $0; name = $0; sub(/:.*/, "", name) }
    END { print line }' "$here/table.txt" > "$work/ours"
lines=$(wc -l < "$work/lwt")
marked=$(grep -c '^    ours: ' "$here/table.txt")

"$1" | diff "$work/ours" -
echo "lwt-oracle: ours prints the table's $lines lines"

code=0
sh "$here/ocaml.sh" "$here/programs.ml" "$work" || code=$?
if [ $code = 1 ]; then
    echo "lwt-oracle: SKIPPED the other side, so the table was not compared" \
        "with the original"
    exit
fi
[ $code = 0 ]
"$work/programs" | diff "$work/lwt" -
version=$(ocamlfind query -format %v lwt)
echo "lwt-oracle: $((lines - marked)) of $((lines - marked)) lines equal" \
    "those of Lwt $version, and $marked differ where they are marked"
