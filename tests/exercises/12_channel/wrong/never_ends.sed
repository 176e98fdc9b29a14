# Expect: so the receive must be ready with -EPIPE
/^    if (!poll.ready && channel->closed)/s/.*/    if (channel->closed) poll.value = -EPIPE;/
