#!/bin/sh
# run.sh PROGRAM WORK SANITIZER: runs WORK/PROGRAM-SANITIZER, an example on the
# student's executor. WORK/PROGRAM.picture is then the picture of the run, and
# WORK/PROGRAM.said why it failed. If a sanitizer knows better, that is printed,
# and the status is 2.
program=$1 work=$2
here=tests/exercises/16_capstone
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=atexit_sleep_ms=0:report_thread_leaks=0
: > "$work/$program.said"
timeout -k 1 3 "$work/$program-$3" > "$work/$program.out" 2> "$work/$program.trace"
status=$?
awk -f $here/picture.awk "$work/$program.trace" > "$work/$program.picture"
[ $status = 0 ] || {
    echo "examples/$program.c, on your own executor,"
    [ $status != 124 ] || echo "hung: after 3 s it had not ended."
    [ $status = 124 ] || echo "ended with status $status."
    grep -m 1 'still to be' "$work/$program.trace"
    [ -s "$work/doubtful" ] || echo "All its parts pass their own checks."
    cat "$work/doubtful"
} | tr -s '\n ' '  ' | sed 's/ *$//' > "$work/$program.said"
[ $status = 0 ] || {
    grep -E '^ *[0-9]+[.]' "$work/$program.trace" | tail -n 3 >&2
    sed -n '/Sanitizer: \|runtime error: /,$p' "$work/$program.trace" |
        grep . >&2 && exit 2
    exit 1
}
# What the example says at its end that it prints, in whatever order.
sed -n '/^\/\/ Expected output/,$s|^// *[0-9.]*  ||p' "examples/$program.c" | sort > "$work/$program.wanted"
sed 's/\(127.0.0.1:\)[0-9]*/\1<port>/' "$work/$program.out" | sort > "$work/$program.printed"
cmp -s "$work/$program.wanted" "$work/$program.printed" || {
    echo "examples/$program.c printed, on your own executor:"
    cat "$work/$program.printed"
} | tr '\n' ' ' > "$work/$program.said"
[ ! -s "$work/$program.said" ]
