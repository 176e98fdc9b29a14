# Expect: receive was ready when all four bytes had come with the value 4294967295
/^    return POLL_READY(inbox->number);$/c\
    return POLL_READY((uint32_t)inbox->number);
