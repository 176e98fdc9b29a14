# Puts a run into the page that shows it event by event, page.html:
#
#     find examples -name '*.[ch]' | LC_ALL=C awk -f trace.awk -f page.awk \
#         template=page.html name_of_run=timer own=examples/timer.c
#         executor=trale.c sources=/dev/stdin timer.trace
#
# `sources` lists where the source of an AWAIT may be, the most likely first:
# the trace gives only the last part of a path. `own` is the program itself, if
# it is there, and `executor` where the captions stand that the events are of.
#
# The page holds its data as JSON. Each row of the trace is a line of its own,
# and names its queues only if they differ from those of the row before.
BEGIN {
    run_before = wait_before = "none yet"
}

function event(    i, list) {
    begin_row()
    printf "{\"time\":%s,\"thread\":%s,\"name\":%s,\"task\":%s", time,
        quote(thread), quote(name), quote(task)
    printf ",\"from\":%s,\"to\":%s,\"dashed\":%d,\"text\":%s", quote(from),
        quote(to), dashed, quote(text)
    printf ",\"chain\":%s,\"fd\":%s,\"direction\":%s", quote(chain), quote(fd),
        quote(direction)
    if (line != "") {
        printf ",\"file\":%s,\"line\":%d", quote(file), line
        wanted[file] = 1
    }
    list = ""
    for (i = 1; i <= runs; i++)
        list = list (i > 1 ? "," : "") "{\"task\":" quote(run[i]) "}"
    if (list != run_before) printf ",\"run\":[%s]", list
    run_before = list
    list = ""
    for (i = 1; i <= waiting; i++)
        list = list (i > 1 ? "," : "") waiter(waits[i])
    if (list != wait_before) printf ",\"wait\":[%s]", list
    wait_before = list
    printf "}"
}

function remark(text) {
    begin_row()
    printf "{\"remark\":%s,\"speaker\":%s}", quote(text), quote(speaker)
}

# greet#1*2
function waiter(s,    at) {
    at = last_index(s, "*")
    return "{\"task\":" quote(substr(s, 1, at - 1)) ",\"wakers\":" \
        substr(s, at + 1) "}"
}

# The head of the page goes out before the first row: only then are the
# variables of the command line known.
function begin_row() {
    if (!rows++) copy_page()
    else printf ",\n"
}

# Copies the page up to the next place for data.
function copy_page(    s) {
    while ((getline s < template) > 0 && s != "@DATA@") print s
    if (s == "@DATA@") printf "{\"name\":%s,\"rows\":[\n", quote(name_of_run)
}

# A string of JSON, in a script of an HTML page. No </script> must be in it.
function quote(s) {
    s = replace(s, "\\", "\\\\")
    s = replace(s, "\"", "\\\"")
    s = replace(s, "&", "\\u0026")
    s = replace(s, "<", "\\u003c")
    s = replace(s, ">", "\\u003e")
    return "\"" s "\""
}

# The whole text of a source. Those that are nowhere are left out.
function quote_source(file,    path, found, s, n) {
    for (n = 1; n <= paths; n++) {
        found = path_list[n]
        sub(/.*\//, "", found)
        if (found == file) break
    }
    if (n > paths) return
    path = path_list[n]
    printf "%s%s:{\"path\":%s,\"lines\":[", (quoted++ ? ",\n" : ""),
        quote(file), quote(path)
    for (n = 0; (getline s < path) > 0; n++) {
        gsub(/\t/, "    ", s)
        gsub(/[[:cntrl:]]/, "?", s)
        printf "%s\n%s", (n ? "," : ""), quote(s)
    }
    close(path)
    printf "]}"
}

END {
    if (!rows) copy_page()
    printf "\n],\n\"lanes\":["
    n = lanes_of_run()
    for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? "," : ""), quote(lanes[i])
    printf "],\n\"titles\":{"
    for (i = 1; i <= n; i++)
        printf "%s%s:%s", (i > 1 ? "," : ""), quote(lanes[i]),
            quote(heading(lanes[i]))
    printf "},\n\"sources\":{"
    while ((getline s < sources) > 0) path_list[++paths] = s
    if (own != "") {
        path_list[++paths] = own
        sub(/.*\//, "", own)
        wanted[own] = 1
    }
    for (s in wanted) quote_source(s)
    for (i = 1; i <= n; i++)
        if (lanes[i] == "local") quote_source("local_executor.c")
    path_list[1] = executor
    paths = 1
    quote_source("trale.c")
    printf "},\n\"own\":%s}\n", quote(own)
    copy_page()
}
