# Expect: step has polled A, and returned false
s/^    if (task_poll(task).ready) {/    bool ready = task_poll(task).ready;\
    if (ready) {/
s/^    return true;$/    return ready;/
