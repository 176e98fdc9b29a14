#!/bin/sh
# What the suite `fibers` cannot see from inside a program: what the compilers
# and the address sanitizer make of fibers. Prints a line for each check.
# Run it from the repository's top: sh tests/check_fibers.sh CLIENT.O, where that
# is what became of examples/fibers/client.c.
set -u
cd "$(dirname "$0")/.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# check WHAT COMMAND...: a failure shows what the command printed.
check() {
    what=$1
    shift
    if "$@" > "$work/log" 2>&1; then
        echo "ok      $what"
    else
        echo "FAILED  $what"
        sed 's/^/    /' "$work/log"
        failures=$((failures + 1))
    fi
}

# have PROGRAM: whether it is installed.
have() {
    command -v "$1" > /dev/null && return
    echo "skip    $1 is not installed"
    return 1
}

flags="-std=c11 -I. -Wall -Wextra -Wpedantic -Wshadow -Werror -pthread"
library="examples/fibers/stack.c examples/fibers/fiber.c
    examples/fibers/switch.c examples/futures/spawn.c examples/futures/yield.c
    examples/promises/promise.c trale.c"

# A local of a fiber overflows after an await, or behind it: it must be told.
cat > "$work/planted.c" << 'C'
#include "examples/fibers/fiber.h"
static intptr_t planted(void *index)
{
    char local[16] = "";
    fiber_await(timer_sleep(duration_from_millis(1)));
    ((volatile char *)local)[(intptr_t)index] = 'x';
    fiber_await(timer_sleep(duration_from_millis(1)));
    return local[0];
}
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < 3; i++) executor_block_on(fiber(planted, (void *)15));
    if (argc > 1) executor_block_on(fiber(planted, (void *)16));
}
C

overflow_is_reported() {
    "$work/planted" > "$work/log" 2>&1 || return # without it nothing is told
    ! "$work/planted" x > "$work/report" 2>&1 || return
    cat "$work/report"
    grep -q 'AddressSanitizer: stack-buffer-overflow' "$work/report" &&
        grep -q "'local'" "$work/report"
}

# The library is put together with what distributions add to the flags.
for compiler in gcc clang; do
    have $compiler || continue
    # shellcheck disable=SC2086
    check "$compiler links a program with fibers for the address sanitizer" \
        $compiler $flags -O1 -g -fsanitize=address -o "$work/planted" \
        "$work/planted.c" $library
    check 'which reports an overflow of a local after an await' \
        overflow_is_reported
    # shellcheck disable=SC2086
    check "$compiler links it with -D_FORTIFY_SOURCE=2" \
        $compiler $flags -O2 -D_FORTIFY_SOURCE=2 -o "$work/fortified" \
        "$work/planted.c" $library
    check 'and it runs' "$work/fortified"
done

# The client reaches the network that it is given, and no other.
imports_no_network() {
    nm -u "$1" || return
    ! nm -u "$1" | grep -wE 'socket|connect|open|syscall'
}
check 'the client imports no socket, connect or open' imports_no_network "$1"

# The README counts the lines of code of the three echo servers.
for way in states callbacks fibers; do
    lines=$(grep -vcE '^[[:space:]]*(//.*)?$' "examples/fibers/echo_$way.c")
    check "the README counts the $lines lines of echo_$way.c" \
        grep -qE "^\| .?echo_$way.c.? \|.*\b$lines\b" examples/fibers/README.md
done

# From one step of the guide to the next few lines change.
few_lines_change() {
    lines=$(diff "$1" "$2" | grep -c '^[<>]')
    echo "$lines"
    [ "$lines" -gt 0 ] && [ "$lines" -le 60 ]
}
for number in 1 2 3 4; do
    before=examples/porting/step$number.c
    after=examples/porting/step$((number + 1)).c
    check "from step $number to the next at most 60 lines change" \
        few_lines_change $before $after
done
uses_no_promises() {
    ! sed 's|//.*||' "$1" | grep -nE 'lwt_|promise|async_eio|callbacks'
}
check 'the last step is without promises' uses_no_promises \
    examples/porting/step5.c

# Nothing is written for one processor.
if have aarch64-linux-gnu-gcc; then
    for source in trale.c $(find examples -name '*.c' | grep -E 'fibers|porting'); do
        # shellcheck disable=SC2086
        check "aarch64-linux-gnu-gcc compiles $source" \
            aarch64-linux-gnu-gcc $flags -O2 -c -o "$work/out.o" "$source"
    done
fi

exit $((failures > 0))
