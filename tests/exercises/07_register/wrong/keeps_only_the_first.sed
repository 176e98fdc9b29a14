# Expect: B waits now, so its waker takes the place
s/^    struct waker replaced = flag->waker;/    struct waker replaced = latest;/
s/^    flag->waker = latest;/    if (flag->waker.vtable == NULL) {\
        flag->waker = latest;\
        replaced.vtable = NULL;\
    }/
