#!/bin/sh
# Does each relative link of a document lead somewhere, to a file and to a
# heading in it? Is NOTES.md short, narrow, and does it link each file that it
# names? Is each `make` command that is shown a target? Part of
# tests/check_docs.sh. Run it from the top of the repository.
set -u
failures=0
documents=$(find . \( -name .git -o -name build \) -prune -o -name '*.md' -print |
    sed 's|^\./||' | sort)

fail() {
    echo "links: $*" >&2
    failures=$((failures + 1))
}

# What is in a block of code is no link.
text() {
    sed -e '/^```/,/^```/d' -e '/^    /d' "$1"
}

# anchors FILE: its headings, written as GitHub writes their anchors.
anchors() {
    text "$1" | sed -n 's/^#\{1,6\} //p' | tr '[:upper:]' '[:lower:]' |
        sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

for document in $documents; do
    folder=$(dirname "$document")
    for link in $(text "$document" | grep -oE '\]\([^) ]+\)|^\[[^]]+\]: [^ ]+$' |
        sed -E 's/^\]\((.*)\)$|^\[.*\]: (.*)$/\1\2/'); do
        case $link in
        http://* | https://*) continue ;;
        '#'*) file=$document ;;
        *) file=$folder/${link%%#*} ;;
        esac
        if ! [ -e "$file" ]; then
            fail "$document: the link to $link leads nowhere"
            continue
        fi
        case $link in
        *'#'*)
            anchors "$file" | grep -qxF -- "${link#*#}" ||
                fail "$document: $link: there is no such heading"
            ;;
        esac
    done
    # [`NAME`] alone is a link if the document says elsewhere where it leads.
    for name in $(text "$document" | grep -oE '\[`[^]`]+`\]([^(:]|$)' |
        sed -E 's/^\[`([^`]*).*/\1/'); do
        grep -qF "[\`$name\`]: " "$document" ||
            fail "$document: [\`$name\`] does not say where it leads"
    done
    for target in $(grep -ohE '(`|^ +)(time )?make [a-z][a-z-]*' "$document" |
        awk '{ print $NF }' | sort -u); do
        grep -qE "^$target:" Makefile $(find examples tests -name '*.mk') ||
            fail "$document: make $target is no target"
    done
done

# NOTES.md: what is neither link, table nor the drawing fits on a terminal.
lines=$(wc -l < NOTES.md)
test "$lines" -le 450 || fail "NOTES.md has $lines lines, 450 are allowed"
awk '!/^\|/ && !/\]\(/ && !/^\[`/ && length > 80 {
    print "links: NOTES.md:" FNR " has " length " columns, 80 are allowed"
    bad = 1
} END { exit bad }' NOTES.md >&2 || failures=$((failures + 1))
for name in $(text NOTES.md | grep -oE '.?`[A-Za-z0-9_./-]+`' | grep -v '^\[' |
    grep -oE '`.*`' | tr -d '`' | sort -u); do
    [ -f "$name" ] || [ -f "examples/$name" ] || [ -f "tests/$name" ] || continue
    fail "NOTES.md names the file $name, but does not link it"
done

test $failures -eq 0 && echo "links: $(echo "$documents" | wc -l) documents, all links lead somewhere"
exit $((failures > 0))
