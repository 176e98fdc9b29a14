# Expect: what was sent before the end must still be received
s/^    poll.ready = values_pop.*/    if (channel->closed)\
        poll = POLL_READY(-EPIPE);\
    else\
        poll.ready = values_pop(channel, \&poll.value);/
/^    if (!poll.ready && channel->closed)/d
