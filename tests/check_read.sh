#!/bin/sh
# Whether the page of trale.c is whole: every line once and in order, every
# function with who uses it and its rows of the mirror, and the Rust where there
# is a checkout. Run it from the repository's top: sh tests/check_read.sh
set -u
cd "$(dirname "$0")/.." || exit
dir=${BUILD:-build}/read/check
failures=0

fail() {
    echo "read: $*" >&2
    failures=$((failures + 1))
}

mkdir -p "$dir"
sh examples/read/read.sh "$dir/plain.html" > /dev/null || exit 1

# The text of the page, without what makes it HTML.
text() {
    sed -e 's/<[^>]*>//g' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g'
}
grep -o '<span class="line" id="L[0-9]*">.*' "$dir/plain.html" | text |
    sed 's/^ *\([0-9]*\)  /\1:/' > "$dir/found"
# Comments, and blank lines at the end of code, stand elsewhere.
grep -nvE '^ *//' trale.c | grep -v ':$' > "$dir/expected"
grep -v ':$' "$dir/found" | cmp -s "$dir/expected" - ||
    fail "the code is not that of trale.c: $(grep -v ':$' "$dir/found" |
        diff "$dir/expected" - | head -n 3)"
words() { # of all comments, without the drawing of banners
    tr -s ' -' '\n' | grep -E '[A-Za-z]' | sort
}
sed -n 's/^ *\/\/ \{0,1\}//p' trale.c | words > "$dir/expected"
sed -e 's/<span class="line".*//' -e 's/<p class="\(users\|mirror\)">.*//' \
    -e 's/<\/\{0,1\}\(p\|pre\|h2\)>/ /g' "$dir/plain.html" | sed '1,/<main>/d' | text | words > "$dir/found"
missing=$(comm -23 "$dir/expected" "$dir/found" | head -n 3)
[ -z "$missing" ] || fail "words of comments are missing: $missing"

# Each function, who uses it, and each row of the mirror that names it.
functions=$(sed -n 's/^\(static \)*[a-z_].*[ *]\([a-z_]*\)(.*[^;]$/\2/p' trale.c |
    grep -v '^define' | sort -u)
[ "$(echo "$functions" | wc -l)" -gt 30 ] || fail "too few functions: $functions"
for name in $functions; do
    grep -q "^$name\|[ *]$name(" trale.c || continue
    grep -q "<a id=\"$name\"></a>" "$dir/plain.html" || fail "$name has no place"
    [ "$(grep -cE "[^a-z_.>\"]$name(\(|[,;) ])" trale.c)" -lt 2 ] ||
        case $name in panic | executor_block_on | udp_* | timer_sleep) ;; *)
        grep -q "href=\"#$name\"" "$dir/plain.html" ||
            fail "nothing leads to $name" ;;
        esac
done
sed '/^#/d' examples/read/items.txt | while IFS='	' read -r item file from to; do
    grep -F "| \`$item\` |" NOTES.md | grep -q '| `[a-z_]*()`' || continue
    grep -qF "2e2bf2f/$file#L$from-L$to\"" "$dir/plain.html" ||
        echo "read: $item is not beside its C" >&2
done 2>&1 | grep . && failures=$((failures + 1))

# Nothing is loaded, and a parser accepts it.
grep -nE 'src=|url\(|@import|<script|<link' "$dir/plain.html" &&
    fail "the page loads something"
if command -v python3 > /dev/null; then
    python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
        "$dir/plain.html" || fail "the page is not well-formed"
fi

# A checkout of which each line says where it stands.
for file in $(sed '/^#/d' examples/read/items.txt | cut -f 2 | sort -u); do
    mkdir -p "$dir/rust/${file%/*}"
    awk -v file="$file" 'BEGIN { for (n = 1; n < 200; n++) print file, "line", n }' \
        > "$dir/rust/$file"
done
sh examples/read/read.sh "$dir/page/rust.html" "$dir/rust" > /dev/null ||
    fail "no page with the Rust"
for line in 'src/task.rs line 22' 'src/task.rs line 35' \
    'src/futures/timer.rs line 34'; do
    grep -qE "</b>  $line\$" "$dir/page/rust.html" || fail "no $line in the page"
done
grep -qE 'src/task.rs line (5|37)$' "$dir/page/rust.html" &&
    fail "lines of no item are in the page"
sh examples/read/read.sh "$dir/page/none.html" "$dir/nowhere" 2> /dev/null &&
    fail "a folder that is no checkout is not refused"

[ $failures -eq 0 ] && echo "read: the page shows trale.c whole, with its mirror"
exit $((failures > 0))
