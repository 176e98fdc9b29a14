# Expect: It used memory
/^        task_release(task);$/c\
        if (task->future != NULL)\
            queue_push(task);\
        else\
            task_release(task);
