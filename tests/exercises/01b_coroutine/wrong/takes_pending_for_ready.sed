# Expect: The sum was ready with 77, although the first future is pending
s/^    if (poll.ready && self->state == SUM_FIRST) {/    if (poll.ready \&\& self->state == SUM_FIRST \&\& poll.value) {/
/^    if (!poll.ready) return POLL_PENDING;/d
