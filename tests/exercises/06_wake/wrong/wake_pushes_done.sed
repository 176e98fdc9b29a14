# Expect: a wake after the end must change nothing
/^    if (task->state == WAITING) {$/c\
    if (task->state != QUEUED) {
