# Expect: Three ticks or more had passed before the ticker was polled, and tick_poll
/^    if (read(sub->fd, &ticks, sizeof(ticks)) > 0) return POLL_READY(ticks);$/c\
    if (read(sub->fd, &ticks, sizeof(ticks)) > 0) return POLL_READY(1);
