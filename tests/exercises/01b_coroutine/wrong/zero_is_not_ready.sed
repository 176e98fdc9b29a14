# Expect: The sum was ready with 0, although the second
s/^    if (poll.ready && self->state == SUM_FIRST) {/    if (poll.ready \&\& self->state == SUM_FIRST \&\& poll.value) {/
