# shellcheck shell=sh disable=SC2034
# What exercise.sh and check.sh share: finding, building and running the checks
# of an exercise. To be sourced, from the repository's top.
#
# An exercise NN_name is the student's file examples/exercises/NN_name.c and the
# folder tests/exercises/NN_name:
#
#     checks.c     the checks; its CHECK lines are the list of graded items
#     checks.h     the prototypes of what the checks call
#     part_*.c     more of the checks, where one file is not enough
#     stub.c       the student's file as it is handed out
#     solution.c
#     hints        three paragraphs
#     wrong/       wrong answers, each with the message that it must get

dir=tests/exercises
files=examples/exercises
build=${BUILD:-build}/exercises
# check.sh grades answers of its own, in a folder that takes the notes too.
answers=${EXERCISE_TRIAL:-$files}
notes=${EXERCISE_TRIAL:-$build}
grades=${EXERCISE_TRIAL:-build}/grade
CC=${CC:-cc}
export LC_ALL=C
unset CK_RUN_CASE CK_RUN_SUITE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS
warnings="-Wall -Wextra -Wpedantic -Wshadow"
warnings="$warnings -Werror=implicit-function-declaration"
warnings="$warnings -Werror=return-type"
"$CC" --version | grep -q clang || warnings="$warnings -Wjump-misses-init"

say() {
    echo "$*" >&2
}

# names: of all exercises, a line each.
names() {
    for stub in "$dir"/*/stub.c; do basename "$(dirname "$stub")"; done
}

# title NAME: "01. A future is a state machine." gives what follows the number.
title() {
    sed -n '1s|^// [0-9]*\. \(.*\)\.$|\1|p' "$dir/$1/stub.c"
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
    "$CC" -std=c11 -I. -I"$files" -I"$dir" -iquote "$dir/${name:-.}" \
        $warnings ${4:--O1} -g -fno-omit-frame-pointer -pthread $sanitize \
        -c -o "$3" "$2"
}

# build_checks NAME: all that does not depend on the student's file, for each
# sanitizer that the exercise asks for. It is built once and kept.
build_checks() {
    name=$1
    for sanitizer in $(sanitizers "$name"); do
        objects=$build/${CC##*/}-$sanitizer
        mkdir -p "$objects/$name"
        for source in narration harness watch; do
            newer "$objects/$source.o" "$dir/$source.c" trale.c ./*.h "$dir"/*.h ||
                compile "$sanitizer" "$dir/$source.c" "$objects/$source.o" ||
                return
        done
        for source in "$dir/$name"/checks.c "$dir/$name"/part_*.c; do
            [ -e "$source" ] || continue
            object=$objects/$name/$(basename "$source" .c).o
            newer "$object" "$dir/$name"/*.[ch] "$dir"/*.h "$files"/*.h ./*.[ch] ||
                compile "$sanitizer" "$source" "$object" || return
        done
    done
}

# sanitizers NAME: address (and undefined), and thread where it says so.
sanitizers() {
    wanted=$(directive "$1" Sanitizers)
    echo "${wanted:-address}"
}

# build_answer NAME WORK SANITIZER: links WORK/answer.c with the checks, into
# WORK/SANITIZER. What the compiler says goes to WORK/log.
build_answer() {
    name=$1
    objects=$build/${CC##*/}-$3
    wrap=
    for function in $(directive "$1" Wrap); do
        wrap="$wrap -Wl,--wrap=$function"
    done
    rm -f "$2/$3"
    compile "$3" "$2/answer.c" "$2/answer.o" -O0 > "$2/log" 2>&1 || return
    # shellcheck disable=SC2086,SC2046
    "$CC" $sanitize -pthread $wrap -o "$2/$3" "$2/answer.o" \
        "$objects/$1"/*.o "$objects/narration.o" "$objects/harness.o" \
        "$objects/watch.o" $(cat build/check.flags) > "$2/link" 2>&1 && return
    cat "$2/link" > "$2/log"
    return 1
}

# run_answer NAME FILE WORK: builds it and runs its checks, and writes the
# results to WORK/results.tsv: a line for each item of the list, whatever has
# become of the program.
#
# The prototypes of the checks follow the file in the same translation unit, so
# a function whose type was changed does not compile.
run_answer() {
    mkdir -p "$3"
    {
        echo "#line 1 \"$2\""
        cat "$2"
        echo
        echo "#line 1 \"$dir/$1/checks.h\""
        cat "$dir/$1/checks.h"
        echo "extern const char exercise_file[];"
        echo "const char exercise_file[] = \"$2\";"
    } > "$3/answer.c"
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
        rm -f "$out"
        "$3/$sanitizer" "$out" > "$3/printed" 2>&1
        [ -e "$out" ] || : > "$out"
        [ -z "${EXERCISE_TRACE-}" ] || cat "$3/printed"
        [ -z "${EXERCISE_FAIL_FAST-}" ] || ! cut -f 3 "$out" | grep -q failed ||
            break
    done
    # shellcheck disable=SC2086
    awk -f "$dir/merge.awk" -v exercise="$1" -v file="$2" -v built=$built \
        "$3/items" "$3/log" $outs > "$3/results.tsv"
}

# passed WORK: whether all items did.
passed() {
    [ -s "$1/results.tsv" ] && ! cut -f 5 "$1/results.tsv" | grep -qv '^passed$'
}
