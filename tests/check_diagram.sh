#!/bin/sh
# Whether the pictures show what happened. Runs every example and an odd program
# under `make diagram`, and looks for each event of their traces, once and in
# order, in the Mermaid diagram and in the page. Then compares the diagrams in
# NOTES.md and README.md with that of a new run; with the word `update` it writes
# it there.
# Run it from the repository's top: sh tests/check_diagram.sh
set -u
cd "$(dirname "$0")/.." || exit
BUILD=${BUILD:-build}
dir=$BUILD/diagram
failures=0
LC_ALL=C
export LC_ALL

fail() {
    echo "diagram: $*" >&2
    failures=$((failures + 1))
}

skip() {
    echo "diagram: skipped: $*"
}

# same WHAT EXPECTED FOUND: two files that must not differ.
same() {
    cmp -s "$2" "$3" && return
    fail "$1:"
    diff -a "$2" "$3" | head -n 10 >&2
}

# The three below list events as `thread event task`, each from another file.
# They know nothing of what trace.awk knows, so that both would have to be
# wrong in the same way.

trace_events() {
    sed -nE -e 's/ \| run: .* \| wait: .*$//
        t told
        d
        :told
        s/^.*[0-9]+\.[0-9]{6} ([a-z]+) +([a-z-]+) +/\1 \2 /
        s/ (at|fd|=) .*//
        p' "$1"
}

diagram_events() {
    grep -vE '^ *Note over ([a-z]+,[a-z]+|[a-z]+: (output|trale)): ' "$1" | awk '
        BEGIN { for (i = 1; i < 128; i++) char["#" i ";"] = sprintf("%c", i) }
        {
            while (match($0, /#[0-9]+;/)) {
                code = substr($0, RSTART, RLENGTH)
                printf "%s%s", substr($0, 1, RSTART - 1), char[code]
                $0 = substr($0, RSTART + RLENGTH)
            }
            print
        }' |
        sed -nE -e 's/^ +kernel->>([a-z]+): event /\1 event /
            s/^ +([a-z]+)-?->>[a-z]+: /\1 /
            s/^ +Note over ([a-z]+): /\1 /
            t found
            d
            :found
            s/ (at [^ ]*:[0-9]+|by .*|= .*|\(epoll_ctl: .*|\(fd .*)$//
            s/ a foreign waker$//
            p'
}

page_events() {
    sed -nE -e 's/^\{"time":[^,]*,"thread":"([a-z]+)","name":"([a-z-]+)",/\1 \2 /
        t found
        d
        :found
        s/"task":"(.*)","from":.*$/\1/
        s/\\u003c/</g
        s/\\u003e/>/g
        s/\\u0026/\&/g
        s/\\"/"/g
        s/\\\\/\\/g
        s/ $//
        p' "$1"
}

# What a thread does while it polls a task of a local executor is drawn in the
# lane of that executor.
in_lanes() {
    awk '{
        thread = $1
        if ($2 == "poll" && $3 ~ /^local:/) polls[thread] = 1
        if (thread in polls) sub(/^[a-z]+/, "local")
        if ($2 == "pending" || $2 == "ready") delete polls[thread]
        print
    }' "$1"
}

# shows_all NAME: whether both pictures of that run show it all.
shows_all() {
    trace_events "$dir/$1.trace" > "$dir/$1.events"
    in_lanes "$dir/$1.events" > "$dir/$1.expected"
    diagram_events "$dir/$1.mmd" > "$dir/$1.found"
    same "$1.mmd does not show the events of its trace" \
        "$dir/$1.expected" "$dir/$1.found"
    mv "$dir/$1.events" "$dir/$1.expected"
    page_events "$dir/$1.html" > "$dir/$1.found"
    same "$1.html does not show the events of its trace" \
        "$dir/$1.expected" "$dir/$1.found"
    test -s "$dir/$1.expected" || fail "$1 has no events"
}

# expect NAME LINE: the diagram of that run has a line that begins so.
expect() {
    grep -qF -- "    $2" "$dir/$1.mmd" || fail "$1.mmd lacks: $2"
}

# well_formed NAME: the page is written so that a parser of XML can judge it.
well_formed() {
    if command -v xmllint > /dev/null; then xmllint --noout "$1"
    elif command -v python3 > /dev/null; then
        python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1"
    else skip "no xmllint and no python3 to parse $1 with"; fi ||
        fail "$1 is not well-formed"
}

mkdir -p "$dir/hosts"

# The reader's own programs may want arguments. README.md names ours.
ours=$(for file in examples/*.c; do
    grep -qF "$file" README.md && basename "$file" .c
done)
ours="$ours hosts/scenario hosts/drop"
# shellcheck disable=SC2046,SC2086 # one word for each
make -s BUILD="$BUILD" $(printf "$BUILD/examples/%s " $ours) || exit 1

# 1. Every example, all at once, for they mostly sleep. Those that serve take a
# port that is free, and are ended.
for name in $ours; do
    case $name in
    udp_echo | delayserver) args=127.0.0.1:0 ;;
    tcp_echo) args="server 127.0.0.1:0" ;;
    web_server) args="examples 127.0.0.1:0" ;;
    *) args= ;;
    esac
    make -s diagram BUILD="$BUILD" EXAMPLE="$name" DURATION=5 ARGS="$args" \
        > "$dir/$name.log" 2>&1 < /dev/null &
done
wait
drawn=0
for name in $ours; do
    if grep -q "^ *$dir/$name.html " "$dir/$name.log"; then
        shows_all "$name"
        well_formed "$dir/$name.html"
        drawn=$((drawn + 1))
    else fail "make diagram EXAMPLE=$name: $(cat "$dir/$name.log")"; fi
done
grep -q "^udp_echo was ended after 5 s" "$dir/udp_echo.log" ||
    fail "udp_echo does not say how it ended: $(cat "$dir/udp_echo.log")"
expect udp_echo "Note over main,kernel: diagram: udp_echo was ended after 5 s"
expect udp_echo "Note over executor: output: Echoing on 127.0.0.1:0"

# A local executor has a lane beside that of its host's thread. The program has
# no other thread, and no lane for one.
cat > "$dir/lanes.expected" << 'DIAGRAM'
    participant main as main, the host
    participant local as local executor
DIAGRAM
grep participant "$dir/hosts/scenario.mmd" > "$dir/lanes.found"
same "hosts/scenario.mmd has other lanes" "$dir/lanes.expected" "$dir/lanes.found"
grep -qxF '"titles":{"main":"main, the host","local":"local executor"},' \
    "$dir/hosts/scenario.html" || fail "hosts/scenario.html has other lanes"
expect hosts/scenario "main->>local: spawn local:caller#35;1"
expect hosts/scenario "Note over local: poll local:caller#35;1 at scenario.c:"
expect hosts/scenario "Note over local: output: task -#62;#62; fclo: Calls F Closure"
expect hosts/scenario "Note over main: output: runtime -#62;#62; lwt_loop: Return"
expect hosts/scenario "Note over local: ready local:caller#35;1"
expect hosts/drop "local->>kernel: register a foreign waker"
expect hosts/drop "main->>local: cancel local:named#35;1"
expect hosts/drop "main-->>local: wake-noop local:named#35;3"

# Nothing outside the file is asked for. The one address is a name of XML's.
grep -nE '(src|href) *=|url\(|@import|fetch\(|https?://' \
    examples/trace/page.html | grep -vF http://www.w3.org/ &&
    fail "page.html asks for something outside of it"

# 2. What the examples do not do: names that mean something to Mermaid, HTML,
# JSON or awk, wakers and threads of another kind, warnings, the end by a panic.
${CC:-cc} -std=c11 -I. -o "$dir/odd" tests/diagram/odd.c examples/trace/trace.c -pthread ||
    exit 1
sh examples/trace/record.sh "$dir/odd" 10 "$dir/odd" > "$dir/odd.log" 2>&1
shows_all odd
expect odd "participant other"
expect odd "main->>kernel: register a foreign waker (epoll_ctl: fd 3, readable)"
expect odd "kernel->>reactor: event a foreign waker (fd 3, readable)"
expect odd "other->>executor: spawn o#34;d#39;d"
expect odd "executor->>executor: wake o#34;d#39;d"
expect odd "executor-->>executor: wake-noop o#34;d#39;d"
expect odd "executor->>kernel: deregister o#34;d#39;d"
expect odd "Note over executor: output: #60;b#62;no end of line#60;/b#62;"
expect odd "Note over executor: trale: this poll of o#34;d#39;d"
expect odd "Note over main: trale: joined twice"
expect odd "Note over main,kernel: diagram: odd was ended by signal ABRT"

# What joins and is joined, in an order that no run promises.
cat > "$dir/joins.trace" << 'TRACE'
  0.000001 other    spawn      a b#1 | run: a b#1 | wait: -
  0.000002 other    join       a b#1 | run: a b#1 | wait: -
  0.000003 executor poll       a b#1 | run: - | wait: a b#1*0
  0.000004 executor spawn      c#2 | run: c#2 | wait: a b#1*0
  0.000005 executor join       c#2 | run: c#2 | wait: a b#1*1
  0.000006 executor pending    a b#1 at y.c:7 > joiner | run: c#2 | wait: a b#1*1
  0.000007 executor poll       c#2 | run: - | wait: a b#1*1 c#2*0
  0.000008 executor ready      c#2 = 5 | run: - | wait: a b#1*1
  0.000009 executor wake       a b#1 at y.c:7 > joiner | run: a b#1 | wait: -
  2.000010 executor poll       a b#1 at y.c:7 > joiner | run: - | wait: a b#1*0
  2.000011 executor ready      a b#1 = -6 | run: - | wait: -
  2.000012 main     join       d#3 = 7 | run: - | wait: -
  2.000013 main     drop       d#3 = 7 | run: - | wait: -
TRACE
cat > "$dir/joins.expected" << 'DIAGRAM'
sequenceDiagram
    participant main
    participant other
    participant executor
    participant reactor
    participant kernel
    other->>executor: spawn a b#35;1
    other->>executor: join a b#35;1
    activate executor
    Note over executor: poll a b#35;1
    executor->>executor: spawn c#35;2
    Note over executor: join c#35;2 by a b#35;1
    Note over executor: pending a b#35;1 at y.c:7
    deactivate executor
    activate executor
    Note over executor: poll c#35;2
    Note over executor: ready c#35;2 = 5
    deactivate executor
    executor->>executor: wake a b#35;1
    Note over main,kernel: 2.0 s later
    activate executor
    Note over executor: poll a b#35;1 at y.c:7
    executor-->>other: ready a b#35;1 = -6
    deactivate executor
    main->>executor: join d#35;3 = 7
    Note over main: drop d#35;3 = 7
DIAGRAM
sh examples/trace/draw.sh "$dir/joins.trace"
same "joins are drawn otherwise" "$dir/joins.expected" "$dir/joins.mmd"

# 3. Whichever awk there is draws the same.
for awk in mawk gawk "gawk --posix" "busybox awk" original-awk; do
    if ! command -v "${awk%% *}" > /dev/null; then
        skip "${awk%% *} is not installed"
        continue
    fi
    for name in odd sub_tasks hosts/scenario; do
        cp "$dir/$name.trace" "$dir/other_awk.trace"
        AWK=$awk sh examples/trace/draw.sh "$dir/other_awk.trace"
        same "$awk draws another diagram" "$dir/$name.mmd" "$dir/other_awk.mmd"
        # The pages differ in the name of the run, and in its source.
        for page in "$name" other_awk; do
            sed 's/^{"name":[^,]*,//; s/^"own":.*//' "$dir/$page.html" > "$dir/$page.found"
        done
        same "$awk draws another page" "$dir/$name.found" "$dir/other_awk.found"
    done
done

# 4. A trace may be cut anywhere. The events before the cut are drawn as ever,
# and the rest of the line is not lost: each line is an event or a remark. (A
# cut behind a waiting task cannot be told from an end. That line is an event.)
size=$(wc -c < "$dir/sub_tasks.trace")
cut=7
while [ $cut -lt "$size" ]; do
    head -c $cut "$dir/sub_tasks.trace" > "$dir/cut.trace"
    sh examples/trace/draw.sh "$dir/cut.trace"
    lines=$(grep -c '[^ ]' "$dir/cut.trace")
    rows=$(grep -cE '^\{"(time|remark)"' "$dir/cut.html")
    test "$rows" = "$lines" ||
        fail "cut at $cut: $lines lines in the trace, $rows in the page"
    grep -E ' \| wait: (-|.*\*[0-9]+)$' "$dir/cut.trace" > "$dir/whole.trace"
    trace_events "$dir/whole.trace" > "$dir/cut.expected"
    page_events "$dir/cut.html" > "$dir/cut.found"
    same "cut at $cut" "$dir/cut.expected" "$dir/cut.found"
    cut=$((cut + 97))
done

# 5. A long trace is drawn whole, and of one that is too long the beginning.
again() { # again TIMES: the trace of timer, so many times
    awk -v times="$1" '
        { line[NR] = $0 }
        END {
            for (i = 0; i < times; i++)
                for (n = 1; n <= NR; n++) print line[n]
        }' "$dir/timer.trace"
}
again 60 > "$dir/long.trace"
sh examples/trace/draw.sh "$dir/long.trace"
shows_all long
again 2000 > "$dir/endless.trace"
sh examples/trace/draw.sh "$dir/endless.trace" | grep -q "^diagram: the first" ||
    fail "a trace that is too long is cut in silence"
rows=$(grep -cE '^\{"(time|remark)"' "$dir/endless.html")
test "$rows" = 50001 || fail "of a trace that is too long $rows rows are drawn"
tail -n 2 "$dir/endless.mmd" | grep -q "diagram: the first 50000 lines end" ||
    fail "the diagram of a trace that is too long does not say so"

# 6. For Perfetto: each poll is a slice that ends, each wake leads to a poll.
perfetto() { # perfetto NAME
    FORMAT=perfetto sh examples/trace/draw.sh "$dir/$1.trace"
    python3 - "$dir/$1.json" "$dir/$1.trace" << 'PYTHON' ||
import json, re, sys
rows = json.load(open(sys.argv[1]))["traceEvents"]
said = re.findall(rb"[0-9]\.[0-9]{6} \w+ +([a-z-]+) .*\| wait: ",
                  open(sys.argv[2], "rb").read())
count = lambda phase: sum(row["ph"] == phase for row in rows)
assert count("B") == said.count(b"poll") > 0
assert 0 <= count("B") - count("E") <= 1
assert count("X") + count("B") + count("i") >= len(said)
assert count("s") == said.count(b"wake")
starts = {row["id"]: row for row in rows if row["ph"] == "s"}
for row in rows:
    if row["ph"] == "f":
        assert row["ts"] >= starts.pop(row["id"])["ts"]
assert len(starts) <= 2, starts  # woken, and the program was over
names = {row["args"]["name"] for row in rows if row["name"] == "thread_name"}
hosted = "scenario" in sys.argv[1]
assert {"main"} | (set() if hosted else {"executor"}) <= names, names
PYTHON
        fail "$1.json is not what the trace says"
}
if command -v python3 > /dev/null; then
    for name in readme timer udp sub_tasks odd hosts/scenario; do perfetto $name; done
else skip "no python3 to read the JSON with"; fi
FORMAT=gif sh examples/trace/draw.sh "$dir/timer.trace" 2> "$dir/wrong.log" &&
    fail "FORMAT=gif is not refused"

# 7. What one types wrong is told in one line, and what fails is drawn.
wrong() { # wrong WHAT MESSAGE ARGUMENTS...: record.sh refuses them
    what=$1 message=$2
    shift 2
    sh examples/trace/record.sh "$dir/wrong" "$@" > "$dir/wrong.log" 2>&1 &&
        fail "$what is not refused"
    tail -n 1 "$dir/wrong.log" | grep -qF "$message" ||
        fail "$what is refused without saying: $message"
}
wrong "a bad duration" "DURATION must be a whole number" soon "$dir/odd"
wrong "no program" "could not run" 1 "$dir/nowhere"
wrong "a program that tells nothing" "told of no event, only: hi" 1 echo hi

# The same as Ctrl-C: a signal to all who run there, once the server serves.
rm -f "$dir/stopped.trace"
timeout 60 sh -c '
    (until grep -q ^Echoing "$1.trace"; do sleep 0.1; done; kill -INT 0) &
    exec sh examples/trace/record.sh "$1" 0 "$2" 127.0.0.1:0' sh \
    "$dir/stopped" "$BUILD/examples/udp_echo" > "$dir/stopped.log" 2>&1
if [ -s "$dir/stopped.html" ]; then
    shows_all stopped
    expect stopped "Note over executor: output: Bye"
else fail "Ctrl-C leaves no page: $(cat "$dir/stopped.log")"; fi

# 8. NOTES.md and README.md show the first task of readme.c. Each of its events is
# the cause of the next, so their order is always the same, with two exceptions. Main joins
# the task while the executor polls it, so that line comes sooner or later; here
# it stands behind main's other line, where it is if main is quick. And the
# reactor's event does not wait for the executor to be done with the poll. But
# the timer gives the executor two seconds for that, and main for its join. A
# machine that takes half of them tells another story, and is asked again.
story() {
    grep -E '^ *[0-9.]+ [a-z]+ +[a-z-]+ +hello#1 ' "$1" > "$dir/lines"
    grep -E '^ *[0-9.]+ main +(spawn|join) ' "$dir/lines"
    grep -vE '^ *[0-9.]+ main +(spawn|join) ' "$dir/lines"
}
at_rest() { # whether the lines up to pending, and main's join, took a second
    awk 'NR == 1 { begun = $1 }
        ($3 == "join" || !pending) && $1 - begun >= 1 { late = 1 }
        $3 == "pending" { pending = 1 }
        END { exit late || !pending }' "$1"
}
shown() { # shown FILE: the diagram in it
    sed -n '/^<!-- wake-up: /,/^<!-- end of wake-up -->/p' "$1" |
        grep -vE '^(<!--|```)'
}
tries=0
while story "$dir/readme.trace" > "$dir/story.trace" &&
    ! at_rest "$dir/story.trace"
do
    tries=$((tries + 1))
    if [ $tries = 5 ]; then
        fail "in five runs of readme no task was pending within a second"
        break
    fi
    make -s diagram BUILD="$BUILD" EXAMPLE=readme > "$dir/readme.log" 2>&1
done
sh examples/trace/draw.sh "$dir/story.trace"
# How much time passes, and where, depends on the machine.
grep -v ' s later$' "$dir/story.mmd" > "$dir/story.found"
for document in NOTES.md README.md; do
    if [ "${1:-}" = update ]; then
        awk -v story="$dir/story.mmd" '
            /^<!-- end of wake-up -->/ { hidden = 0 }
            !hidden
            /^<!-- wake-up: / {
                hidden = 1
                print "```mermaid"
                while ((getline line < story) > 0) print line
                print "```"
            }' $document > "$dir/$document" && cp "$dir/$document" $document
    fi
    shown $document | grep -v ' s later$' > "$dir/story.expected"
    same "the diagram in $document is not that of a run (sh tests/check_diagram.sh \
update writes it)" "$dir/story.expected" "$dir/story.found"
done

test $failures -eq 0 &&
    echo "diagram: the pictures of $drawn examples show all of their runs"
exit $((failures > 0))
