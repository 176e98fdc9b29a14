#!/bin/sh
# The mutation gate: would the tests notice? Each entry of mutants/mutants.txt
# plants one bug. It is planted in a copy of the sources, below build/mutants/,
# and the judge that the entry names must fail there. A judge that does not fails
# the gate, and so does an entry that does not apply or compile any more.
#
#     sh tests/mutants.sh [NAME...]           all of them, or those named
#     JUDGES="suite sim" sh tests/mutants.sh  asks these instead, in this order
#
# The judges are: a test of the core suites by its name; suite, any of those, one
# after the other; asan and tsan, the same under a sanitizer; sim, the simulator
# with 200 seeds; explore:SCENARIO, the explorer with one preemption.
#
# The copy without a bug has to pass first whatever is asked of the others,
# for else a failure would say nothing about the bug.
set -u
cd "$(dirname "$0")/.."
make=${MAKE:-make}
trees=${TREES:-${BUILD:-build}/mutants}
flags=${BUILD:-build}/check.flags
unset BUILD # each copy has its own
list=tests/mutants/mutants.txt
limit=$(awk "BEGIN { print int(10 * ${CK_TIMEOUT_MULTIPLIER:-1}) }")
start=$(date +%s)

# A part of the rounds is enough for the tests: these bugs are not shy.
rounds=${TRALE_TEST_ROUNDS:-20}
unset TRALE_TEST_ROUNDS
export ASAN_OPTIONS=detect_leaks=1
export TSAN_OPTIONS="halt_on_error=1 atexit_sleep_ms=0"

# The suites of trale.c; those of the examples test it only on the way.
tests=$(for suite in rules future task reactor timer udp; do
    sed -n 's/^ *add_test(suite, \([a-z0-9_]*\),.*/\1/p' tests/test_$suite.c
done)

# built TREE JUDGE: builds what the judge runs. What the compiler says goes to
# the tree's log.
built() {
    asan="-fsanitize=address,undefined -fno-sanitize-recover=all"
    copy=$1
    case $2 in
    asan) set -- build/asan/tests/check BUILD=build/asan SANITIZE="$asan" ;;
    tsan) set -- build/tsan/tests/check BUILD=build/tsan \
        SANITIZE=-fsanitize=thread ;;
    sim) set -- build/tests/sim ;;
    explore:*) set -- build/explore/explore ;;
    *) set -- build/tests/check ;;
    esac
    "$make" -s --no-print-directory -C "$copy" BUILD=build "$@" \
        > "$copy/log" 2>&1
}

# test_passes TREE BUILD SECONDS TEST: some bugs let a test hang.
test_passes() {
    what=$4
    (cd "$1" && TRALE_TEST_ROUNDS=$rounds CK_RUN_CASE=$4 \
        timeout -k 5 "$3" "$2/tests/check") > "$1/log" 2>&1 && return
    [ $? != 124 ] || what="$what, which hung"
    return 1
}

# passes TREE JUDGE: whether it notices nothing. If it does, $what says what
# noticed, and the tree's log how.
passes() {
    what=$2
    case $2 in
    sim) (cd "$1" && timeout -k 5 $((limit * 6)) build/tests/sim 200) \
        > "$1/log" 2>&1 ;;
    explore:*) (cd "$1" && timeout -k 5 $((limit * 30)) \
        build/explore/explore 1 "${2#*:}") > "$1/log" 2>&1 ;;
    suite)
        for test in $tests; do
            test_passes "$1" build "$limit" "$test" || return
        done ;;
    asan | tsan)
        for test in $tests; do
            test_passes "$1" "build/$2" $((limit * 3)) "$test" || return
        done ;;
    *) test_passes "$1" build "$limit" "$2" ;;
    esac
}

# trusted JUDGE: whether it notices nothing in the copy without a bug. That is
# asked once, and not before it is needed.
trusted() {
    [ -e "$trees/none/passed-$1" ] && return
    if built "$trees/none" "$1" && passes "$trees/none" "$1"; then
        touch "$trees/none/passed-$1"
        return
    fi
    echo "The judge $1 fails without any bug, so it can tell nothing:"
    tail -20 "$trees/none/log"
    exit 1
}

# noticed NAME: whether one of its judges does. Prints a line.
noticed() {
    tree=$trees/tree since=$(date +%s)
    judges=${JUDGES:-$(awk -v name="$1" '/^== / { on = $2 == name }
        on && /^! / { print $2 }' $list)}
    awk -v name="$1" -f tests/mutants/mutate.awk $list trale.c > "$trees/mutant.c" ||
        return
    for judge in $judges; do
        trusted "$judge"
        rm -rf "$tree"
        cp -Rp "$trees/none" "$tree"
        cp "$trees/mutant.c" "$tree/trale.c" # newer than all that was built
        if ! built "$tree" "$judge"; then
            echo "$1: it does not compile any more"
            tail -20 "$tree/log"
            return 1
        fi
        passes "$tree" "$judge" && continue
        printf '%-33s noticed by: %s, after %d s\n' "$1" "$what" \
            $(($(date +%s) - since))
        return
    done
    echo "$1: NOT NOTICED by $judges"
    return 1
}

# shellcheck disable=SC2046 # one word for each name
[ $# -gt 0 ] || set -- $(sed -n 's/^== //p' $list)

rm -rf "$trees"
mkdir -p "$trees/none"
cp -Rp Makefile trale.c trale.h examples tests "$trees/none/"
# An unpacked Check library stays where it is.
mkdir -p "$trees/none/build"
for file in "$flags" "$flags.c"; do
    sed -E "s#(-isystem |-[IL]|rpath,)([^-/ ])#\1$PWD/\2#g" "$file" \
        > "$trees/none/build/${file##*/}"
done
touch "$trees/none/build/check.flags"

count=0 caught=0
for name; do
    count=$((count + 1))
    noticed "$name" && caught=$((caught + 1))
done
echo "mutants: $caught of $count noticed, in $(($(date +%s) - start)) s"
[ "$caught" = "$count" ] && [ "$count" -gt 0 ]
