# Expect: and not in turns
s/^    if (head == NULL)$/    if (head == NULL || task->refs > 1) {\
        task->next = head;/
s/^    else$/    } else/
s/^    tail = task;/    if (task->next == NULL) tail = task;/
