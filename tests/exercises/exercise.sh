#!/bin/sh
# The exercises, as the student meets them. Run from the repository's top, best
# through make:
#
#     exercise.sh list | grade
#     exercise.sh run | hint | watch | solution | reset N
#
# Where there are hints left and what has passed is noted in build/exercises.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/exercises/lib.sh

color=
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
    color=1
    bold=$(printf '\033[1m')
    plain=$(printf '\033[0m')
fi

# find_name N: sets name to that of exercise N, 1 or 01 or 01_countdown.
find_name() {
    case ${1-} in
    '')
        [ "$command" != run ] || command=exercise
        say "Which exercise? Say its number, as in: make $command N=01"
        exit 2
        ;;
    [0-9]) set -- "0$1" ;;
    esac
    name=$(names | grep -E "^$1(_|\$)" | head -n 1)
    file=$answers/$name.c
    [ -n "$name" ] && return
    say "There is no exercise $1, only 01 to $(names | tail -n 1 | cut -d _ -f 1)."
    exit 2
}

need_file() {
    [ -e "$file" ] && return
    say "$file is not there. This brings it back: make reset N=${name%%_*}"
    exit 1
}

# The thirteenth is for the best: it is not in the list's count, nor graded.
twelve() {
    names | grep -v '^13_'
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
    cksum < "$2" >> "$notes/noted/$1"
}

# noted NAME: "GOT MOST" if its file is as it was at the last run.
noted() {
    [ -e "$notes/noted/$1" ] && [ -e "$answers/$1.c" ] &&
        [ "$(sed -n 2p "$notes/noted/$1")" = "$(cksum < "$answers/$1.c")" ] &&
        sed -n 1p "$notes/noted/$1"
}

show() { # show FORM RESULTS
    awk -f "$dir/results.awk" -v form="$1" -v color="$color" \
        -v titles="$build/titles" "$2"
}

run() {
    need_file
    write_titles
    [ -z "${TRACE-}" ] || export EXERCISE_TRACE=1
    check_file "$name" "$file"
    [ "$built" = 0 ] || [ ! -s "$work/log" ] || {
        echo "The compiler warns:"
        sed 's/^/    /' "$work/log"
        echo
    }
    show text "$work/results.tsv"
    if passed "$work"; then
        echo "Done. To compare: make solution N=${name%%_*}. Next: make exercises"
        return 0
    fi
    echo "Stuck? make hint N=${name%%_*}. To see all events: make exercise" \
        "N=${name%%_*} TRACE=1"
    return 1
}

list() {
    all=0 done=0 next='' lines=''
    for each in $(names); do
        outcome=$(noted "$each")
        state='to do'
        if [ ! -e "$answers/$each.c" ]; then
            state='no file'
        elif cmp -s "$answers/$each.c" "$dir/$each/stub.c"; then
            :
        elif [ -z "$outcome" ]; then
            state='changed'
        elif [ "${outcome% *}" = "${outcome#* }" ]; then
            state='done'
        else
            state="${outcome% *} of ${outcome#* }"
        fi
        case $each in
        13_*) ;;
        *)
            all=$((all + 1))
            [ "$state" != 'done' ] || done=$((done + 1))
            ;;
        esac
        mark=' '
        if [ -z "$next" ] && [ "$state" != 'done' ]; then
            next=$each
            mark='>'
        fi
        [ "${each%%_*}" != 13 ] || [ "$mark" = '>' ] || mark='+'
        lines="$lines$(printf '%s %s  %-8s  %s' "$mark" "${each%%_*}" "$state" \
            "$(title "$each")")
"
    done
    printf '%s' "$lines"
    bar=$(printf '%*s' $((all > 0 ? done * 40 / all : 0)) '' | tr ' ' '#')
    printf '\n  [%-40s] %d of %d done\n' "$bar" $done $all
    if [ -n "$next" ]; then
        printf '  %snext: %s%s, then: make exercise N=%s\n' "$bold" \
            "$answers/$next.c" "$plain" "${next%%_*}"
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
    else echo "The next one: make hint N=${name%%_*}"; fi
}

# Whenever the file has changed since the last run, by its modification time.
# An editor may take it away for a moment while it saves.
watch() {
    need_file
    mkdir -p "$build"
    stamp=$notes/watched
    while :; do
        touch "$stamp"
        [ -z "$color" ] || printf '\033[H\033[2J'
        run
        echo "Watching $file: save it to check it again, Ctrl-C to stop."
        until [ -n "$(find "$file" -newer "$stamp" 2> /dev/null)" ]; do
            sleep 1
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

# What was written is kept under a number that is still free.
reset() {
    if [ -e "$file" ] && ! cmp -s "$file" "$dir/$name/stub.c"; then
        number=1
        while [ -e "$file.kept$number" ]; do number=$((number + 1)); done
        cp "$file" "$file.kept$number" || return
        echo "Your work is kept in $file.kept$number."
    fi
    cp "$dir/$name/stub.c" "$file" && echo "$file is as it was at first."
}

grade() {
    write_titles
    mkdir -p "$grades"
    : > "$grades/results.tsv"
    for name in $(twelve); do
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
