# Expect: 0 was sent, and the receive was pending
/^    poll\.ready = values_pop(channel, &poll\.value);$/a\
    if (poll.value == 0) poll.ready = false;
