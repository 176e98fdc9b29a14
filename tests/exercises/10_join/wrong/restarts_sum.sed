# Expect: A, B and C were ready with 1, 10 and 100, and join with 100
16a\
    self->sum = 0;
