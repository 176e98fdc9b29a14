# Behind trace.awk: answers each line with how many events and remarks it had.
function event() { events++ }
function remark(text) { remarks++ }
{
    print events + 0, remarks + 0
    events = remarks = 0
}
