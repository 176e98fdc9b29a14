# Expect: A, B and C were ready with 0, 0 and 0, and join was pending, where it
/^        self->left--;$/c\
        if (poll.value) self->left--;
