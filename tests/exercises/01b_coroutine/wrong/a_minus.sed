# Expect: The two futures were ready with 3 and 4, and the sum was ready with -EPERM
/^    return POLL_READY(self->a + poll\.value);$/c\
    return POLL_READY(self->a - poll.value);
