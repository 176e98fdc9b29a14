# Expect: The two futures were ready with 3 and 4, and the sum was ready with 4
s/POLL_READY(self->a + poll.value)/POLL_READY(poll.value)/
