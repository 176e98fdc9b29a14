#!/bin/sh
# Holds the ten steps to what they promise: two neighbours differ in few lines,
# each says what was wrong before it and what it leaves, each is complete with
# its own header and libc, and what its macros stand for compiles as well.
# Run it from the repository's top: sh tests/check_steps.sh
set -u
cd "$(dirname "$0")/.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
limit=80

fail() {
    echo "steps: $*" >&2
    failures=$((failures + 1))
}

# changed FILE FILE: the lines removed and the lines added.
changed() {
    diff "$1" "$2" | grep -c '^[<>]'
}

# said STEP HEADING: the lines below a heading of the opening comment.
said() {
    awk -v heading="// $2" '
        on && /^\/\/     / { print; next }
        { on = $0 == heading }
    ' "$1"
}

number=0
for step in examples/steps/s0*.c examples/steps/s10_*.c; do
    header=${step%.c}.h
    label=${step##*/s} label=${label%%_*} label=${label#0}
    case $label in
    *[a-z]) ;; # between two numbers: on the way from 9 to trale
    *) number=$((number + 1)) ;;
    esac
    [ "$number" = "${label%[a-z]}" ] ||
        fail "$step is out of order, or there are two of one number"

    # The opening, and the output at the end.
    head -n 1 "$step" | grep -q "^// Step $label: " ||
        fail "$step does not open with its number"
    grep -q '^// The book: chapter [78], ".' "$step" ||
        fail "$step names no heading of the book"
    for heading in 'What was wrong:' 'What changes now:' 'What is still wrong:'; do
        test -n "$(said "$step" "$heading")" || fail "$step lacks: $heading"
    done
    grep -q '^// Expected output' "$step" || fail "$step shows no output"

    # Complete with its own header, and that with libc.
    own=$(sed -n 's/^#include "\(.*\)".*/\1/p' "$step")
    if [ $number = 10 ]; then
        [ "$own" = trale.h ] || fail "$step includes $own"
        [ ! -e "$header" ] || fail "$header should be trale.h"
    else
        [ "$own" = "${header##*/}" ] || fail "$step includes $own"
        grep -n '^#include "' "$header" && fail "$header is not complete"
    fi

    # Against the step before. Where trale.h takes the place of a header, that
    # is one line.
    if [ $number -gt 1 ]; then
        lines=$(changed "$before" "$step")
        if [ -e "$header" ]; then
            lines=$((lines + $(changed "${before%.c}.h" "$header")))
        fi
        echo "$lines lines from ${before##*/} to ${step##*/}"
        [ "$lines" -le $limit ] && [ "$lines" -gt 0 ] ||
            fail "$lines changed lines, $limit are allowed"
        [ "$(said "$before" 'What is still wrong:')" = \
            "$(said "$step" 'What was wrong:')" ] ||
            fail "$step does not mend what $before leaves"
    fi
    before=$step
done
[ $number = 10 ] || fail "there are $number steps instead of ten"

# The steps of chapter 9 follow each other too, and are on trale.
before=
for step in examples/steps/s1[1-9]_*.c; do
    grep -q '^// The book: chapter 9, ".' "$step" ||
        fail "$step names no heading of the book"
    grep -q '^// Expected output' "$step" || fail "$step shows no output"
    grep -q '^#include "trale.h"' "$step" || fail "$step is not on trale"
    [ -z "$before" ] || [ "$(said "$before" 'What is still wrong:')" = \
        "$(said "$step" 'What was wrong:')" ] ||
        fail "$step does not mend what $before leaves"
    [ -z "$before" ] || echo "$(changed "$before" "$step") lines from" \
        "${before##*/} to ${step##*/}"
    [ -z "$before" ] || [ "$(changed "$before" "$step")" -le $limit ] ||
        fail "$(changed "$before" "$step") changed lines, $limit are allowed"
    before=$step
done

# Every step and its expansion compile. Shadowed names and the like are the
# author's business, so the expansion is compiled with fewer warnings.
for compiler in gcc clang; do
    if ! command -v $compiler > /dev/null; then
        echo "skip    $compiler is not installed"
        continue
    fi
    for step in examples/steps/s*.c; do
        name=${step##*/}
        $compiler -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Werror -O2 -I. \
            -pthread -c -o "$work/out.o" "$step" ||
            fail "$compiler does not compile $step"
        CC=$compiler sh examples/steps/expand.sh "$step" > "$work/$name" ||
            fail "$step cannot be expanded"
        if sed 's|//.*||; s|"[^"]*"||g' "$work/$name" |
            grep -wE 'ASYNC_BEGIN|AWAIT|ASYNC_END|POLL_PENDING|POLL_READY'; then
            fail "$name is not fully expanded"
        fi
        $compiler -std=c11 -Wall -Wextra -Werror -O2 -I. -iquote \
            examples/steps -pthread -c -o "$work/out.o" "$work/$name" ||
            fail "$compiler does not compile what $step expands to"
    done
done

test $failures -eq 0 && echo "steps: all ten are as they should be"
exit $((failures > 0))
