# Expect: -EPERM was sent, and the receive was ready with -EPIPE
/^    poll\.ready = values_pop(channel, &poll\.value);$/a\
    if (poll.ready && poll.value < 0) poll = POLL_READY(-EPIPE);
