# Leaves its waker before each step.
s/^    struct waker replaced = exchange(waker_clone(cx->waker));/    struct waker replaced;/
/^    waker_drop(&replaced);/d
s/^    while (step()) {/    do {\
        replaced = exchange(waker_clone(cx->waker));\
        waker_drop(\&replaced);\
    } while (step());/
/^    }$/d
