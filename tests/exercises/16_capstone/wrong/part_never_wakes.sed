# Expect: hung: after 3 s it had not ended
# Part: 06_wake
/^void task_wake/,/^}/s/queue_push(task);/;/
