#!/bin/sh
# Fuzzes each target for a part of the time, then prints what of its source the
# corpus has reached. What is new and reaches more is kept in build/fuzz/, and
# with KEEP=1 in the corpus here.
#
#     sh tests/fuzz/fuzz.sh SECONDS
set -eu
cd "$(dirname "$0")/../.."
out=build/fuzz here=tests/fuzz
sources="examples/futures/http_server.c examples/futures/tcp.c trale.c"
flags="-std=c11 -I. -pthread -g"
TRACE_AWK=$(find examples -name trace.awk)
export TRACE_AWK
mkdir -p $out

# build TARGET: with libFuzzer, and with gcc to measure what is reached.
build() {
    # shellcheck disable=SC2086 # several words each
    clang $flags -O1 -fsanitize=fuzzer,address,undefined \
        -fno-sanitize-recover=all -o "$out/$1" "$here/$1.c" $sources
    mkdir -p "$out/$1-coverage"
    # shellcheck disable=SC2086
    (cd "$out/$1-coverage" && rm -f ./*.gcda &&
        for source in "$here/$1.c" "$here/replay.c" $sources; do
            gcc $flags -I../../.. --coverage -c "../../../$source"
        done && gcc --coverage -pthread -o replay ./*.o)
}

command -v clang > /dev/null || {
    echo "make fuzz needs clang, which brings libFuzzer" >&2
    exit 2
}
for target in http address trace; do
    build $target
    found=$out/$target-corpus
    mkdir -p "$found"
    dict=$here/$target.dict
    options="-max_total_time=$(($1 / 3)) -max_len=20000 -timeout=10"
    [ ! -f "$dict" ] || options="$options -dict=$dict"
    # shellcheck disable=SC2086
    "$out/$target" $options -print_final_stats=1 -artifact_prefix="$out/" \
        "$found" $here/corpus/$target > "$out/$target.log" 2>&1 || {
        echo "fuzz: $target fails; see with: $out/$target-coverage/replay FILE"
        grep -E 'not so|ERROR|SUMMARY|Test unit written' "$out/$target.log"
        exit 1
    }
    if [ "${KEEP-}" = 1 ]; then
        "$out/$target" -merge=1 $here/corpus/$target "$found" 2> /dev/null
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log")
    echo "fuzz: $target: $runs runs, no failure"
    find "$found" $here/corpus/$target -type f -exec timeout 60 \
        "$out/$target-coverage/replay" {} + > /dev/null
done

# covered TARGET FILE: how many of its lines the corpus has reached.
covered() {
    (cd "$out/$1-coverage" && gcov -r -s ../../.. ./*.gcda 2> /dev/null) |
        awk -v file="$2" '
            index($0, "/" file "\047") { on = 1 }
            on && /^Lines executed/ { sub(/^Lines executed:/, ""); print; exit }' |
        sed "s|^|fuzz: $2: lines reached: |"
}
covered http http_server.c
covered address socket_addr.h
