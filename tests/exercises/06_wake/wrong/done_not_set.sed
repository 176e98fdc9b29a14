# Expect: a wake after the end must change nothing
/^        task->state = DONE;$/d
