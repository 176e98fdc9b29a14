# A helper that is not static, with a name that the checks have too.
s/^void task_wake(struct task \*task)/void spawn(struct task *task);\
void spawn(struct task *task)\
{\
    if (task->state != WAITING) return;\
    task->state = QUEUED;\
    queue_push(task);\
}\
\
&/
/^    if (task->state == WAITING) {/,/^    }/ {
    s/^    if .*/    spawn(task);/
    /^    [^ s]/d
    /^     /d
}
