# Expect: A later poll has left its waker, and the one before is still kept, or lost
/^struct poll executor_poll/,/^}/ {
    /^    struct waker replaced/d
    s/^    waker_drop.*/    if (waiting.vtable == NULL) {\
        struct waker replaced = exchange(waker_clone(cx->waker));\
        waker_drop(\&replaced);\
    }/
}
