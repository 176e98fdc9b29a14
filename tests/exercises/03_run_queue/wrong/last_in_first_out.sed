# Expect: but polled in the order C B A
s/^    task->next = NULL;.*/    task->next = head;/
s/^    if (head == NULL)/    if (head != task)/
