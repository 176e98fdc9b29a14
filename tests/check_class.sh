#!/bin/sh
# The five mistakes that README.md tells a class to plant. Each is planted in a
# copy, by a file of tests/class/, whose second line is how the first failure of
# the tests must begin. Run it from the repository's top, through make.
set -u
BUILD=${BUILD:-build}
copy=$BUILD/class
failures=0

for mistake in tests/class/*.sed; do
    rm -rf "$copy"
    mkdir -p "$copy"
    sed -f "$mistake" trale.c > "$copy/trale.c"
    if cmp -s trale.c "$copy/trale.c"; then
        echo "class: $mistake changes nothing any more"
        failures=$((failures + 1))
        continue
    fi
    ${MAKE:-make} -s BUILD="$BUILD" "$copy/check" || exit
    started=$(date +%s)
    CK_RUN_SUITE='' CK_RUN_CASE='' timeout 60 "$copy/check" > "$copy/log" 2>&1
    found=$(head -n 1 "$copy/log")
    expected=$(sed -n '2s/^# //p' "$mistake")
    case $found in
    "$expected"*)
        echo "ok      ${mistake##*/}, after $(($(date +%s) - started)) s: $found"
        ;;
    *)
        printf '%s\n' "class: $mistake: the first failure is" "    $found" \
            "instead of" "    $expected"
        failures=$((failures + 1))
        ;;
    esac
done
exit $((failures > 0))
