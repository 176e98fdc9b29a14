# Expect: 3 of them were never given back
/task_release/d
