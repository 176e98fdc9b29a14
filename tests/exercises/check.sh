#!/bin/sh
# Holds the exercises to what they promise. For each of them, or for the one
# that is named (as 01 or 01_countdown):
#
# - the stub compiles without a warning, under gcc and clang, and fails each
#   check for the reason that it is still to be written;
# - the solution passes, 200 times (a part of that under TRALE_TEST_ROUNDS);
# - each right answer, which is not the solution, passes too;
# - each wrong answer fails with its own message, and with that of no other;
# - no check takes longer than five seconds, whatever the answer does;
# - without any one of its lines the solution does not compile or fails.
#
# wrong/NAME.c is a whole answer, wrong/NAME.sed makes one of the solution. The
# first line of either holds "Expect: " and a part of the first failure's text.
# A second line "# Part: NN_name" says that it makes one of the solution of that
# part, for an exercise that is run with others.
# Those in right/ are of the same two kinds. RUNS=5 runs right and wrong answers
# so often.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/exercises/lib.sh

failures=0

bad() {
    echo "$name: $*"
    failures=$((failures + 1))
}

# first_message WORK: of the first item that failed.
first_message() {
    awk -F '\t' '$5 != "passed" { print $7; exit }' "$1/results.tsv" |
        tr '\036' ' '
}

expectation() {
    sed -n '1s/.*Expect: //p' "$1"
}

check_files() {
    [ "$(wc -l < "$folder/stub.c")" -le 90 ] || bad "stub.c is over 90 lines"
    [ "$(wc -l < "$folder/solution.c")" -le 80 ] ||
        bad "solution.c is over 80 lines"
    [ "$(awk 'BEGIN { RS = "" } END { print NR }' "$folder/hints")" = 3 ] ||
        bad "hints has not three paragraphs"
    [ -n "$(title "$name")" ] || bad "stub.c does not begin with its title"
    for header in "$folder/${name%%_*}"_*.h; do
        [ ! -e "$header" ] || cmp -s "$header" "$files/${header##*/}" ||
            bad "$files/${header##*/} is not what is given (make reset N=${name%%_*})"
    done
    cmp -s "$folder/stub.c" "$files/$name.c" ||
        bad "$files/$name.c is not the stub any more (make reset N=${name%%_*})"
    points=$(items "$name" | awk -F '\t' '{ n += $2 } END { print n + 0 }')
    minutes=$(awk -v name="$name" '$1 == name { print $2 }' "$dir/order")
    [ "$minutes" = 0 ] || [ "$((points * 5))" = "$minutes" ] ||
        bad "the checks give $points points for $minutes minutes, want one for 5"
    items "$name" | cut -f 3 | grep -vE '^([A-Z]|[a-z]+_[a-z_]+: )([^.]|[.][ch])*$' > "$work/titles"
    [ ! -s "$work/titles" ] || bad "is no sentence: $(cat "$work/titles")"
    items "$name" | awk -F '\t' 'length($3) > 60 { print $3 }' > "$work/titles"
    [ ! -s "$work/titles" ] || bad "titles are too long: $(cat "$work/titles")"
    [ "$(items "$name" | wc -l)" = "$(grep -c '^CHECK' "$folder/checks.c")" ] ||
        bad "a CHECK of checks.c is not in one line"
    # Each FILE, 'HEADING' that the student is sent to.
    cat "$folder/stub.c" "$folder/checks.c" "$folder/hints" |
        sed -e 's/^ *"//; s/"[,;)]*$//' -e 's|^// *||' | tr '\n' ' ' |
        tr -s ' ' | grep -oE "[A-Za-z_/]+\.(c|h|md), '[^']*'" | sort -u |
        while IFS= read -r place; do
            heading=${place#*, \'}
            heading=${heading%\'}
            grep -qF -- "$heading" "${place%%,*}" ||
                echo "$name: ${place%%,*} has no '$heading'"
        done > "$work/places"
    [ ! -s "$work/places" ] || bad "$(cat "$work/places")"
}

# As a student compiles, without sanitizers, and the other compiler too.
check_warnings() {
    for compiler in gcc clang; do
        command -v $compiler > /dev/null || continue
        more=-Wjump-misses-init
        [ $compiler = gcc ] || more=
        for source in stub solution checks; do
            # shellcheck disable=SC2086
            $compiler -std=c11 -I. -I"$files" -I"$dir" $more -Wall -Wextra \
                -Wpedantic -Wshadow -Werror -O2 -pthread -c -o "$work/out.o" \
                $(cat "${BUILD:-build}/check.flags.c") \
                "$folder/$source.c" > "$work/log" 2>&1 ||
                bad "$source.c does not compile under $compiler without a" \
                    "warning: $(head -n 3 "$work/log")"
        done
    done
}

check_stub() {
    run_answer "$name" "$folder/stub.c" "$work"
    awk -F '\t' '$5 != "failed" || $7 !~ /still to be written/ { print $2 }' \
        "$work/results.tsv" > "$work/wrongly"
    [ ! -s "$work/wrongly" ] ||
        bad "the stub is not told that it is still to be written, in:" \
            "$(tr '\n' ' ' < "$work/wrongly")"
}

# The first time as a student runs it.
check_solution() {
    run_answer "$name" "$folder/solution.c" "$work"
    passed "$work" || bad "the solution fails: $(first_message "$work")"
    rounds=$((200 / ${TRALE_TEST_ROUNDS:-1}))
    [ $rounds -gt 0 ] || rounds=1
    EXERCISE_ROUNDS=$rounds run_answer "$name" "$folder/solution.c" "$work"
    passed "$work" ||
        bad "the solution fails, done $rounds times: $(first_message "$work")"
}

# make_answer FILE: sets answer to the file itself, or to what it makes of the
# solution. What is made of a part is left in $work, where parts.sh finds it.
make_answer() {
    answer=$1
    what=$(basename "$(dirname "$1")")/$(basename "$1")
    made_of=
    [ "$1" != "${1%.sed}" ] || return 0
    made_of=$(sed -n '2s/^# Part: //p' "$1")
    [ -z "$made_of" ] || {
        answer=$folder/solution.c
        sed -f "$1" "$dir/$made_of/solution.c" > "$work/$made_of.c"
        ! cmp -s "$work/$made_of.c" "$dir/$made_of/solution.c" || bad "$what changes nothing"
        return
    }
    answer=$work/$(basename "$1" .sed).c
    sed -f "$1" "$folder/solution.c" > "$answer"
    ! cmp -s "$answer" "$folder/solution.c" || bad "$what changes nothing"
}

check_right() {
    for right in "$folder"/right/*; do
        [ -e "$right" ] || continue
        make_answer "$right"
        rights=$((rights + 1))
        run_answer "$name" "$answer" "$work"
        passed "$work" || bad "$what fails: $(first_message "$work")"
    done
    [ "${minutes:-0}" = 0 ] || [ $rights -ge 4 ] ||
        bad "there are $rights right answers, want 4 or more"
}

# tell WRONG: runs a wrong answer, and sets message to what it is told.
tell() {
    make_answer "$1"
    wrongs=$((wrongs + 1))
    EXERCISE_FAIL_FAST=1 run_answer "$name" "$answer" "$work"
    [ -z "$made_of" ] || rm "$work/$made_of.c"
    message=$(first_message "$work")
    expected=$(expectation "$1")
    [ -n "$expected" ] ||
        bad "$what does not say in its first line what to expect"
    case $message in
    *"$expected"*) ;;
    '') bad "$what passes" ;;
    *) bad "$what is not told '$expected', but: $message" ;;
    esac
    awk -f "$dir/results.awk" -v form=text "$work/results.tsv" |
        awk 'length($0) > 80 { bad = 1 } END { exit bad }' ||
        bad "what $what is told is wider than 80 columns"
}

check_wrong() {
    for wrong in "$folder"/wrong/*; do
        tell "$wrong"
        for other in "$folder"/wrong/*; do
            [ "$(expectation "$other")" != "$expected" ] || continue
            case $message in
            *"$(expectation "$other")"*)
                bad "$what gets the message of $(basename "$other"): $message"
                ;;
            esac
        done
    done
    [ $wrongs -ge 3 ] || bad "there are $wrongs wrong answers, want 3 or more"
}

# What can befall any exercise, tried on the first.
check_mishaps() {
    for wrong in "$dir"/mishaps/*; do tell "$wrong"; done
}

# The pictures of the capstone are those that trale.c draws.
check_pictures() {
    for picture in "$folder"/*.picture; do
        [ -e "$picture" ] || continue
        example=$(basename "$picture" .picture)
        make -s "build/examples/$example" > "$work/log" 2>&1
        TRALE_TRACE=1 "build/examples/$example" 2>&1 > /dev/null |
            awk -f "$folder/picture.awk" | cmp -s - "$picture" ||
            bad "trale.c draws another picture of examples/$example.c"
    done
}

# What watch.c has noted of the time that each check took.
check_times() {
    awk '$1 > 5 { print $2 ": " $1 " s" }' "$EXERCISE_TIMES" > "$work/long"
    [ ! -s "$work/long" ] || bad "a check took over 5 s: $(cat "$work/long")"
}

# A check that hangs is given less time here: that it fails is all we ask. Those
# that are listed must pass, and have their time.
check_lines() {
    survivors=$work/survivors
    : > "$survivors"
    number=0
    while IFS= read -r line; do
        number=$((number + 1))
        text=$(echo "$line" | sed 's/^ *//; s/ *$//')
        case $text in
        '' | '//'* | '{' | '}' | '};') continue ;;
        esac
        lines=$((lines + 1))
        # shellcheck disable=SC2094
        sed "${number}d" "$folder/solution.c" > "$work/without_line_$number.c"
        less=2
        ! grep -qF "$name | $text | " $dir/survivors || less=1
        CK_TIMEOUT_MULTIPLIER=$(awk "BEGIN {
            print ${CK_TIMEOUT_MULTIPLIER:-1} / $less }") EXERCISE_FAIL_FAST=1 \
            run_answer "$name" "$work/without_line_$number.c" "$work"
        rm "$work/without_line_$number.c"
        passed "$work" || {
            [ $less = 2 ] || bad "fails without '$text', which is listed as a survivor: $(first_message "$work")"
            continue
        }
        echo "$name | $text | " >> "$survivors"
        grep -qF "$name | $text | " $dir/survivors ||
            bad "without line $number the solution still passes: $text"
    done < "$folder/solution.c"
    grep "^$name | " $dir/survivors > "$work/listed"
    while IFS= read -r line; do
        grep -qF "${line% | *} | " "$survivors" ||
            bad "is listed as a survivor, but is not: $line"
    done < "$work/listed"
}

check_one() {
    name=$1
    folder=$dir/$name
    work=$build/check/${objects##*/}/$name
    wrongs=0 rights=0 lines=0
    EXERCISE_TIMES=$work/times
    EXERCISE_PARTS=solution
    export EXERCISE_TIMES EXERCISE_PARTS
    began=$(date +%s)
    rm -rf "$work"
    mkdir -p "$work"
    build_checks "$name" > "$work/log" 2>&1
    [ ! -s "$work/log" ] || {
        bad "its checks do not compile without a warning: $(cat "$work/log")"
        return
    }
    check_files
    check_warnings
    check_stub
    check_solution
    for run in $(seq "${RUNS:-1}"); do
        wrongs=0 rights=0
        check_right
        check_wrong
        [ "${name%%_*}" != 01 ] || check_mishaps
        [ $failures = 0 ] || say "$name: that was run $run of ${RUNS:-1}"
    done
    check_times
    check_pictures
    check_lines
    echo "$name $wrongs $rights" >> "$build/check/counts"
    [ $failures -gt 0 ] ||
        echo "$name: ok, $wrongs wrong answers told, $rights right ones pass," \
            "$lines lines of which $(wc -l < "$work/survivors") can go," \
            "$(($(date +%s) - began)) s"
}

if [ "${1-}" = one ]; then
    check_one "$2"
    exit $((failures > 0))
fi

# check_grade WHAT POINTS: grades the answers in $trial. Every file that grade
# writes must be well formed and give so many points of all, "none" or "all".
check_grade() {
    began=$(date +%s)
    EXERCISE_TRIAL=$trial sh "$dir/exercise.sh" grade > "$trial/printed" 2>&1
    status=$?
    [ $(($(date +%s) - began)) -lt 60 ] ||
        bad "grading $1 took a minute or more"
    awk 'length($0) > 80 { print }' "$trial/printed" > "$trial/wide"
    [ ! -s "$trial/wide" ] || bad "wider than 80 columns: $(cat "$trial/wide")"
    case $2/$status in
    none/1 | all/0) ;;
    *) bad "grading $1 ends with status $status: $(tail -n 3 "$trial/printed")" ;;
    esac
    for each in $(graded); do
        grep -q "$each" "$trial/grade/results.json" ||
            bad "grading $1 leaves out $each"
    done
    if command -v python3 > /dev/null; then
        python3 "$dir/check_grade.py" "$2" "$trial/grade" ||
            bad "what grading $1 has written is not well formed"
    else
        echo "skip: python3 is not installed, so results.json and junit.xml" \
            "are not validated"
    fi
    if command -v prove > /dev/null; then
        [ "$2" = all ] && result=PASS || result=FAIL
        prove --exec cat "$trial/grade/results.tap" > "$trial/proved" 2>&1
        { grep -q "^Result: $result" "$trial/proved" &&
            ! grep -q 'Parse errors' "$trial/proved"; } ||
            bad "prove does not read results.tap: $(cat "$trial/proved")"
    else
        echo "skip: prove is not installed, so results.tap is not validated"
    fi
}

check_grades() {
    name=grade
    trial=$build/trial
    for kind in stub solution; do
        rm -rf "$trial"
        mkdir -p "$trial"
        for each in $(names); do cp "$dir/$each/$kind.c" "$trial/$each.c"; done
        [ $kind = stub ] && points=none || points=all
        check_grade "the ${kind}s" "$points"
    done
    [ $failures -gt 0 ] ||
        echo "grade: ok, no point for the stubs and all for the solutions"
}

# try STATUS TEXT COMMAND...: runs exercise.sh, which must end with the status
# and print the text.
try() {
    status=$1 text=$2
    shift 2
    EXERCISE_TRIAL=$trial sh "$dir/exercise.sh" "$@" > "$trial/printed" 2>&1
    ended=$?
    [ $ended = "$status" ] || bad "$* ends with status $ended, not $status"
    grep -qF -- "$text" "$trial/printed" ||
        bad "$* does not say '$text', but: $(cat "$trial/printed")"
}

# await TEXT COUNT: until the watcher has printed the text so often.
await() {
    for tenth in $(seq 300); do
        [ "$(grep -cF -- "$1" "$trial/watch")" -lt "$2" ] || return
        sleep 0.1
    done
    bad "after $((tenth / 10)) s watch has not said '$1': $(cat "$trial/watch")"
}

# The way of a student through the first exercise.
check_way() {
    name=way
    trial=$build/trial
    rm -rf "$trial"
    mkdir -p "$trial"
    for each in $(names); do cp "$dir/$each/stub.c" "$trial"/"$each.c"; done
    cp "$files"/*.h "$trial"
    first=$(names | head -n 1)
    second=$(names | sed -n 2p)
    file=$trial/$first.c
    try 0 "next: $file, then: make exercise" list
    try 1 'A future is a state machine' run ''
    try 2 'There is no exercise 99,' run 99
    try 1 'still to be written' run 01
    try 0 'Hint 1 of 3' hint 1
    try 0 'Hint 2 of 3' hint 01
    try 0 'Hint 3 of 3' hint "$first"
    try 0 'Hint 1 of 3' hint 01
    try 1 'does not pass yet' solution 01
    FORCE=1 try 0 'the solution.' solution 01
    sed 's/self->left--;//' "$dir/$first/solution.c" > "$file"
    try 1 'never be ready' run 01
    try 0 '01   2 of 5' list
    mkfifo "$trial/keys"
    EXERCISE_TRIAL=$trial sh "$dir/exercise.sh" watch '' < "$trial/keys" > "$trial/watch" 2>&1 &
    watcher=$!
    exec 9> "$trial/keys"
    await Watching 1
    printf h >&9
    await 'Hint 2 of 3' 1
    printf h >&9
    await 'Hint 3 of 3' 1
    cp "$dir/$first/solution.c" "$file"
    await '5 of 5 points' 1
    await "On to $second" 1
    await Watching 2
    kill $watcher
    exec 9>&-
    try 0 '01   done' list
    rm -rf "${build:?}/$first"
    try 0 "next: $trial/$second.c" list
    try 0 "] 1 of $(graded | wc -l) done" list
    cp "$dir/16_capstone/solution.c" "$trial/16_capstone.c"
    { echo 11 11 && (answers=$trial && checksum 16_capstone); } > "$trial/noted/16_capstone"
    try 0 '16   done' list
    echo >> "$trial/06_wake.c"
    try 0 '16   changed' list
    try 0 'the solution.' solution 01
    try 0 "kept in $file.kept1." reset 01
    cmp -s "$file.kept1" "$dir/$first/solution.c" || bad "reset kept no copy"
    cmp -s "$file" "$dir/$first/stub.c" || bad "reset did not reset"
    try 0 '01   to do' list
    echo '// mine' >> "$trial/06_task.h"
    try 0 "$trial/06_task.h is as it was at first" reset 06
    cmp -s "$trial/06_task.h" "$files/06_task.h" || bad "reset left a header"
    echo '// mine' > "$file"
    try 0 "kept in $file.kept2." reset 01
    rm "$file"
    try 1 'is not there' run 01
    try 0 'as it was at first' reset 01
    NO_COLOR=1 try 1 'FAILED' run 01
    ! grep -q "$(printf '\033')" "$trial/printed" || bad "colours in a file"
    [ $failures -gt 0 ] || echo "way: ok, from the first list to the last reset"
}

# What all of them use is built before two run at the same time.
for name in $(names); do
    build_checks "$name" > /dev/null 2>&1
done
if [ -z "${1-}" ]; then
    check_grades
    check_way
fi
mkdir -p "$build/check"
: > "$build/check/counts"
# Those that take long come first, and the most of the time is spent asleep.
sort -k 2 -n -r "$dir/order" | awk '!/^#/ { print $1 }' | grep -E "^${1-}" |
    xargs -n 1 -P 3 sh "$0" one || failures=1
awk '{ wrong += $2; right += $3 } END {
    print "In all " wrong " wrong answers and " right " right ones." }' \
    "$build/check/counts"
[ "$failures" = 0 ] || {
    echo "The exercises do not keep what they promise."
    exit 1
}
