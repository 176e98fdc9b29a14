# Expect: It did what C does not define
/^    return POLL_READY(inbox->number);$/c\
    return POLL_READY(inbox->bytes[0] | inbox->bytes[1] << 8 | inbox->bytes[2] << 16 | inbox->bytes[3] << 24);
