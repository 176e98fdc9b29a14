# Draws a run for ui.perfetto.dev and chrome://tracing, as JSON in their
# trace-event format:
#
#     LC_ALL=C awk -f trace.awk -f perfetto.awk timer.trace > timer.json
#
# Each thread is a track. A poll is a slice of the executor's; whatever else
# happens is a slice of a microsecond. An arrow leads from a wake to the poll
# that it causes. Two counters show how long an executor's queues are.

function event(    at, whose) {
    at = sprintf("\"ts\":%.0f", time * 1000000)
    if (name == "poll") {
        put("B", at, task, arguments())
        if (task in flow) put("f", at, "wake", ",\"bp\":\"e\",\"id\":" flow[task])
        delete flow[task]
        open[thread] = 1
    } else if (name == "pending" || name == "ready") {
        put("i", at, name " " task, ",\"s\":\"t\"" arguments())
        # A trace that begins in the middle may end a poll that it did not begin.
        if (open[thread]) put("E", at, task, "")
        open[thread] = 0
    } else {
        put("X", at, name " " (task == "" ? "a foreign waker" : task),
            ",\"dur\":1" arguments())
        if (name == "wake") {
            flow[task] = ++flows
            put("s", at, "wake", ",\"id\":" flows)
        }
    }
    whose = home(task) == "local" ? "local " : ""
    put("C", at, whose "run-queue", ",\"args\":{\"tasks\":" runs "}")
    put("C", at, whose "wait-queue", ",\"args\":{\"tasks\":" waiting "}")
    last = at
}

function remark(text) {
    if (last == "") last = "\"ts\":0"
    name = "output"
    thread = speaker == "" ? "main" : speaker
    put("i", last, text, ",\"s\":\"t\"")
}

function arguments() {
    return ",\"args\":{\"where\":" quote(chain) \
        (value == "" ? "" : ",\"output\":" quote(value)) "}"
}

function put(phase, at, title, more) {
    if (!(thread in tid)) tid[thread] = ++tids
    printf "%s{\"ph\":\"%s\",\"pid\":1,\"tid\":%d,%s,\"cat\":%s,\"name\":%s%s}",
        (rows++ ? ",\n" : "{\"traceEvents\":[\n"), phase, tid[thread], at,
        quote(name), quote(title), more
}

# A string of JSON. What is not ASCII may not be UTF-8 either.
function quote(s) {
    gsub(/[^ -~]/, "?", s)
    return "\"" replace(replace(s, "\\", "\\\\"), "\"", "\\\"") "\""
}

END {
    printf "%s", rows ? ",\n" : "{\"traceEvents\":[\n"
    printf "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\"," \
        "\"args\":{\"name\":\"trale\"}}"
    for (thread in tid)
        printf ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":" \
            "\"thread_name\",\"args\":{\"name\":\"%s\"}}", tid[thread], thread
    print "\n]}"
}
