# Expect: flag_set came in the middle of a poll by B, while it cloned a waker. The
/^    return flag->set ? POLL_READY(0) : POLL_PENDING;$/c\
    return POLL_PENDING;
