#!/bin/sh
# Are the traces, dumps and messages that documents and comments quote those of
# a real run? Runs the programs that they quote, and looks for each quoted
# event, task, chain of awaits and line of a dump in what those really say.
# Times, descriptors and what stands behind "..." may be others, and so may the
# queues: threads take turns as they like. Part of tests/check_docs.sh.
# Run it from the top of the repository, after `make all`.
set -u
BUILD=${BUILD:-build}
failures=0
work=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$work"' EXIT

fail() {
    echo "quotes: $*" >&2
    failures=$((failures + 1))
}

# What is not the same in each run: descriptors, times, the width of columns.
same_in_each_run() {
    tr -d '\r' | sed -E -e 's/fd [0-9]+/fd N/g' -e 's/in [0-9.]+ s\)/in T s)/g' \
        -e 's/  +/ /g'
}

# 1. A trace, and steps where there is no terminal; a dump between two polls.
TRALE_STEP=1 timeout 60 setsid -w "$BUILD/examples/readme" > "$work/trace" 2>&1
printf '\nd\nc\n' | TRALE_STEP=1 timeout 60 script -qec \
    "$BUILD/examples/readme" /dev/null > "$work/steps" ||
    fail "script, of the package bsdutils, cannot run readme on a terminal"

# 2. A server's dump, while it waits 600 ms before it replies. A machine on which
# the signal takes longer than that is asked again.
mkfifo "$work/lines"
dump_of_server() {
    "$BUILD/examples/delayserver" 127.0.0.1:0 > "$work/lines" 2> "$work/dump" &
    server=$!
    exec 3< "$work/lines"
    read -r _ _ address <&3
    timeout 60 "$BUILD/examples/steps/s01_busy_poll" "$address" > "$work/client" &
    client=$!
    read -r _ <&3 # it has told of the first request
    kill -QUIT $server
    wait $client || fail "no client of the delay server: $(cat "$work/client")"
    kill $server
    wait $server
    server=
    grep -q delayserver.c "$work/dump"
}
dump_of_server || dump_of_server || dump_of_server ||
    fail "in three runs the delay server was not dumped while it waited"

# 3. A panic, in the bare build and in the talking one.
for executor in trale.c examples/trace/trace.c; do
    ${CC:-cc} -std=c11 -I. -pthread -o "$work/panics" \
        examples/broken/block_on_in_task.c $executor || exit 1
    sh -c 'ulimit -c 0; "$1"; true' sh "$work/panics" 2>> "$work/panic"
done

# 4. The trace of a local executor. The program has one thread, so each run tells
# the same, and it is quoted whole.
traced() {
    sed -n 's/^ *[0-9.]* \(main .* | run: .*\)/\1/p' "$@"
}
TRALE_TRACE=1 timeout 60 "$BUILD/examples/hosts/scenario" 2>&1 > "$work/out" |
    traced > "$work/local"
traced examples/hosts/README.md > "$work/quoted"
test -s "$work/local" && cmp -s "$work/local" "$work/quoted" ||
    fail "examples/hosts/README.md quotes another trace than hosts/scenario has:" \
        "$(diff "$work/local" "$work/quoted")"
cat "$work/trace" "$work/steps" "$work/dump" "$work/panic" "$work/local" |
    same_in_each_run > "$work/real"

# claims FILE: what it quotes, one claim a line. Of a C file only the comments
# count, and not its title.
claims() {
    case $1 in
    *.md) cat "$1" ;;
    *) sed -n -e 1d -e 's|^ *// \{0,1\}||p' "$1" ;;
    esac | sed 's/#35;/#/g' | same_in_each_run | sed 's/ \.\.\..*//' > "$work/text"
    task='[a-z_]+#[0-9]+'
    grep -E "^ *(run|wait|poll) $task|^trale: | is next \(" "$work/text" |
        sed 's/^ *//'
    grep -oE '`trale: [^`]*`' "$work/text" | tr -d '`'
    grep -oE "(main|executor|reactor|other) [a-z-]+ $task" "$work/text"
    grep -oE "$task( at [a-z0-9_]+\.[ch]:[0-9]+( > [a-z_]+)?)*( fd N [a-z]+)?( = -?[0-9]+)?" \
        "$work/text"
    grep -oE "at [a-z0-9_]+\.[ch]:[0-9]+( > [a-z_]+)?" "$work/text"
}

files="NOTES.md trale.c trale.h examples/trace/README.md $(echo examples/trace/*.[ch])"
for file in $files; do
    claims "$file" | sort -u > "$work/claims"
    while read -r claim; do
        grep -qF -- "$claim" "$work/real" ||
            fail "$file quotes what no run says: $claim"
    done < "$work/claims"
    case $file in
    *.md) test -s "$work/claims" || fail "$file quotes no trace" ;;
    esac
done

# The events that are explained are those that there are.
grep -oiE '\bevent\([^;]*' trale.c examples/hosts/local_executor.c |
    grep -oE '"[a-z-]+"' | tr -d '"' | grep -vxE 'step|panic' | sort -u > "$work/events"
sed -n '/^| event |/,/^$/s/^| \([a-z-]*\) | .*/\1/p' examples/trace/README.md |
    sed 1d | sort > "$work/explained"
cmp -s "$work/events" "$work/explained" ||
    fail "examples/trace/README.md explains other events than there are:" \
        "$(diff "$work/events" "$work/explained")"

test $failures -eq 0 && echo "quotes: what documents quote is what programs say"
exit $((failures > 0))
