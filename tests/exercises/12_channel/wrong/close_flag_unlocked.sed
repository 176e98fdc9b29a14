# Expect: channel_close changed channel->closed without the lock. Another thread may
19a\
    channel->closed = true;
/^    channel->closed = true;$/d
