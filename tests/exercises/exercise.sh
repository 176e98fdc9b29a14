#!/bin/sh
# The exercises, as the student meets them. Run from the repository's top, best
# through make:
#
#     exercise.sh list | grade
#     exercise.sh run | hint | watch | solution | reset N
#
# N may be left out: then it is the next that is not done. Where there are hints
# left and what has passed is noted in examples/exercises/.progress.
set -u
cd "$(dirname "$0")/../.." || exit
command -v awk > /dev/null || {
    echo "The exercises need awk." >&2
    exit 2
}
. tests/exercises/lib.sh

color=
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
    color=1
    bold=$(printf '\033[1m')
    plain=$(printf '\033[0m')
fi

# next_name: the first that is not done; nothing if all are.
next_name() {
    for each in $(names); do
        [ "$(state "$each")" = 'done' ] || {
            echo "$each"
            return
        }
    done
}

# find_name N: sets name to that of exercise N, 1 or 01 or 01_countdown, or to
# the next that is not done.
find_name() {
    case ${1-} in
    '')
        name=$(next_name)
        [ -n "$name" ] || name=$(names | head -n 1)
        ;;
    [0-9] | [0-9][a-z]) name=$(names | grep "^0$1_" | head -n 1) ;;
    *) name=$(names | grep -E "^$1(_|\$)" | head -n 1) ;;
    esac
    file=$answers/$name.c
    [ -n "$name" ] && return
    say "There is no exercise $1, only $(names | cut -d _ -f 1 | paste -s -d ' ')."
    exit 2
}

need_file() {
    [ -e "$file" ] && return
    say "$file is not there. This brings it back: make reset N=${name%%_*}"
    exit 1
}

write_titles() {
    mkdir -p "$build"
    for each in $(names); do
        printf '%s\t%s\n' "$each" "$(title "$each")"
    done > "$build/titles"
}

# check_file NAME FILE: runs the checks and notes the outcome beside the sum of
# the file, which tells later whether it has changed.
check_file() {
    work=$build/$1
    mkdir -p "$work" "$notes/noted"
    build_checks "$1" || {
        say "The checks of $1 do not compile, and that is not your fault."
        exit 3
    }
    run_answer "$1" "$2" "$work"
    awk -F '\t' '{ got += $3; most += $4 } END { print got, most }' \
        "$work/results.tsv" > "$notes/noted/$1"
    checksum "$1" >> "$notes/noted/$1"
}

show() { # show FORM RESULTS
    awk -f "$dir/results.awk" -v form="$1" -v color="$color" \
        -v titles="$build/titles" "$2"
}

# run [HOW TO GO ON]: checks the exercise and shows the outcome.
run() {
    need_file
    write_titles
    [ -z "${TRACE-}" ] || export EXERCISE_TRACE=1
    check_file "$name" "$file"
    [ ! -s "$work/log" ] || {
        [ "$built" = 0 ] || echo "The compiler warns:"
        show log "$work/log"
        echo
    }
    show text "$work/results.tsv"
    if passed "$work"; then
        echo "Done. To compare: make solution N=${name%%_*}."
        [ -n "${1-}" ] || echo "Then the next: make exercise"
        return 0
    fi
    [ -n "${1-}" ] ||
        echo "Stuck? make hint N=${name%%_*}. All events: make exercise" \
            "N=${name%%_*} TRACE=1"
    return 1
}

list() {
    all=0 done=0
    next=$(next_name)
    for each in $(names); do
        state=$(state "$each")
        mark=' '
        graded | grep -qx "$each" || mark='+'
        if [ "$mark" = ' ' ]; then
            all=$((all + 1))
            [ "$state" != 'done' ] || done=$((done + 1))
        fi
        [ "$each" != "$next" ] || mark='>'
        printf '%s %-3s  %-8s  %s\n' "$mark" "${each%%_*}" "$state" \
            "$(title "$each")"
    done
    bar=$(printf '%*s' $((all > 0 ? done * 40 / all : 0)) '' | tr ' ' '#')
    printf '\n  [%-40s] %d of %d done\n' "$bar" $done $all
    if [ -n "$next" ]; then
        printf '  %snext: %s%s, then: make exercise\n' "$bold" \
            "$answers/$next.c" "$plain"
    else
        echo "  All of it. Well done."
    fi
}

hint() {
    mkdir -p "$notes/hints"
    given=$(cat "$notes/hints/$name" 2> /dev/null || echo 0)
    number=$((given % 3 + 1))
    echo "Hint $number of 3:"
    awk -v n=$number 'BEGIN { RS = "" } NR == n' "$dir/$name/hints" |
        fold -s -w 78 | sed 's/^/  /; s/ *$//'
    echo $number > "$notes/hints/$name"
    if [ $number = 3 ]; then echo "That was the last. The next time they begin again."
    else echo "The next one: ${1:-make hint N=${name%%_*}}"; fi
}

# await_key: waits a second for a key, and sets key to it.
await_key() {
    key=$(timeout --foreground 1 head -c 1 2> /dev/null)
    [ $? != 0 ] || [ -n "$key" ] || sleep 1 # no more input
}

# Whenever the file has changed since the last run, by its modification time.
# An editor may take it away for a moment while it saves. What passes is left
# for the next exercise.
watch() {
    mkdir -p "$notes"
    stamp=$notes/watched
    if [ -t 0 ]; then
        terminal=$(stty -g)
        trap 'stty "$terminal"' EXIT
        trap 'exit 130' INT TERM
        stty -icanon
    fi
    need_file
    while :; do
        touch "$stamp"
        [ -z "$color" ] || printf '\033[H\033[2J'
        if run watch; then
            name=$(next_name)
            [ -n "$name" ] || {
                echo "All of it. Well done."
                return
            }
            file=$answers/$name.c
            need_file
            touch "$stamp"
            echo "On to $name."
        fi
        echo "Watching $file: save it to check it again, h for a hint, Ctrl-C to stop."
        until [ -n "$(find "$file" -newer "$stamp" 2> /dev/null)" ]; do
            await_key
            [ "$key" != h ] || {
                echo
                hint 'h'
            }
        done
    done
}

solution() {
    if [ -z "${FORCE-}" ]; then
        need_file
        check_file "$name" "$file"
        passed "$work" || {
            say "$file does not pass yet, and the solution would" \
                "spoil it. If you want it all the same:" \
                "make solution N=${name%%_*} FORCE=1"
            return 1
        }
    fi
    cat "$dir/$name/solution.c"
}

# given NAME: the files of an exercise, each with the original that reset brings
# back.
given() {
    echo "$1.c stub.c"
    for header in "$dir/$1/${1%%_*}"_*.h; do
        [ ! -e "$header" ] || echo "$(basename "$header") $(basename "$header")"
    done
}

# What was written is kept under a number that is still free.
reset() {
    given "$name" | while read -r each original; do
        file=$answers/$each
        original=$dir/$name/$original
        ! cmp -s "$file" "$original" || continue
        if [ -e "$file" ]; then
            number=1
            while [ -e "$file.kept$number" ]; do number=$((number + 1)); done
            cp "$file" "$file.kept$number" || return
            echo "Your work is kept in $file.kept$number."
        fi
        cp "$original" "$file" || return
        echo "$file is as it was at first."
    done
    rm -f "$notes/hints/$name"
}

grade() {
    write_titles
    mkdir -p "$grades"
    : > "$grades/results.tsv"
    for name in $(graded); do
        file=$answers/$name.c
        [ -e "$file" ] || file=/dev/null
        check_file "$name" "$file"
        cat "$work/results.tsv" >> "$grades/results.tsv"
    done
    show json "$grades/results.tsv" > "$grades/results.json"
    show xml "$grades/results.tsv" > "$grades/junit.xml"
    show tap "$grades/results.tsv" > "$grades/results.tap"
    show table "$grades/results.tsv"
    echo "Written to $grades: results.json, junit.xml, results.tap"
    passed "$grades"
}

command=${1-}
case $command in
list | grade) "$command" ;;
run | hint | watch | solution | reset)
    find_name "${2-}"
    "$command"
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
