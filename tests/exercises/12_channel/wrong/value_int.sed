# Expect: 9223372036854775807 was sent, and the receive was ready with -EPERM
/^    poll\.ready = values_pop(channel, &poll\.value);$/a\
    poll.value = (int)poll.value;
