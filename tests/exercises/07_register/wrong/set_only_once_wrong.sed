# Expect: Two threads used the same memory at the same time
25a\
    if (flag->set) return;
/^    flag->set = true;$/a\
    if (flag->waker.vtable == NULL) return;
