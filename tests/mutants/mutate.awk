# Plants one of the bugs of mutants.txt:
#
#     awk -v name=lifo -f mutate.awk mutants.txt trale.c > mutant.c
#
# A text is found whatever blanks and comments are between its words, and must
# be there once. What mutants.txt looks like is told at its top.
FNR == NR && /^== / { on = $2 == name; if (on) known = 1; next }
FNR == NR && on && /^< / { if (!after_old) hunks++; old[hunks] = old[hunks] " " substr($0, 3); after_old = 1; next }
FNR == NR && on && /^>/ { new[hunks] = new[hunks] "\n" substr($0, 3); after_old = 0; next }
FNR == NR { next }
{ source = source $0 "\n"; bare = bare blank_comment($0) "\n" }

END {
    if (!known || hunks == 0) stop("there is no such mutant")
    for (h = 1; h <= hunks; h++) replace(old[h], new[h])
    if (!stopped) printf "%s", source
}

function stop(text) {
    print "mutate: " name ": " text > "/dev/stderr"
    stopped = 1
    exit 1
}

# The comment of a line as blanks, so that all else keeps its place.
function blank_comment(line,    at, rest) {
    at = match(line, /\/\/([^"]|"[^"]*")*$/)
    if (!at) return line
    rest = substr(line, at)
    gsub(/./, " ", rest)
    return substr(line, 1, at - 1) rest
}

# Where the words stand from this place on: the place behind them, or 0.
function follows(from, words, n,    w, at) {
    at = from
    for (w = 1; w <= n; w++) {
        while (substr(bare, at, 1) ~ /[ \t\n]/) at++
        if (substr(bare, at, length(words[w])) != words[w]) return 0
        at += length(words[w])
    }
    return at
}

function replace(text, by,    words, n, at, from, end, found) {
    if (stopped) return
    n = split(text, words, /[ \t\n]+/)
    if (words[1] == "") { for (at = 1; at < n; at++) words[at] = words[at + 1]; n-- }
    from = 1
    while ((at = index(substr(bare, from), words[1])) > 0) {
        from += at - 1
        end = follows(from, words, n)
        if (end) { found++; begin = from; behind = end }
        from++
    }
    if (found != 1) stop("its text is there " found + 0 " times: " text)
    source = substr(source, 1, begin - 1) by substr(source, behind)
    bare = substr(bare, 1, begin - 1) by substr(bare, behind)
}
