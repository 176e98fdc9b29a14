# Expect: The order of the polls was: A.
s/^    head = task->next;/    head = NULL;/
