# Expect: epoll_ctl failed, but watch has kept a waker
/^    event\.data\.u64 = (uint64_t)source->generation << 32 | (uint32_t)fd;$/a\
    source->waker = waker_clone(waker);
/^    source->waker = waker_clone(waker);$/d
