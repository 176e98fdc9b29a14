# Expect: register_waker was refused once, then the descriptor was another, and it
/^    waker_drop(&sub->waker); \/\/ the latest waker wins$/c\
    waker_drop(&sub->waker);\
    sub->kind = WAKEUP_READABLE;
/^    sub->kind = WAKEUP_READABLE;$/d
