# Asks the tail and clears it, where the solution asks the head.
s/^    if (head == NULL)/    if (tail == NULL)/
s/^    head = task->next;/&\
    if (head == NULL) tail = NULL;\
    task->next = NULL;/
