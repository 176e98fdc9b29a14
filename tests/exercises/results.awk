# Shows results, the lines that merge.awk prints, in the form that is asked for:
#
#     awk -f results.awk -v form=FORM [-v color=1] RESULTS
#
# log: what the compiler said, whose lines of source stay whole.
# text: for the student, each item. table: a line for each exercise. json, xml,
# tap: for Gradescope, for what reads JUnit, for prove. titles= is a file with
# the names and titles of the exercises, apart by tabs, for text and table.

BEGIN {
    FS = "\t"
    for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
    while (titles != "" && (getline line < titles) > 0) {
        split(line, parts, "\t")
        title_of[parts[1]] = parts[2]
    }
    green = color ? "\033[32m" : ""
    red = color ? "\033[31m" : ""
    bold = color ? "\033[1m" : ""
    plain = color ? "\033[0m" : ""
}

form == "log" {
    if (/^ *[0-9]* \|/)
        print
    else
        wrap("", 0, $0)
    next
}

{
    n++
    exercise[n] = $1
    item[n] = $2
    points[n] = $3
    most[n] = $4
    status[n] = $5
    title[n] = $6
    message[n] = $7
    task[n] = $8
    events[n] = $9
    where[n] = $10
    total += $3
    total_most += $4
    passed += $5 == "passed"
    if (!($1 in first)) {
        order[++exercises] = $1
        first[$1] = n
    }
    got[$1] += $3
    max[$1] += $4
    failed[$1] += $5 != "passed"
}

END {
    if (form == "text") show_text()
    if (form == "table") show_table()
    if (form == "json") show_json()
    if (form == "xml") show_xml()
    if (form == "tap") show_tap()
}

# Prints text in lines of 80 columns, each after the indentation, the first
# after `head`, which is as wide. It is broken at blanks, and keeps its columns
# otherwise; a word that is too long is cut in pieces.
function wrap(head, indent, text,    paragraphs, count, i, line, width, cut,
              blank) {
    width = 80 - indent
    blank = sprintf("%" indent "s", "")
    count = split(text, paragraphs, "\036")
    for (i = 1; i <= count; i++) {
        line = paragraphs[i]
        while (length(line) > width) {
            cut = width + 1
            while (cut > 1 && substr(line, cut, 1) != " ") cut--
            if (cut == 1) cut = width + 1
            print head substr(line, 1, cut - 1)
            head = blank
            line = substr(line, cut)
            sub(/^ +/, "", line)
        }
        print head line
        head = blank
    }
}

function show_text(    i, line, count, lines, k, file) {
    for (i = 1; i <= n; i++) {
        if (i == first[exercise[i]]) {
            file = "examples/exercises/" exercise[i] ".c"
            printf "%s%s. %s%s\n%s\n\n", bold, number(exercise[i]),
                title_of[exercise[i]], plain, file
        }
        if (status[i] == "passed") {
            printf "%spassed%s %d of %d  %s\n", green, plain, points[i],
                most[i], title[i]
            continue
        }
        printf "%sFAILED%s %d of %d  %s\n", red, plain, points[i], most[i],
            title[i]
        sub(/^It does not compile:.*/, "It does not compile, see above.", message[i])
        # The same story need not be told five times.
        if (i > 1 && message[i] == message[i - 1]) {
            print "        as above"
            continue
        }
        wrap("        ", 8, message[i])
        if (task[i] != "") print "   task " task[i]
        count = split(events[i], lines, "\036")
        for (k = 1; k <= count; k++) {
            sub(/^ */, "", lines[k])
            wrap(k == 1 ? "   last " : "        ", 8, lines[k])
        }
        if (where[i] != "") wrap("   read ", 8, where[i])
        print ""
    }
    printf "%s%d of %d points%s\n", total == total_most ? green : red, total,
        total_most, plain
}

function show_table(    i, name, line) {
    for (i = 1; i <= exercises; i++) {
        name = order[i]
        line = failed[name] ? failed[name] " failed" : "passed"
        printf "%s%3d of %2d%s  %-3s %-50s %s\n", failed[name] ? red : green,
            got[name], max[name], plain, number(name),
            title_of[name], line
        for (k = first[name]; failed[name] && k <= n; k++)
            if (exercise[k] == name && status[k] != "passed") {
                wrap(sprintf("%18s", ""), 18, message[k])
                break
            }
    }
    printf "\n%s%d of %d points%s, %d of %d checks passed\n",
        total == total_most ? green : red, total, total_most, plain, passed, n
}

# 01b_coroutine: 01b
function number(name) {
    sub(/_.*/, "", name)
    return name
}

# What a failure says, as plain text.
function story(i) {
    return message[i] (task[i] != "" ? "\036task: " task[i] : "") \
        (events[i] != "" ? "\036last events:\036" events[i] : "") \
        (where[i] != "" ? "\036read: " where[i] : "")
}

function json_string(text,    out, i, c) {
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\036") c = "\\n"
        else if (c == "\"" || c == "\\") c = "\\" c
        else if (code[c] < 32 || code[c] > 126) c = "?"
        out = out c
    }
    return "\"" out "\""
}

function show_json(    i) {
    printf "{\n  \"score\": %d,\n  \"output\": %s,\n  \"tests\": [\n", total,
        json_string(passed " of " n " checks passed")
    for (i = 1; i <= n; i++) {
        printf "    {\n      \"number\": %s,\n      \"name\": %s,\n",
            json_string(number(exercise[i]) "." \
                        (i - first[exercise[i]] + 1)),
            json_string(exercise[i] ": " title[i])
        printf "      \"score\": %d,\n      \"max_score\": %d,\n", points[i],
            most[i]
        printf "      \"status\": \"%s\",\n      \"visibility\": \"visible\"",
            status[i]
        if (status[i] != "passed")
            printf ",\n      \"output\": %s", json_string(story(i))
        printf "\n    }%s\n", i < n ? "," : ""
    }
    print "  ]\n}"
}

function xml_string(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    gsub(/\036/, "\\&#10;", text)
    gsub(/[^ -~]/, "?", text)
    return text
}

function show_xml(    i, name) {
    print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    printf "<testsuites name=\"exercises\" tests=\"%d\" failures=\"%d\">\n", n,
        n - passed
    for (i = 1; i <= n; i++) {
        name = exercise[i]
        if (i == first[name])
            printf "  <testsuite name=\"%s\" failures=\"%d\" tests=\"%d\">\n",
                name, failed[name], count_of(name)
        printf "    <testcase classname=\"%s\" name=\"%s\"", name, item[i]
        if (status[i] == "passed")
            print "/>"
        else
            printf ">\n      <failure message=\"%s\">%s</failure>\n%s\n",
                xml_string(message[i]), xml_string(story(i)),
                "    </testcase>"
        if (i == n || exercise[i + 1] != name) print "  </testsuite>"
    }
    print "</testsuites>"
}

function count_of(name,    i, count) {
    for (i = 1; i <= n; i++) count += exercise[i] == name
    return count
}

function show_tap(    i, lines, count, k) {
    print "TAP version 13"
    print "1.." n
    for (i = 1; i <= n; i++) {
        gsub(/#/, "", title[i])
        printf "%s %d - %s: %s\n", status[i] == "passed" ? "ok" : "not ok", i,
            exercise[i], title[i]
        count = status[i] == "passed" ? 0 : split(story(i), lines, "\036")
        for (k = 1; k <= count; k++) print "# " lines[k]
    }
}
