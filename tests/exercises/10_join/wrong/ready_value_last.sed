# Expect: A, B and C were ready with 1, 10 and 100, and join with 100
/^        self->sum += poll\.value;$/c\
        self->sum = poll.value;
