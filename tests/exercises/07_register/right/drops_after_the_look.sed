# The old waker may be dropped later.
/^    waker_drop(&replaced);/d
s/^    return flag->set ? .*/    bool is_set = flag->set;\
    waker_drop(\&replaced);\
    return is_set ? POLL_READY(0) : POLL_PENDING;/
