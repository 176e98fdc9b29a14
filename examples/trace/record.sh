#!/bin/sh
# record.sh FILE SECONDS PROGRAM [ARGUMENT...]: runs the program for at most so
# many seconds (0: until it ends or Ctrl-C ends it), keeps in FILE.trace what it
# tells under TRALE_TRACE=1 and what it prints, and draws that. Run it from the
# top of the repository.
set -eu
file=$1 seconds=$2
shift 2
name=${file##*/}

die() {
    echo "diagram: $*" >&2
    exit 1
}

case $seconds in
'' | *[!0-9]*) die "DURATION must be a whole number of seconds, not $seconds" ;;
esac
case ${FORMAT:-page} in
page | perfetto) ;;
*) die "FORMAT must be page or perfetto, not $FORMAT" ;;
esac
${AWK:-awk} 'BEGIN { exit }' || die "needs awk"
mkdir -p "${file%/*}"

# Without an input the first descriptor of the program would be 0.
[ -e /dev/fd/0 ] || exec < /dev/null

# In the foreground the program can read the terminal and be ended by Ctrl-C,
# which we survive to draw what there is. Not every timeout has a background.
limit=timeout
timeout --foreground 1 true 2> /dev/null && limit="timeout --foreground"
[ "$seconds" = 0 ] && how_long="until it ends" ||
    how_long="for at most $seconds s (DURATION=...)"
echo "Running $name $how_long; Ctrl-C ends it sooner."
trap : INT
status=0
# Inherited descriptors would shift the numbers of those that are shown.
TRALE_TRACE=1 TRALE_STEP='' $limit -k 2 "$seconds" "$@" \
    > "$file.trace" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || status=$?

# One who is stopped in the middle of a line leaves one without an end.
[ -z "$(tail -c 1 "$file.trace")" ] || echo >> "$file.trace"
case $status in
0) end= ;;
124) end="$name was ended after $seconds s" ;;
12[5-7]) die "could not run $*: $(tail -n 1 "$file.trace")" ;;
*)
    end="$name ended with status $status"
    [ $status -lt 128 ] ||
        end="$name was ended by signal $(kill -l $((status - 128)))"
    ;;
esac
if [ -n "$end" ]; then
    echo "diagram: $end" >> "$file.trace"
    echo "$end."
fi

sh examples/trace/draw.sh "$file.trace"
events=$(LC_ALL=C awk '/[0-9][.][0-9]+ [a-z]+ +[a-z-]+ .*[|] wait: / { n++ }
    END { print n; exit !n }' "$file.trace") ||
    die "$name told of no event, only: $(grep -v '^diagram: ' "$file.trace" |
        tail -n 1)"
echo "$events events of $name:"
if [ "${FORMAT-}" = perfetto ]; then
    echo "    $file.json   open it in https://ui.perfetto.dev or chrome://tracing"
    exit
fi
echo "    $file.html   open it in a browser, and step with the arrow keys"
echo "    $file.mmd    for GitHub, in a block that begins with \`\`\`mermaid"
echo "    $file.trace  the run itself"
# What Mermaid draws by default, its maxTextSize.
[ "$(wc -c < "$file.mmd")" -le 50000 ] ||
    echo "Mermaid draws no more than 50000 characters unless told to: cut the
trace, and draw the part with sh examples/trace/draw.sh PART.trace"
