# Expect: The handle is pending, and 0 wakers of the task that awaits it are kept
/^struct poll handle_poll/,/^}/ {
    s/^    struct waker replaced = .*/    struct waker replaced = { 0 };\
    if (task->joiner.vtable == NULL) {/
    s/^    task->joiner = latest;/&\
        latest.vtable = NULL;\
    }/
    s/^    waker_drop(&replaced);/    waker_drop(\&latest);\
    (void)replaced;/
}
