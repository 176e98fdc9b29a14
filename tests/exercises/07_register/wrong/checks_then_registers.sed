# Expect: first keep the waker, then look again
s/^    struct waker latest = .*/&\
    if (flag->set) {\
        waker_drop(\&latest);\
        return POLL_READY(0);\
    }/
s/^    return flag->set ? .*/    return POLL_PENDING;/
