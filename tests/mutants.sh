#!/bin/sh
# The mutation gate: would the tests notice? Each patch in tests/mutants/ plants
# one bug that a learner makes. It is applied to a copy of the sources, below
# build/mutants/, and something there must fail: a test, the simulator, or a
# test under a sanitizer, whichever is the first. A bug that nothing notices
# fails the gate, and so does a patch that does not apply or compile any more.
#
#     sh tests/mutants.sh [NAME...]     all of them, or those named
#
# The copy without a bug has to pass first whatever is asked of the others,
# for else a failure would say nothing about the bug.
set -u
cd "$(dirname "$0")/.."
make=${MAKE:-make}
trees=build/mutants
limit=$(awk "BEGIN { print int(10 * ${CK_TIMEOUT_MULTIPLIER:-1}) }")
start=$(date +%s)

# A part of the rounds is enough: these bugs are not shy.
export TRALE_TEST_ROUNDS="${TRALE_TEST_ROUNDS:-20}"
export ASAN_OPTIONS=detect_leaks=1
export TSAN_OPTIONS="halt_on_error=1 atexit_sleep_ms=0"

# The suites of trale.c; those of the examples test it only on the way.
tests=$(for suite in future task reactor timer udp; do
    sed -n 's/^ *add_test(suite, \([a-z0-9_]*\),.*/\1/p' tests/test_$suite.c
done)

# What may notice, in this order.
judges="suite simulator asan tsan"
[ -f tests/sim.c ] || judges="suite asan tsan"

# built TREE JUDGE: builds what the judge runs. What the compiler says goes to
# the tree's log.
built() {
    asan="-fsanitize=address,undefined -fno-sanitize-recover=all"
    case $2 in
    suite) set -- "$1" build/tests/check ;;
    simulator) set -- "$1" build/tests/sim ;;
    asan) set -- "$1" build/asan/tests/check BUILD=build/asan SANITIZE="$asan" ;;
    tsan) set -- "$1" build/tsan/tests/check BUILD=build/tsan \
        SANITIZE=-fsanitize=thread ;;
    esac
    copy=$1
    shift
    "$make" -s --no-print-directory -C "$copy" BUILD=build "$@" \
        > "$copy/log" 2>&1
}

# passes TREE JUDGE: whether it notices nothing. If it does, $what says what
# noticed, and the tree's log how. One test at a time, up to the first that
# fails: some bugs let every test hang. A sanitizer makes them slower.
passes() {
    what="the simulator" dir=build
    if [ "$2" = simulator ]; then
        (cd "$1" && timeout -k 5 $((limit * 6)) build/tests/sim 200) \
            > "$1/log" 2>&1
        return
    fi
    [ "$2" = suite ] || dir=build/$2
    seconds=$limit
    [ "$2" = suite ] || seconds=$((limit * 3))
    for test in $tests; do
        what="$test"
        [ "$2" = suite ] || what="$test under $2"
        (cd "$1" && CK_RUN_CASE=$test timeout -k 5 $seconds $dir/tests/check) \
            > "$1/log" 2>&1 && continue
        [ $? != 124 ] || what="$what, which hung"
        return 1
    done
}

# trusted JUDGE: whether it notices nothing in the copy without a bug. That is
# asked once, and not before it is needed.
trusted() {
    [ -e "$trees/none/passed-$1" ] && return
    if built "$trees/none" "$1" && passes "$trees/none" "$1"; then
        touch "$trees/none/passed-$1"
        return
    fi
    echo "The $1 fails without any bug, so it can tell nothing:"
    tail -20 "$trees/none/log"
    exit 1
}

# noticed NAME: whether anything does. Prints a line.
noticed() {
    tree=$trees/$1
    since=$(date +%s)
    cp -Rp "$trees/none" "$tree"
    if ! patch -p1 -F0 -s -f -d "$tree" < "tests/mutants/$1.patch" \
        > "$tree/log" 2>&1; then
        echo "$1: the patch does not apply any more"
        cat "$tree/log"
        return 1
    fi
    for judge in $judges; do
        trusted "$judge"
        [ ! -d "$trees/none/build/$judge" ] ||
            cp -Rp "$trees/none/build/$judge" "$tree/build/"
        touch "$tree/trale.c" # newer than all that was built without the bug
        if ! built "$tree" "$judge"; then
            echo "$1: it does not compile any more"
            tail -20 "$tree/log"
            return 1
        fi
        passes "$tree" "$judge" && continue
        printf '%-33s caught by: %s, after %d s\n' "$1" "$what" \
            $(($(date +%s) - since))
        return
    done
    echo "$1: NOT CAUGHT"
    return 1
}

# shellcheck disable=SC2046 # one word for each name
[ $# -gt 0 ] || set -- $(ls tests/mutants | sed -n 's/\.patch$//p')
for name; do
    [ -f "tests/mutants/$name.patch" ] && continue
    echo "There is no tests/mutants/$name.patch." >&2
    exit 1
done

rm -rf "$trees"
mkdir -p "$trees/none"
cp -Rp Makefile trale.c trale.h examples tests "$trees/none/"
trusted suite
echo "without a bug everything passes, after $(($(date +%s) - start)) s"

count=0 caught=0
for name; do
    count=$((count + 1))
    noticed "$name" && caught=$((caught + 1))
done
echo "mutants: $caught of $count caught, in $(($(date +%s) - start)) s"
[ "$caught" = "$count" ] && [ "$count" -gt 0 ]
