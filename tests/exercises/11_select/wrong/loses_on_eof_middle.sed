# Expect: The input ended after two bytes of a message, so that will never be whole:
/^                                          WAKEUP_READABLE);$/a\
        if (n == 0 && inbox->have > 0) return POLL_READY(inbox->number);
