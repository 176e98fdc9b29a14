# Expect: handle_drop changed task->joiner without the lock. Another thread may look
48d
50d
