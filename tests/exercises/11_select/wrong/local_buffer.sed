# Expect: receive was ready when the other three bytes had come with the value
/^        ssize_t n = read(inbox->fd, inbox->bytes + inbox->have,$/,/^                         sizeof(inbox->bytes) - inbox->have);$/c\
        ssize_t n = read(inbox->fd, inbox->bytes, sizeof(inbox->bytes) - inbox->have);
