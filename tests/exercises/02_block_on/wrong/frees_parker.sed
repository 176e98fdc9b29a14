# Expect: It used memory
/^    waker_drop(&waker);$/c\
    free(parker);
