# Expect: Unlock before you poll
/task->state = WAITING;/{
n
d
}
s/^    if (task == NULL) return false;/    if (task == NULL) queue_unlock();\
&/
s/^    if (task_poll(task).ready) {/    struct poll poll = task_poll(task);\
    queue_unlock();\
    if (poll.ready) {/
