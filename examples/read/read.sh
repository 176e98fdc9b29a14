#!/bin/sh
# read.sh FILE.html [RUST]: makes the page of trale.c. RUST is a checkout of Rust
# trale: then the Rust stands beside the C. Run it from the top of the repository.
set -eu
here=examples/read
page=$1 rust=${2-}
commit=2e2bf2f
awk=${AWK:-awk}
$awk 'BEGIN { exit }' || {
    echo "make read needs awk" >&2
    exit 2
}
LC_ALL=C
export LC_ALL
mkdir -p "${page%/*}"

# As it stood at the commit, whatever the reader has checked out since.
if [ -n "$rust" ]; then
    sources=${page%/*}/rust
    for file in $(sed '/^#/d' $here/items.txt | cut -f 2 | sort -u); do
        mkdir -p "$sources/${file%/*}"
        git -C "$rust" show "$commit:$file" > "$sources/$file" 2> /dev/null ||
            cp "$rust/$file" "$sources/$file" || {
            echo "read: $rust is no checkout of Rust trale: it has no $file" >&2
            exit 1
        }
    done
    rust=$sources
fi

{
    sed '/@ROWS@/,$d' $here/read.html
    $awk -f $here/read.awk -v rust="$rust" $here/items.txt NOTES.md trale.c
    sed '1,/@ROWS@/d' $here/read.html
} > "$page"
echo "$page   open it in a browser"
