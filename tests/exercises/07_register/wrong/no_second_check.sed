# Expect: flag_set came in the middle of a poll by B, while it cloned a waker. The
s/^    return flag->set ? .*/    return POLL_PENDING;/
