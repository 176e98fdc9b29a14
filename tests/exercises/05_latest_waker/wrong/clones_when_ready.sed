# Expect: A clone was made in the poll that was ready
/if (self->rung)/d
s/^    return POLL_PENDING;/    return self->rung ? POLL_READY(0) : POLL_PENDING;/
