# Knows no tail, and looks for the end each time.
s/^    if (head == NULL)/    struct task **end = \&head;\
    while (*end != NULL) end = \&(*end)->next;\
    *end = task;/
/^        head = task;/d
/^    else$/d
/^        tail->next = task;/d
/^    tail = task;/d
/^static struct task \*tail/d
