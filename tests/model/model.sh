#!/bin/sh
# Has Spin look at all states of trale.pml: with all eight rules there must be
# no error, and without any one of them there must be one.
#
#     sh tests/model/model.sh        all of that, a line for each
#     sh tests/model/model.sh 2      without rule 2, with the counterexample
set -u
cd "$(dirname "$0")/../.." || exit
work=build/model model=tests/model/trale.pml

for tool in spin gcc; do
    command -v $tool > /dev/null && continue
    echo "make model needs $tool" >&2
    exit 2
done

# check N: searches all states, without rule N, the shortest ways first. What
# pan finds goes to $work/N/log, and the way to an error to $work/N/*.trail.
check() {
    rm -rf "$work/$1"
    mkdir -p "$work/$1"
    (cd "$work/$1" && spin -a -DWITHOUT="$1" "../../../$model" &&
        gcc -O2 -w -DSAFETY -DBFS -o pan pan.c && ./pan) > "$work/$1/log" 2>&1
    if ! grep -q 'errors: [01]$' "$work/$1/log" ||
        grep -qE 'max search depth too small|out of memory' "$work/$1/log"; then
        echo "model: Spin could not look at all states:"
        tail "$work/$1/log"
        exit 1
    fi
    states=$(awk '/states, stored/ { print $1 }' "$work/$1/log")
    why=$(sed -n 's/^pan:1: \(.*\) (at depth .*/\1/p' "$work/$1/log")
}

# timeline N: the counterexample, as tests/explore/ shows a run.
timeline() {
    (cd "$work/$1" && cp "../../../$model" . &&
        spin -T -t -DWITHOUT="$1" trale.pml) |
        awk -F'|' '
            BEGIN { printf "%-37s%-37s%s\n", "main", "executor", "reactor"
                    column[0] = 37; column[1] = 74; column[2] = 0 }
            NF == 2 { n = $1 in column ? column[$1] : 0
                      printf "%*s%s\n", n, "", $2 }'
}

case ${1-} in
"")
    check 0
    if [ -n "$why" ]; then
        echo "model: an error with all rules: $why"
        timeline 0
        exit 1
    fi
    echo "all rules: no error in $states states, which are all"
    for rule in 1 2 3 4 5 6 7 8; do
        check $rule
        if [ -z "$why" ]; then
            echo "without rule $rule: no error in $states states, so it has no use"
            exit 1
        fi
        echo "without rule $rule: $why, after $states states"
    done
    echo "make model WITHOUT=2 shows how rule 2 is missed"
    ;;
[1-8])
    check "$1"
    timeline "$1"
    echo "without rule $1: $why"
    [ -n "$why" ]
    ;;
*)
    echo "usage: model.sh [1-8], the number of a rule" >&2
    exit 2
    ;;
esac
