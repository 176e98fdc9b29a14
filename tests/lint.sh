#!/bin/sh
# What static analysis finds in trale.c, trale.h and the examples: nothing.
# A tool that is not installed is skipped, aloud. What is suppressed has its
# reason beside it. `make lint` runs it.
set -u
cd "$(dirname "$0")/.." || exit
# Not carried_local.c: its mistake is there to be found, by the compilers. Not
# what needs the headers of another event loop, or of the exercises' harness.
sources="trale.c $(find examples -name '*.c' ! -name carried_local.c \
    ! -path '*/hosts/glib.c' ! -path '*/hosts/uv.c' ! -path '*/hosts/event.c' \
    ! -path '*/hosts/ev.c' ! -name lwt_stubs.c ! -name 13_executor.c | sort)"
flags="-std=c11 -I. -pthread $(cat "${BUILD:-build}/check.flags.c")"
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
failed=0

# have PROGRAM: whether it is installed.
have() {
    command -v "$1" > /dev/null && return
    echo "skip    $1 is not installed"
    return 1
}

# report TOOL: shows what it found, if anything.
report() {
    if [ -s "$findings" ]; then
        echo "FAILED  $1"
        cat "$findings"
        failed=1
    else
        echo "ok      $1"
    fi
}

# malloc-leak: gcc 12 takes a pointer to the first member for the loss of the
# struct, and so would have every constructor of a future leak. LeakSanitizer
# looks for leaks in all tests.
if have gcc; then
    for source in $sources; do
        # shellcheck disable=SC2086 # the flags are several words
        LC_ALL=C gcc $flags -O2 -Wall -Wextra -fanalyzer \
            -Wno-analyzer-malloc-leak -c -o /dev/null "$source" 2>&1
    done > "$findings"
    report "gcc -fanalyzer"
fi

# All of these groups, but not:
checks="-*,bugprone-*,cert-*,clang-analyzer-*,concurrency-*,misc-*"
checks="$checks,performance-*,portability-*"
# _GNU_SOURCE is a reserved name: it is libc's way to be asked for more.
checks="$checks,-bugprone-reserved-identifier,-cert-dcl37-c,-cert-dcl51-cpp"
# A line that cannot be printed is no error that anybody could be told of.
checks="$checks,-cert-err33-c"
# atoll: it only reads what sscanf took for digits, and few of them.
checks="$checks,-cert-err34-c"
# A descriptor and a length are both int, and C has no better types for them.
checks="$checks,-bugprone-easily-swappable-parameters"
# The output of a future is an intptr_t, so that it can also be a pointer.
checks="$checks,-performance-no-int-to-ptr"
# It wants C11's Annex K, vsnprintf_s and the like, which no libc here has.
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
# strerror: for an errno that exists, glibc and musl return a constant.
# sigprocmask: our programs call it while they have one thread.
checks="$checks,-concurrency-mt-unsafe"
# It takes a future that was spawned, and lives in its task, for one that
# future_drop frees. The address sanitizer looks at that in all tests.
checks="$checks,-clang-analyzer-unix.Malloc"
# trace.c includes trale.c: the talking build is one unit.
checks="$checks,-bugprone-suspicious-include"
# A panic tells where its task is, and what tells that may panic. That ends it.
checks="$checks,-misc-no-recursion"
# An array of pointers to structs is just what is meant where it says so.
checks="$checks,-bugprone-sizeof-expression"
if have clang-tidy; then
    # shellcheck disable=SC2086
    clang-tidy --quiet -checks="$checks" --header-filter='trale\.h|examples/' \
        $sources -- $flags 2> /dev/null > "$findings" ||
        echo "clang-tidy: some file was not checked" >> "$findings"
    report "clang-tidy"
fi

# missingIncludeSystem: it knows libc by itself, and does not need its headers.
# unusedStructMember: the structs of a header are not for each file to use up.
# preprocessorErrorDirective: it does not know __has_include.
# nullPointerRedundantCheck, ctunullpointer: it does not see that panic never
# returns, where it is only declared.
# memleak: a pointer to a future is all that its owner needs to free the block.
# duplicateCondition: two lines with one condition may read better than a block.
# getcontext, makecontext: POSIX has nothing in their place for a stack of one's
# own. invalidFunctionArg: it does not know that MAP_ANONYMOUS takes no file.
if have cppcheck; then
    # shellcheck disable=SC2086
    cppcheck --quiet --std=c11 --language=c --library=posix --inconclusive \
        --enable=warning,style,performance,portability \
        --suppress=missingIncludeSystem --suppress=unusedStructMember --suppress=memleak:trale.c \
        --suppress=memleak:examples/hosts/notification.c --suppress=nullPointerRedundantCheck \
        --suppress=ctunullpointer \
        --suppress=duplicateCondition --suppress=preprocessorErrorDirective -I. \
        --suppress=getcontextCalled --suppress=makecontextCalled \
        --suppress=invalidFunctionArg:examples/fibers/stack.c \
        $sources 2> "$findings"
    report "cppcheck"
fi

[ "$failed" = 0 ]
