# Reads what a program says under TRALE_TRACE=1. The file that comes next on
# awk's command line draws it; it has a function for either kind of line:
#
#     event()       a line of the narration, taken apart into the variables
#                   below
#     remark(text)  any other line: what the program prints, a warning, a line
#                   that was cut; `speaker` is the lane that it came from, or
#                   empty if that is no thread
#
# For any POSIX awk, under LC_ALL=C: then a name that is not UTF-8 is just
# bytes. What is read of an event:
#
#     time thread name   2.000314 executor poll
#     task value         greet#1, and its output once it is done
#     fd direction       3 readable; empty if there is none
#     chain              the whole text between name and queues
#     file line          of the innermost AWAIT: timer.c 17; or empty
#     run[1..runs]       the run-queue, as greet#1
#     waits[1..waiting]  the wait-queue, as greet#1*2: two wakers
#
# And what is to be drawn, an arrow or else a note on the lane `from`:
#
#     from to dashed text
#
# A lane is a thread, or the kernel, or a local executor, whose tasks are called
# local:greet#1: it has no thread, so what its host's thread does while it polls
# such a task is drawn in the lane `local`.

BEGIN {
    digits = "[0-9][0-9][0-9][0-9][0-9][0-9]"
    narrated = "[0-9]+[.]" digits " [a-z]+ +[a-z-]+ .*[|] run: .*[|] wait: .*$"
}

# A program may have printed something without ending its line. Then a line of
# the narration begins behind that, which is a remark of its own.
{
    sub(/\r$/, "")
    gsub(/\t/, "    ")
    gsub(/[[:cntrl:]]/, "?")
    start = match($0, narrated)
    whole = start && take_apart(substr($0, start))
    before = whole ? substr($0, 1, start - 1) : $0
    if (whole) picture()
    sub(/ +$/, "", before)
    if (before != "") {
        speaker = who_says(before)
        if (speaker != "") lane[speaker] = 1
        remark(before)
    }
    if (whole) event()
}

# Both main and a task can print at one moment. So we look which of them has such
# a text in the source, `own`. Else it is the task that is being polled, if any.
function who_says(text,    s, begin, found, longest) {
    if (text ~ /^diagram: /) return ""
    if (text ~ /^trale: this poll of local:/) return "local"
    if (text ~ /^trale: this poll of /) return "executor"
    if (text ~ /^trale: in task /) return poller("executor")
    while (own != "" && !read_own && (getline s < own) > 0) {
        if (s ~ /^int main\(/) inside = "main"
        else if (s ~ /_poll\(.*\)$/) inside = "task"
        else if (s ~ /^\}/) inside = ""
        if (inside == "" || !match(s, /(printf|puts)\([^"]*"[^%"\\]+/)) continue
        begin = substr(s, RSTART, RLENGTH)
        sub(/^[^"]*"/, "", begin)
        says[begin] = inside
    }
    if (own != "" && !read_own++) close(own)
    longest = 2
    found = poller("main")
    for (begin in says)
        if (index(text, begin) == 1 && length(begin) > longest) {
            longest = length(begin)
            found = says[begin] == "main" ? "main" : poller("executor")
        }
    return found
}

# The lane where a task is being polled, or else this one.
function poller(otherwise,    thread) {
    if (("executor" in polls)) return "executor"
    for (thread in polls) return polls[thread]
    return otherwise
}

# The lane of the task's executor.
function home(task) {
    return index(task, "local:") == 1 ? "local" : "executor"
}

# Names are any text, so it helps to know that a task's ends with its number,
# and that the queues stand last. Returns whether the line is whole.
function take_apart(s,    at, rest, parts, i, n) {
    split(s, parts, " ")
    time = parts[1]; thread = parts[2]; name = parts[3]

    at = last_index(s, " | wait: ")
    rest = substr(s, at + 9)
    s = substr(s, 1, at - 1)
    waiting = rest == "-" ? 0 : split_queue(rest, waits, "#[0-9]+[*][0-9]+")
    at = last_index(s, " | run: ")
    rest = substr(s, at + 8)
    runs = rest == "-" ? 0 : split_queue(rest, run, "#[0-9]+")
    if (waiting < 0 || runs < 0 || at == 0) return 0

    s = substr(s, 1, at - 1)
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ */, "", s)
    chain = s
    fd = direction = task = value = file = line = ""
    if (match(s, /(^| )fd -?[0-9]+ (readable|writable)$/)) {
        split(substr(s, RSTART), parts, " ")
        fd = parts[2]; direction = parts[3]
        s = substr(s, 1, RSTART - 1)
    }
    if (match(s, /#[0-9]+( at | = |$)/)) {
        at = RSTART
        match(substr(s, at), /#[0-9]+/)
        task = substr(s, 1, at + RLENGTH - 1)
        s = substr(s, at + RLENGTH)
        if (s ~ /^ = /) value = substr(s, 4)
    }
    n = split(s, parts, " > ")
    for (i = 1; i <= n; i++)
        if (match(parts[i], / at .*:[0-9]+$/)) {
            file = substr(parts[i], RSTART + 4)
            match(file, /:[0-9]+$/)
            line = substr(file, RSTART + 1)
            file = substr(file, 1, RSTART - 1)
        }
    return 1
}

# Where in s the last t begins, or 0.
function last_index(s, t,    at, next_at) {
    at = 0
    while ((next_at = index(substr(s, at + 1), t)) > 0) at += next_at
    return at
}

# Takes a queue apart: words that end like a task end one. Returns how many
# tasks there are, or -1 if there is none or something is left over.
function split_queue(s, list, ending,    words, n, i, count, item) {
    n = split(s, words, / /)
    count = 0
    item = ""
    for (i = 1; i <= n; i++) {
        item = item words[i]
        if (item ~ ending "$") {
            list[++count] = item
            item = ""
        } else item = item " "
    }
    return count > 0 && item == "" ? count : -1
}

# What the event looks like: from whom to whom. The kernel says nothing itself:
# what is registered goes there, and events come from there.
function picture(    what, epoll) {
    what = task == "" ? "a foreign waker" : task
    epoll = "fd " fd ", " direction
    if (name == "poll") polls[thread] = home(task)
    from = thread in polls ? polls[thread] : thread
    if (from == "local") host[thread] = 1
    to = dashed = ""
    text = name " " what
    if (name == "poll" && from == "executor") polled = task
    if (name == "pending" || name == "ready") delete polls[thread]
    if (name == "poll" || name == "pending") {
        if (line != "") text = text " at " file ":" line
    } else if (name == "spawn" || name == "wake" || name == "cancel") {
        to = home(task)
    } else if (name == "wake-noop") {
        to = home(task); dashed = 1
    } else if (name == "register" || name == "deregister") {
        to = "kernel"
        text = text " (epoll_ctl: " epoll ")"
    } else if (name == "event") {
        from = "kernel"; to = thread
        text = text " (" epoll ")"
    } else if (name == "join" && thread == "executor") {
        if (polled != "") text = text " by " polled
    } else if (name == "join") {
        to = "executor"
        joined[task] = thread
    } else if (name == "ready" && task in joined) {
        to = joined[task]; dashed = 1
    }
    if (name == "join" || name == "ready" || name == "drop")
        if (value != "") text = text " = " value
    lane[from] = lane[to == "" ? from : to] = 1
}

# The lanes from left to right, into lanes[1..]; returns how many. Those of the
# runtime are always there, others if they have taken part. Where a local
# executor has, all lanes must have.
function lanes_of_run(    n, i, local, known, extra) {
    split("main other local executor reactor kernel", known, " ")
    local = "local" in lane
    for (i = 1; i <= 6; i++) {
        if (known[i] in lane || (!local && known[i] !~ /^(other|local)$/))
            lanes[++n] = known[i]
        delete lane[known[i]]
    }
    for (extra in lane) lanes[++n] = extra
    return n
}

# What stands above a lane.
function heading(name) {
    if (name in host) return name ", the host"
    return name == "local" ? "local executor" : name
}

# gsub without its rules for backslashes, which differ between awks.
function replace(s, old, new,    at, done) {
    done = ""
    while ((at = index(s, old)) > 0) {
        done = done substr(s, 1, at - 1) new
        s = substr(s, at + length(old))
    }
    return done s
}
