#!/bin/sh
# Holds the documents to the code: every name that a document puts in
# backquotes exists, the mirror has a row for every item of trale, every hazard
# has its test, every function in trale.c says which threads run it and what it
# locks, and no file has outgrown its budget of lines. Two more scripts look at
# links and at quoted traces.
# Run from the top of the repository.
set -u
failures=0

fail() {
    echo "docs: $*" >&2
    failures=$((failures + 1))
}

sources=$(find . \( -name .git -o -name build \) -prune -o \( -name '*.[ch]' -o \
    -name '*.sh' -o -name '*.mk' -o -name Makefile -o -path './tests/lwt/*' \) \
    -type f -print)

# Backquoted words of our own kind: paths, and names in lower case. Rust names
# hold a "::" or a capital letter, so they are passed over.
names() {
    sed -e '/^```/,/^```/d' "$1" | grep -o '`[^`]*`' | tr -d '`' | sort -u |
        grep -E '^(\.?[a-z0-9_./-]+|[a-z][a-z0-9_]*\(\)|struct [a-z_]+)$'
}

for document in $(find . \( -name .git -o -name build \) -prune -o \
    -name '*.md' -print | sed 's|^\./||'); do
    for name in $(names "$document" | tr ' ' '@'); do
        case $name in
        struct@*)
            grep -qE "^ *(static |const )*struct ${name#struct@} \{" $sources ||
                fail "$document names struct ${name#struct@}, which is nowhere"
            ;;
        *.rs | epoll | libc) ;;
        */* | *.c | *.h | *.md | *.sh | *.py | *.txt)
            test -e "$name" || test -e "examples/$name" ||
                test -e "$(dirname "$document")/$name" ||
                case $name in build/*) true ;; *) false ;; esac ||
                fail "$document names the file $name, which does not exist"
            ;;
        *"()")
            grep -qE "(^|[^a-z_])${name%"()"}\(" $sources ||
                fail "$document names the function $name, which is nowhere"
            ;;
        test_*)
            grep -q "^START_TEST($name)" tests/*.c ||
                fail "$document names the test $name, which does not exist"
            ;;
        *)
            { grep -qwF -- "${name##*.}" $sources &&
                grep -qwF -- "${name%%.*}" $sources; } ||
                fail "$document names $name, which is nowhere in the sources"
            ;;
        esac
    done
done

# Every struct, field, enum, function and trait impl of trale at 2e2bf2f.
while read -r item; do
    grep -qF "| \`$item\` |" NOTES.md || fail "the mirror lacks a row for $item"
done << 'ITEMS'
Task
Task::id
Task::future
impl Wake for Task
Task::wake
Executor
Executor::waiting
Executor::run_q
Executor::cv
TaskJoiner<T>
TaskJoiner::rx
TaskJoiner::join
Executor::get
Executor::spawn
Executor::block_on
Executor::executor_loop
Reactor
Reactor::poll
WakeupKind
WakeupKind::Readable
WakeupKind::Writable
Reactor::get
Reactor::register_waker
Reactor::reactor_loop
Subscription<T>
Subscription::fd
Subscription::data
Poll<T>
Poll::wakers
Poll::epoll
Poll::new
Poll::insert
Poll::wait
Timer
Timer::expiration
Timer::fd
Timer::sleep
impl Future for Timer
Timer::Output
Timer::poll
UdpSocket
UdpSocket::inner
UdpSocket::bind
UdpSocket::recv_from
UdpSocket::send_to
RecvFrom
RecvFrom::sock
RecvFrom::buf
impl Future for RecvFrom
RecvFrom::Output
RecvFrom::poll
SendTo
SendTo::sock
SendTo::dst
SendTo::buf
impl Future for SendTo
SendTo::Output
SendTo::poll
ITEMS

# Every hazard that a Check test must show, and every test of a hazard in
# tests/README.md. Those missing here take a fault injector or a simulator.
# Hazards 43 and 44 have make targets instead.
for hazard in 1 2 3 4 6 7 8 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 \
    27 28 29 30 32 34 35 36 37 38 39 40 41 42 45 \
    46 47 48 49 50 51; do
    grep -qE "// Hazards? ([0-9]+(,| and) )*${hazard}[:, ]" tests/test_*.c ||
        fail "no test is marked with hazard $hazard"
    grep -qE "^\| $hazard \|.*\`test_" tests/README.md ||
        fail "tests/README.md names no test for hazard $hazard"
done

# The line above each function (or the last of those that name it) has three
# parts: Rust counterpart | threads | locks.
awk '
    /^\/\// { comment = comment " " $0; next }
    /^[a-z_].*[a-z_]\(/ && !/^(enum|struct [a-z_]* \{)/ {
        line = $0
        while (line !~ /[;)]$/ && (getline next_line) > 0) line = line next_line
        if (line ~ /;$/) next # a declaration
        if (split(comment, parts, "|") < 3) {
            print "docs: trale.c:" FNR " lacks its line of threads and locks: " $0
            bad = 1
        }
    }
    { comment = "" }
    END { exit bad }
' trale.c >&2 || failures=$((failures + 1))

# Lines of code: all that are neither blank nor a comment alone. The whole file
# is counted.
code() {
    grep -vcE '^[[:space:]]*(//.*)?$' "$1"
}

budget() { # budget WHAT LINES ALLOWED
    echo "docs: $1: $2 lines of code, at most $3"
    test "$2" -le "$3" || fail "$1 has $2 lines of code, $3 are allowed"
}

# clang-format leaves a comment that is too wide as it is.
for file in trale.c trale.h examples/trace/trace.c examples/trace/trace.h; do
    wide=$(awk 'length > 80 { printf "%d ", FNR }' "$file")
    [ -z "$wide" ] || fail "$file is wider than 80 columns in line $wide"
done

budget trale.c "$(code trale.c)" 470
budget trale.h "$(code trale.h)" 140
budget "the kernel of promises" "$(cat examples/promises/promise*.c | code -)" 350
budget "lwt.h and lwt*.c" "$(cat examples/promises/lwt*.[ch] | code -)" 650
budget stack.c "$(code examples/fibers/stack.c)" 240
budget "fiber.c and switch.c" "$(cat examples/fibers/fiber.c examples/fibers/switch.c |
    code -)" 300
budget executor_loop "$(sed -n '/^static void \*executor_loop/,/^}/p' trale.c |
    grep -vcE '^[[:space:]]*(//.*)?$')" 45
for file in trale.c trale.h; do
    code=$(code $file)
    comments=$(grep -cE '^[[:space:]]*//' $file)
    test $((comments * 10)) -ge $((code * 8)) &&
        test $((comments * 10)) -le $((code * 12)) ||
        fail "$file: $comments comment lines for $code code lines, want .8 to 1.2"
done
for file in examples/broken/*.c; do
    test "$(wc -l < "$file")" -le 50 || fail "$file has more than 50 lines"
    grep -q '^// The mistake: ' "$file" || fail "$file does not say its mistake"
done
libraries='/(promise|lwt)[a-z_]*[.]c$'
parts='/(stack|fiber|switch|flow|buf_read|net|mock_net|client|echo_[a-z]*|async_eio|callbacks)[.]c$'
for file in examples/*.c examples/broken/*.c \
    $(ls examples/promises/*.c | grep -vE "$libraries") \
    $(ls examples/fibers/*.c examples/porting/*.c | grep -vE "$parts"); do
    # The reader's own programs need none. README.md names ours.
    case $file in
    examples/*/*) ;;
    *) grep -qF "$file" README.md || continue ;;
    esac
    grep -q '^// Expected output' "$file" || fail "$file shows no expected output"
done

# The C in README.md is that of the first example.
sed -n '/^```c$/,/^```$/p' README.md | grep -v '^```' | grep -v '^$' |
    sed 's/^ *//' | while read -r line; do
    grep -qF -- "$line" examples/readme.c || echo "$line"
done | grep . && fail "README.md shows what is not in examples/readme.c"

sh tests/check_links.sh || failures=$((failures + 1))
sh tests/check_quotes.sh || failures=$((failures + 1))

test $failures -eq 0 && echo "docs: documents and sources agree"
exit $((failures > 0))
