# Copies the number out, byte by byte.
s/^    return POLL_READY(inbox->number);/    int32_t number;\
    memcpy(\&number, inbox->bytes, 4);\
    return POLL_READY(number);/
1a #include <string.h>
