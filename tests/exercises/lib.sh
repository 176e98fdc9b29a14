# shellcheck shell=sh disable=SC2034,SC2046,SC2086
# What exercise.sh and check.sh share: finding, building and running the checks
# of an exercise. To be sourced, from the repository's top.
#
# An exercise NN_name is the student's file examples/exercises/NN_name.c and the
# folder tests/exercises/NN_name:
#
#     checks.c     the checks; its CHECK lines are the list of graded items
#     checks.h     the prototypes of what the checks call
#     part_*.c     more of the checks, where one file is not enough; what is handed
#                  out of them is in examples/exercises, beside the student's file
#     stub.c       the student's file as it is handed out
#     solution.c
#     hints        three paragraphs
#     wrong/       wrong answers, each with the message that it must get
#     right/       right answers that are not the solution
#     parts.sh     how to build what else is run, of several exercises
#
# Three programs take part. The checks with the student's file make one, for
# each sanitizer; it runs a single check. watch.c is another, and starts it.
# Of the student's object file nothing can be seen from outside but the functions
# that the checks call, so its helpers may have any name; and what it calls is
# looked at by calls.c.

dir=tests/exercises
files=examples/exercises
build=${BUILD:-build}/exercises
# check.sh grades answers of its own, in a folder that takes the notes too.
answers=${EXERCISE_TRIAL:-$files}
notes=${EXERCISE_TRIAL:-$files/.progress}
grades=${EXERCISE_TRIAL:-${BUILD:-build}}/grade
CC=${CC:-cc}
objects=$build/objects-$(echo "$CC" | tr -c '[:alnum:]\n' _)
export LC_ALL=C
unset CK_RUN_CASE CK_RUN_SUITE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS
warnings="-Wall -Wextra -Wpedantic -Wshadow"
warnings="$warnings -Werror=implicit-function-declaration"
warnings="$warnings -Werror=return-type"
$CC --version | grep -q clang || warnings="$warnings -Wjump-misses-init"

say() {
    echo "$*" >&2
}

# names: of all exercises, a line each, in the order in which they are done.
names() {
    awk '!/^#/ { print $1 }' "$dir/order"
}

# graded: those that give points. The last is for whoever wants more.
graded() {
    awk '!/^#/ && $2 > 0 { print $1 }' "$dir/order"
}

# title NAME: "01. A future is a state machine." gives what follows the number.
title() {
    sed -n '1s|^// [0-9]*[a-z]*\. \(.*\)\.$|\1|p' "$dir/$1/stub.c"
}

# directive NAME WORD: what follows "// WORD: " in checks.c.
directive() {
    sed -n "s|^// $2: ||p" "$dir/$1/checks.c"
}

# items NAME: the list of graded items, apart by tabs: name, points, title.
items() {
    awk '/^CHECK\(/ {
        name = points = title = substr($0, 7)
        sub(/,.*/, "", name)
        sub(/^[^,]*, */, "", points)
        sub(/,.*/, "", points)
        sub(/^[^"]*"/, "", title)
        sub(/"\)$/, "", title)
        printf "%s\t%s\t%s\n", name, points, title
    }' "$dir/$1/checks.c"
}

# parts NAME: the exercises that are run with this one, and itself.
parts() {
    awk '/^[0-9]/ { print $1 }' "$dir/$1/parts.sh" 2> /dev/null
}

# checksum NAME: of its file, and of those of its parts.
checksum() {
    for part in "$1" $(parts "$1"); do
        cat "$answers/$part.c" 2> /dev/null
    done | cksum
}

# noted NAME: "GOT MOST" if its files are as they were at the last run.
noted() {
    [ -e "$notes/noted/$1" ] && [ -e "$answers/$1.c" ] &&
        [ "$(sed -n 2p "$notes/noted/$1")" = "$(checksum "$1")" ] &&
        sed -n 1p "$notes/noted/$1"
}

# state NAME: to do, changed (since it was checked), done, or how many points.
state() {
    outcome=$(noted "$1")
    if [ ! -e "$answers/$1.c" ]; then
        echo 'no file'
    elif cmp -s "$answers/$1.c" "$dir/$1/stub.c"; then
        echo 'to do'
    elif [ -z "$outcome" ]; then
        echo changed
    elif [ "${outcome% *}" = "${outcome#* }" ]; then
        echo 'done'
    else
        echo "${outcome% *} of ${outcome#* }"
    fi
}

# newer TARGET SOURCE...: whether the target is there, and newer than them all.
newer() {
    target=$1
    shift
    [ -e "$target" ] && [ -z "$(find "$@" -newer "$target")" ]
}

# compile SANITIZER SOURCE OBJECT [-O0]: with all warnings.
compile() {
    case $1 in
    thread) sanitize=-fsanitize=thread ;;
    *) sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all" ;;
    esac
    # shellcheck disable=SC2086
    $CC -std=c11 -I. -I"$files" -I"$dir" -iquote "$dir/${name:-.}" \
        $(cat "${BUILD:-build}/check.flags.c") $warnings ${4:--O1} -g -fmessage-length=0 -fno-omit-frame-pointer -pthread $sanitize \
        -c -o "$3" "$2"
}

# build_checks NAME: all that does not depend on the student's file, for each
# sanitizer that the exercise asks for. It is built once and kept. So are two
# lists of functions: those that the student's file shall have for the checks,
# and those that are called in place of what it calls.
build_checks() {
    name=$1
    mkdir -p "$objects"
    newer "$objects/watch" "$dir/watch.c" "$dir/shared.h" ||
        $CC -std=c11 -O1 -g $warnings -o "$objects/watch" "$dir/watch.c" ||
        return
    for sanitizer in $(sanitizers "$name"); do
        kept=$objects/$sanitizer
        mkdir -p "$kept/$name"
        for source in narration harness calls c11; do
            newer "$kept/$source.o" "$dir/$source.c" trale.c ./*.h "$dir"/*.h \
                examples/trace/*.[ch] tests/*.h ||
                compile "$sanitizer" "$dir/$source.c" "$kept/$source.o" ||
                return
        done
        for object in "$kept/$name"/*.o; do # of a source that is no more
            source=$(basename "$object" .o).c
            [ -e "$dir/$name/$source" ] || [ -e "$files/$source" ] ||
                rm -f "$object"
        done
        for source in "$dir/$name"/checks.c "$dir/$name"/part_*.c \
            "$files/${name%%_*}"_*.c; do
            [ -e "$source" ] && [ "$source" != "$files/$name.c" ] || continue
            object=$kept/$name/$(basename "$source" .c).o
            newer "$object" "$source" "$dir/$name"/*.[ch] "$dir"/*.h \
                "$files"/*.h ./*.[ch] ||
                compile "$sanitizer" "$source" "$object" || return
        done
        # Of what the checks lack, that which is declared as the student's.
        nm -u "$kept/$name"/*.o | sed -n 's/^ *U //p' | sort -u > "$kept/$name/lacking"
        cat "$dir/$name/checks.h" "$files/${name%%_*}"_*.h 2> /dev/null |
            grep -oE '[a-z_0-9]+\(' | tr -d '(' | sort -u |
            comm -12 - "$kept/$name/lacking" > "$kept/$name/wanted"
        nm --defined-only "$kept"/*.o "$kept/$name"/*.o |
            sed -n 's/.* [TW] student_\(.*\)/\1 student_\1/p' | sort -u > "$kept/$name/renamed"
    done
}

# sanitizers NAME: address (and undefined), and thread where it says so.
sanitizers() {
    wanted=$(directive "$1" Sanitizers)
    echo "${wanted:-address}"
}

# refused WORK: what an answer must not do, since it would switch the checks off
# or be no answer. Nothing here stops who is out to cheat.
refused() {
    grep -noE 'no_sanitize|__(asan|lsan|tsan|ubsan)_default_[a-z]*|__lsan_[a-z_]*' \
        "$1/answer.c" | head -n 1 |
        sed "s/^\([0-9]*\):\(.*\)/\2 in line \1 is refused: it would switch a sanitizer off./"
    ! tr ' \\' '\n\n' < "$1/answer.d" |
        grep -qE "^$dir/.*/(solution|checks|right/.*|wrong/.*)[.]c\$" ||
        echo "It includes the solution, or the checks, and that is refused."
}

# build_answer NAME WORK SANITIZER: links WORK/answer.c with the checks, into
# WORK/SANITIZER. What the compiler says goes to WORK/log. An error that is seen
# only with the checks' prototypes behind the file is shown if there is no other.
build_answer() {
    name=$1
    kept=$objects/$3
    rm -f "$2/$3"
    compile "$3" "$2/answer.c" "$2/answer.o" "-O0 -MD -MF $2/answer.d" > "$2/log" 2>&1 || {
        compile "$3" "$2/alone.c" "$2/answer.o" -O0 > "$2/alone" 2>&1 ||
            cp "$2/alone" "$2/log"
        return 1
    }
    refused "$2" > "$2/refused"
    [ ! -s "$2/refused" ] || {
        cp "$2/refused" "$2/log"
        return 1
    }
    [ ! -e "$dir/$name/parts.sh" ] || {
        # shellcheck source=/dev/null
        . "$dir/$name/parts.sh"
        build_parts "$2" "$3"
        name=$1
        kept=$objects/$3
    }
    objcopy --keep-global-symbols="$kept/$name/wanted" \
        --redefine-syms="$kept/$name/renamed" "$2/answer.o" > "$2/link" 2>&1 &&
        $CC $sanitize -pthread -o "$2/$3" "$2/answer.o" "$kept/$name"/*.o \
            "$kept"/*.o \
            $(cat "${BUILD:-build}/check.flags") > "$2/link" 2>&1 && return
    cat "$2/link" > "$2/log"
    return 1
}

# write_answer NAME FILE WORK: the prototypes of the checks follow the file in the
# same translation unit, so a function whose type was changed does not compile.
# A byte-order mark would not be at the beginning any more.
write_answer() {
    mkdir -p "$3"
    {
        echo "#line 1 \"$2\""
        sed '1s/^\xef\xbb\xbf//' "$2"
        echo
    } > "$3/alone.c"
    {
        cat "$3/alone.c"
        echo "#line 1 \"$dir/$1/checks.h\""
        cat "$dir/$1/checks.h"
    } > "$3/answer.c"
}

# run_answer NAME FILE WORK: builds it and runs its checks, and writes the
# results to WORK/results.tsv: a line for each item of the list, whatever has
# become of the program.
run_answer() {
    write_answer "$1" "$2" "$3"
    items "$1" > "$3/items"
    built=1
    outs=
    for sanitizer in $(sanitizers "$1"); do
        build_answer "$1" "$3" "$sanitizer" || {
            built=0
            break
        }
        out=$3/$sanitizer.out
        outs="$outs $out"
        EXERCISE_WORK=$3 EXERCISE_SANITIZER=$sanitizer \
            EXERCISE_MADE_OF=$(parts "$1" | tr '\n' ' ') \
            "$objects/watch" "$3/items" "$out" "$2" "$3/$sanitizer"
        [ -z "${EXERCISE_FAIL_FAST-}" ] || ! cut -f 3 "$out" | grep -q failed ||
            break
    done
    awk -f "$dir/merge.awk" -v exercise="$1" -v file="$2" -v built=$built \
        "$3/items" "$3/log" $outs > "$3/results.tsv"
}

# passed WORK: whether all items did.
passed() {
    [ -s "$1/results.tsv" ] && ! cut -f 5 "$1/results.tsv" | grep -qv '^passed$'
}
