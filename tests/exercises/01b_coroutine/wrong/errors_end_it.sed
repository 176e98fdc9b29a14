# Expect: The sum was ready with -70, although
s/^    if (poll.ready && self->state == SUM_FIRST) {/    if (poll.ready \&\& poll.value < 0) return poll;\
&/
