#!/bin/sh
# draw.sh FILE.trace: draws what a program has told under TRALE_TRACE=1. Writes
# FILE.mmd, a Mermaid sequence diagram, and FILE.html, a page that steps through
# the run. FORMAT=perfetto: writes FILE.json instead, which ui.perfetto.dev and
# chrome://tracing open. Run it from the top of the repository.
set -eu
here=examples/trace
file=${1%.trace}
name=${file##*/}
awk=${AWK:-awk}
# Bytes are bytes: what is not UTF-8 passes through.
LC_ALL=C
export LC_ALL

own=$(find examples tests -name "$name.c" | head -n 1)
case ${FORMAT:-page} in
page) ;;
perfetto)
    $awk -f $here/trace.awk -f $here/perfetto.awk own="$own" "$1" > "$file.json"
    exit
    ;;
*)
    echo "diagram: FORMAT must be page or perfetto, not $FORMAT" >&2
    exit 1
    ;;
esac

# The sources, the most likely first: the example itself, its neighbours, all.
sources() {
    if [ -n "$own" ]; then
        echo "$own"
        find "${own%/*}" -name '*.[ch]' | sort
    fi
    find examples tests -name '*.[ch]' | sort
}

# A busy program tells of a hundred thousand events in a second. Browsers do
# not like so many, and nobody steps through them.
trace=$1
most=50000
lines=$(wc -l < "$trace")
if [ "$lines" -gt $most ]; then
    more="diagram: the first $most lines end here, $trace has $lines"
    trace=$file.part
    head -n $most "$1" > "$trace"
    echo "$more" | tee -a "$trace"
fi

$awk -f $here/trace.awk -f $here/mermaid.awk own="$own" "$trace" > "$file.mmd"
sources | $awk -f $here/trace.awk -f $here/page.awk template=$here/page.html \
    name_of_run="$name" own="$own" executor=trale.c sources=/dev/stdin \
    "$trace" > "$file.html"
rm -f "$file.part"
