# Expect: were ready with -120 and 1099511627776, and the sum was ready with -120. A
s/^    return POLL_READY(self->a + poll.value);/    int sum = (int)poll.value;\
    return POLL_READY(self->a + sum);/
