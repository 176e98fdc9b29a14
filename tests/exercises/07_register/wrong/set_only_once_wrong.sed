# Expect: flag_set looked at flag->waker without the lock
25a\
    if (flag->set) return;
/^    flag->set = true;$/a\
    if (flag->waker.vtable == NULL) return;
