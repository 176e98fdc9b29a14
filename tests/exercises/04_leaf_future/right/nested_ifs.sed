# The other way round.
s/^    if (self->rung) return POLL_READY(0);/    if (!self->rung) {/
s/^    return POLL_PENDING;/        return POLL_PENDING;\
    }\
    return POLL_READY(0);/
