# Draws a run as a Mermaid sequence diagram:
#
#     LC_ALL=C awk -f trace.awk -f mermaid.awk timer.trace > timer.mmd
#
# Each event is one arrow or one note, in the order of the trace. The text
# begins with the event and its task.

BEGIN {
    for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
    plain = "[A-Za-z0-9 _.,:()*/=+!?-]"
}

function event() {
    if (drawn && time - before_time >= 0.1)
        draw("Note over all: " sprintf("%.1f", time - before_time) " s later")
    before_time = time
    if (name == "poll") draw("activate " from)
    if (to == "") draw("Note over " from ": " escape(text))
    else draw(from (dashed ? "-->>" : "->>") to ": " escape(text))
    if (name == "poll") active[from]++
    # A trace that begins in the middle may end a poll that it did not begin.
    if (active[from] && (name == "pending" || name == "ready")) {
        draw("deactivate " from)
        active[from]--
    }
}

# What it says about itself begins with its name. All else is the program's own.
function remark(text) {
    if (text !~ /^(trale|diagram): /) text = "output: " text
    draw("Note over " (speaker == "" ? "all" : speaker) ": " escape(text))
}

function draw(statement) {
    drawing[++drawn] = statement
}

# To Mermaid some characters mean something: # and ; end a text, < and > make
# HTML, %%{ a directive. As numbers they are just characters. It has no way to
# write a control character, but trace.awk lets none through.
function escape(s,    i, c, done) {
    done = ""
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        done = done ((c in code) && c !~ plain ? "#" code[c] ";" : c)
    }
    return done
}

END {
    print "sequenceDiagram"
    n = lanes_of_run()
    for (i = 1; i <= n; i++)
        print "    participant " lanes[i] \
            (heading(lanes[i]) == lanes[i] ? "" : " as " heading(lanes[i]))
    all = "Note over " lanes[1] (n > 1 ? "," lanes[n] : "") ":"
    for (i = 1; i <= drawn; i++) {
        sub(/^Note over all:/, all, drawing[i])
        print "    " drawing[i]
    }
    for (i = 1; i <= n; i++)
        while (active[lanes[i]]-- > 0) print "    deactivate " lanes[i]
}
