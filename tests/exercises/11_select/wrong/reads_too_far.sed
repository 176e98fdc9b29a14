# Expect: what it read too far is lost with it
s/^        ssize_t n = read(inbox->fd, inbox->bytes + inbox->have,/        char bytes[64];\
        ssize_t n = read(inbox->fd, bytes, sizeof(bytes));/
/^                         sizeof(inbox->bytes) - inbox->have);/d
s/^        inbox->have += (size_t)n;/        for (ssize_t i = 0; i < n \&\& inbox->have < 4; i++) inbox->bytes[inbox->have++] = bytes[i];/
