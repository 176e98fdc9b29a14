#!/bin/sh
# Prints a program with our own macros expanded and its headers left as they
# are: sh examples/steps/expand.sh examples/steps/s02_coroutine_wait.c, from
# the repository's top. The result compiles.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In place of libc's headers the preprocessor finds empty files, so what they
# define stays as it was written: errno, stdout, true.
sed -n 's/^#include <\([^>]*\)>.*/\1/p' "$1" "${1%/*}"/*.h trale.h examples/*.h \
    examples/futures/*.h | sort -u |
    while read -r header; do
        mkdir -p "$work/${header%"${header##*/}"}"
        : > "$work/$header"
    done

# Lines of other files are dropped. Back from an included file, marked by a 2,
# the line before was its #include.
# shellcheck disable=SC2086 # CC may be a command with arguments
${CC:-cc} -std=c11 -E -C -nostdinc -I "$work" -I . "$1" > "$work/expanded"
awk -v source="$1" '
    BEGIN { while ((getline line < source) > 0) lines[++count] = line }
    /^# [0-9]+ "/ {
        own = $3 == "\"" source "\""
        if (own && $4 == 2) print lines[$2 - 1]
        next
    }
    own && !feature { # before all else: it was consumed, and gave no line
        for (i = 1; i <= count; i++)
            if (lines[i] ~ /^#define _[A-Z_]*SOURCE/) print lines[i]
        feature = 1
    }
    own
' "$work/expanded" | cat -s > "$work/cut"

if command -v clang-format > /dev/null; then
    clang-format --assume-filename="$1" < "$work/cut"
else
    echo "expand: clang-format is not installed, so it is not formatted" >&2
    cat "$work/cut"
fi
