# Expect: A awaits a task, which is done now, and A was woken 0 times
s/^void task_finish/static struct waker waits;\
\
&/
s/task->joiner/waits/
