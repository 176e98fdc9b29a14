# Expect: it is ready when all are
/^        self->children\[i\] = NULL;$/a\
        if (poll.value < 0) return poll;
