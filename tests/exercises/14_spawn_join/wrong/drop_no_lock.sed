# Expect: handle_drop looked at task->joiner without the lock
48d
50d
