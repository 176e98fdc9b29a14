# Expect: It used memory
/task->next = NULL/d
