# Makes a page of trale.c: comment beside code, each name of a function a link,
# and beside each function its row of the mirror.
#
#     awk -f read.awk -v rust=FOLDER items.txt NOTES.md trale.c > trale.html
#
# items.txt says where the items of Rust trale stand. `rust` is a folder with its
# sources as they were then; if it is empty, their lines are links.

BEGIN {
    commit = "https://github.com/hexagonal-sun/trale/blob/2e2bf2f/"
}

FILENAME ~ /items.txt$/ && !/^#/ {
    split($0, f, "\t")
    file_of[f[1]] = f[2]; first_of[f[1]] = f[3]; last_of[f[1]] = f[4]
}

# | `Executor::spawn` | `executor_spawn()` | Same. |
FILENAME ~ /NOTES.md$/ && /^\| `.*` \|/ {
    split($0, f, " [|] ")
    item = substr(f[1], 4, length(f[1]) - 4)
    if (!(item in file_of)) next
    rest = f[2]
    while (match(rest, /`(struct |enum )?[a-z_]+(\(\))?`/)) {
        name = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/\(\)$/, "", name)
        rows[name]++
        mirror[name, rows[name]] = item
        sub(/ *[|]$/, "", f[3])
        remark_of[item] = f[3]
    }
}

FILENAME ~ /\.c$/ {
    line[++lines] = $0
}

# ---------------------------------------------------------------------------
# What is defined, and who uses it
# ---------------------------------------------------------------------------

# The name that a line at the margin defines, or begins to define; or "".
function defined(n,    s, end) {
    s = line[n]
    if (s !~ /^[a-z_]/ || s ~ /^(enum|typedef) / ) return ""
    sub(/^__attribute__\(\([^)]*\)\) */, "", s)
    sub(/^static /, "", s)
    if (match(s, /^struct [a-z_]+ \{/)) return substr(s, 1, RLENGTH - 2)
    for (end = n; line[end] !~ /[{;]$/ && end < n + 5; end++) continue
    if (line[end] !~ /^[{]$/ || !match(s, /[a-z_]+\(/)) return ""
    return substr(s, RSTART, RLENGTH - 1)
}

function look_around(    n, s, here, word) {
    for (n = 1; n <= lines; n++)
        if ((s = defined(n)) != "") {
            starts[n] = s
            if (s !~ / /) at_line[s] = n
        }
    for (n = 1; n <= lines; n++) {
        if (n in starts) here = starts[n]
        if (line[n] == "}" || line[n] ~ /^\};?$/) { inside[n] = here; here = "" }
        s = line[n]
        sub(/\/\/.*/, "", s)
        gsub(/"[^"]*"/, "", s)
        while (match(s, /[A-Za-z_][A-Za-z0-9_]*/)) {
            word = substr(s, RSTART, RLENGTH)
            field = RSTART > 1 && substr(s, RSTART - 1, 1) ~ /[.>]/
            s = substr(s, RSTART + RLENGTH)
            if (!(word in at_line) || n == at_line[word] || field) continue
            if (s ~ /^\(.*;$/ && line[n] ~ /^[a-z]/) continue # a declaration
            users[word] = users[word] " <a href=\"#L" n "\">" \
                (here == "" ? outside(n) : here) "</a>"
        }
    }
}

# What a line outside of functions defines: static const ... task_vt = { ... };
function outside(n,    s) {
    s = line[n]
    if (!match(s, /[a-z_]+ = /)) return "line " n
    return substr(s, RSTART, RLENGTH - 3)
}

# ---------------------------------------------------------------------------
# HTML
# ---------------------------------------------------------------------------

function escape(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    return s
}

# The text with a link for each function that is named in it. `lock` may also be a
# word or a field: so it takes parentheses, or a name of several words.
function linked(s, n,    done, word, last) {
    done = ""
    while (match(s, /[A-Za-z_][A-Za-z0-9_]*/)) {
        word = substr(s, RSTART, RLENGTH)
        last = RSTART > 1 ? substr(s, RSTART - 1, 1) : ""
        done = done escape(substr(s, 1, RSTART - 1))
        if (word in at_line && at_line[word] != n && last !~ /[.>]/ &&
            (word ~ /_/ || substr(s, RSTART + RLENGTH, 1) == "("))
            word = "<a href=\"#" word "\">" word "</a>"
        done = done word
        s = substr(s, RSTART + RLENGTH)
    }
    return done escape(s)
}

# A comment's lines, first to last. What is indented is shown as it stands.
function put_comment(from, to,    n, s, mode, title) {
    mode = ""
    for (n = from; n <= to; n++) {
        s = line[n]
        sub(/^ *\/\/ ?/, "", s)
        if (s ~ /^-----/) {
            if (!title) title = 1
            continue
        }
        if (title == 1 && s != "") {
            if (mode != "") printf "</%s>", mode
            mode = ""
            title = 2
            printf "<h2>%s</h2>", linked(s, 0)
            continue
        }
        want = s == "" ? "" : s ~ /^   / ? "pre" : "p"
        if (s == "" && mode == "pre") { printf "\n"; continue }
        if (want == "p" && s ~ /^([0-9]+\.|-) / && mode == "p") { printf "</p>"; mode = "" }
        if (want != mode) {
            if (mode != "") printf "</%s>", mode
            if (want != "") printf "<%s>", want
            mode = want
        }
        if (s != "") printf "%s\n", linked(s, 0)
    }
    if (mode != "") printf "</%s>", mode
}

function put_link(item,    path) {
    path = file_of[item]
    printf "<p class=\"mirror\">In Rust: <a href=\"%s%s#L%d-L%d\"><code>%s</code>, %s:%d</a>. %s</p>",
        commit, path, first_of[item], last_of[item], escape(item), path,
        first_of[item], marked(remark_of[item])
}

function put_rust(item,    n, s, path) {
    path = file_of[item]
    printf "<pre class=\"rust\">"
    for (n = 1; (getline s < (rust "/" path)) > 0; n++)
        if (n >= first_of[item] && n <= last_of[item])
            printf "<b>%4d</b>  %s\n", n, escape(s)
    close(rust "/" path)
    printf "</pre>"
}

# A remark of NOTES.md: `code`.
function marked(s,    done) {
    s = linked(s, 0)
    done = ""
    while (match(s, /`[^`]*`/)) {
        done = done substr(s, 1, RSTART - 1) "<code>" \
            substr(s, RSTART + 1, RLENGTH - 2) "</code>"
        s = substr(s, RSTART + RLENGTH)
    }
    return done s
}

function put_about(n,    name, i, item) {
    name = starts[n]
    if (name !~ / /)
        printf "<p class=\"users\">Used by:%s</p>", \
            users[name] == "" ? " programs" : users[name]
    for (i = 1; i <= rows[name]; i++) put_link(mirror[name, i])
}

# A row: the comment, the code that follows it, and what is said of its names.
function put_row(from, code, to,    n) {
    printf "<div class=\"row\"><div class=\"comment\">"
    if (code > from) put_comment(from, code - 1)
    for (n = code; n <= to; n++) if (n in starts) put_about(n)
    printf "</div>\n<pre class=\"code\">"
    for (n = code; n <= to; n++)
        printf "<span class=\"line\" id=\"L%d\"><b>%4d</b>  %s%s\n</span>", n, n,
            (n in starts && starts[n] !~ / / ? "<a id=\"" starts[n] "\"></a>" : ""),
            linked(line[n], n)
    printf "</pre></div>\n"
}

function is_comment(n) {
    return line[n] ~ /^ *\/\//
}

# The Rust of what these lines define. It stands beside all the rows of that.
function put_items(from, to,    n, i) {
    printf "</div>\n<aside>"
    for (n = from; n <= to; n++)
        if (n in starts)
            for (i = 1; i <= rows[starts[n]]; i++) put_rust(mirror[starts[n], i])
    printf "</aside></section>\n"
}

function has_items(from, to,    n) {
    for (n = from; n <= to; n++)
        if (n in starts && rows[starts[n]] > 0) return 1
    return 0
}

END {
    look_around()
    n = 1
    opened = 0
    while (n <= lines) {
        from = n
        while (n <= lines && is_comment(n)) n++
        code = n
        # A banner and the comment of what follows it are two rows.
        while (n <= lines && !is_comment(n)) n++
        to = n - 1
        while (to >= code && line[to] == "") to--
        if (rust != "" && !opened && has_items(code, to)) {
            printf "<section><div>"
            opened = code
        }
        put_row(from, code, to)
        if (opened && to >= code && line[to] ~ /^\}/) {
            put_items(opened, to)
            opened = 0
        }
    }
    if (opened) put_items(opened, lines)
}
