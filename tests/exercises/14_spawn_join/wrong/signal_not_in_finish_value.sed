# Expect: The output of the task is 9223372036854775807, and the handle was ready
/^    task->output = POLL_READY(value);$/c\
    task->output = POLL_READY((int)value);
