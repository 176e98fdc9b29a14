# Expect: tick_poll called read with a length of 4, and that failed with -EINVAL: a
/^    uint64_t ticks;$/c\
    uint32_t ticks;
