#!/bin/sh
# What the compilers must accept, and what they must refuse. Prints one line
# for each check; a compiler that is not installed is skipped, aloud.
# `make check-compile` runs it.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check=$(cat "${BUILD:-build}/check.flags.c")
gcc="gcc -std=c11 -I. $check -Wall -Wextra -Wpedantic -Wshadow -Wjump-misses-init"
gcc="$gcc -Werror -O2 -pthread"
clang="clang -std=c11 -I. $check -Wall -Wextra -Werror -O2 -pthread"

# have PROGRAM: whether it is installed.
have() {
    command -v "$1" > /dev/null && return
    echo "skip    $1 is not installed"
    return 1
}

# report ok|FAILED WHAT: a failure shows what the command printed.
report() {
    printf '%-7s %s\n' "$1" "$2"
    [ "$1" = ok ] && return
    failed=1
    sed 's/^/    /' "$work/log"
}

# accepts WHAT COMMAND...: the command must succeed.
accepts() {
    what=$1
    shift
    if "$@" > "$work/log" 2>&1; then report ok "$what"
    else report FAILED "$what"; fi
}

# refuses WHAT REASON COMMAND...: it must fail, and give the reason.
refuses() {
    what=$1 reason=$2
    shift 2
    if "$@" > "$work/log" 2>&1; then
        echo "This was accepted: $*" >> "$work/log"
        report FAILED "$what"
    elif grep -q "$reason" "$work/log"; then report ok "$what"
    else report FAILED "$what, but not for: $reason"; fi
}

# block NAME BODY: writes NAME.c, an async block with this body.
block() {
    cat > "$work/$1.c" << C
#include "trale.h"
struct block { struct async async; int n; };
struct poll block_poll(struct future *future, struct context *cx);
struct poll block_poll(struct future *future, struct context *cx)
{
    struct block *self = (struct block *)future;

    ASYNC_BEGIN(self);
    $2
    ASYNC_END(self, self->n);
}
C
}

# pair COMPILER COMMAND NAME REASON: refuses NAME_bad.c, accepts NAME_good.c.
# The command is split into its words.
pair() {
    # shellcheck disable=SC2086
    refuses "$1 refuses $3" "$4" $2 -c -o "$work/out.o" "$work/$3_bad.c"
    # shellcheck disable=SC2086
    accepts "$1 accepts it corrected" $2 -c -o "$work/out.o" "$work/$3_good.c"
}

sleep='timer_sleep(duration_from_secs(1))'
block two_awaits_on_one_line_bad "AWAIT(self, $sleep); AWAIT(self, $sleep);"
block two_awaits_on_one_line_good "AWAIT(self, $sleep);
    AWAIT(self, $sleep);"
block local_across_await_bad "int n = 1;
    AWAIT(self, $sleep);
    self->n = n;"
block local_across_await_good "self->n = 1;
    AWAIT(self, $sleep);
    self->n++;"
block wake_of_borrowed_waker_bad "waker_wake(cx->waker);"
block wake_of_borrowed_waker_good "struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);"

for compiler in gcc clang; do
    have $compiler || continue
    [ $compiler = gcc ] && command=$gcc || command=$clang
    for source in trale.c examples/*.c examples/*/*.c; do
        [ "$source" = examples/broken/carried_local.c ] && continue
        # The reader's own program may have warnings: README.md names ours.
        case $source in
        # These need the headers of another library, and make hosts has them.
        examples/hosts/glib.c | examples/hosts/lwt_stubs.c) continue ;;
        # A copy of what the teacher's folder has, with its headers beside it.
        examples/exercises/13_executor.c) continue ;;
        examples/*/* | trale.c) ;;
        *) grep -qF "$source" README.md || continue ;;
        esac
        # shellcheck disable=SC2086
        accepts "$compiler compiles $source without a warning" \
            $command -c -o "$work/out.o" "$source"
    done

    # The header alone, which has to be ISO C and to need no feature macro.
    echo '#include "trale.h"' > "$work/header.c"
    accepts "$compiler compiles trale.h alone, as ISO C" \
        $compiler -std=c11 -pedantic-errors -Wall -Wextra -Werror -I. \
        -c -o "$work/out.o" "$work/header.c"

    # A program that needs no sockets may use the names of their calls.
    printf '%s\n' '#define TRALE_NO_UDP' '#include "trale.h"' \
        'int send, bind, connect;' > "$work/names.c"
    accepts "$compiler leaves the names of sockets to who says so" \
        $compiler -std=c11 -Wall -Wextra -Werror -I. -c -o "$work/out.o" \
        "$work/names.c"

    # The one program that only a compiler can report says how each does.
    [ $compiler = gcc ] && reason=jump-misses-init ||
        reason=conditional-uninitialized
    sed -n '/^\/\/ Expected output/,$ s|^//  *||p' \
        examples/broken/carried_local.c | paste -s -d ' ' > "$work/expected"
    # shellcheck disable=SC2086
    message=$(grep -o "error: [^[]*\[[^[]*$reason\]" "$work/expected" |
        sed 's/.*error: /error: /; s/[][]/./g')
    refuses "$compiler refuses broken/carried_local" "$message" \
        $command -W$reason -c -o "$work/out.o" examples/broken/carried_local.c

    pair $compiler "$command" two_awaits_on_one_line 'duplicate case value'
    pair $compiler "$command" wake_of_borrowed_waker 'discards.*qualifier'
done
if have gcc; then
    pair gcc "$gcc" local_across_await 'jump-misses-init'
fi

# no_extension: of all that is not ISO C the header's text has one attribute.
# A compiler sees a macro only where it is used, so it may miss some.
no_extension() {
    sed 's|//.*||' trale.h > "$work/header.txt"
    ! grep -o '\<__[A-Za-z_]*' "$work/header.txt" |
        grep -vx '__LINE__\|__FILE__\|__attribute__' || return
    ! grep '__attribute__' "$work/header.txt" |
        grep -vF -e '__attribute__((fallthrough));' -e '__attribute__((cold, format(printf, 1, 2)));' || return
    ! grep -n '\<typeof\>\|\<asm\>\|({\|goto *\*' "$work/header.txt" || return
    ! grep -nE '(=|\(|,|return)[[:space:]]*&&' "$work/header.txt"
}
accepts 'trale.h has no extensions but attributes: fallthrough, and those of panic' no_extension

# needs_libc_alone PROGRAM
needs_libc_alone() {
    readelf -d "$1" > "$work/dynamic"
    grep NEEDED "$work/dynamic" || return # it is not linked statically
    ! grep NEEDED "$work/dynamic" |
        grep -v '\[\(libc\|libpthread\|ld-[a-z0-9_-]*\|linux-vdso\)\.so'
}
if have gcc && have readelf; then
    # shellcheck disable=SC2086
    accepts 'gcc links readme.c' \
        $gcc -o "$work/readme" examples/readme.c trale.c
    accepts 'readme needs no library but libc' needs_libc_alone "$work/readme"
fi

# prints_as_expected PROGRAM SOURCE: in any order, as its last comment says.
prints_as_expected() {
    sed -n 's|^//  *[0-9.][0-9.]*  ||p' "$2" | sort > "$work/expected"
    [ -s "$work/expected" ] || return
    "$1" | sort > "$work/printed"
    diff "$work/expected" "$work/printed"
}
if have musl-gcc; then
    accepts 'musl-gcc links readme.c statically' \
        musl-gcc -std=c11 -I. -Wall -Wextra -Werror -O2 -static -pthread \
        -o "$work/musl" examples/readme.c trale.c
    accepts 'and it runs' prints_as_expected "$work/musl" examples/readme.c
fi

# Numbers that 32 bits cannot hold. A 64-bit gcc seldom has a 32-bit libc.
for bits in 64 32; do
    have gcc || break
    printf '%s\n' '#include <sys/socket.h>' 'int main(void) { return 0; }' \
        > "$work/bits.c"
    if ! gcc -m$bits -o "$work/bits" "$work/bits.c" > "$work/log" 2>&1; then
        echo "skip    gcc -m$bits cannot link (apt-get install gcc-multilib)"
        continue
    fi
    # shellcheck disable=SC2086
    accepts "gcc links tests/wrap.c in $bits bits" \
        $gcc -m$bits -o "$work/wrap" tests/wrap.c
    accepts 'and it runs' timeout 60 "$work/wrap"
done

[ "$failed" = 0 ]
