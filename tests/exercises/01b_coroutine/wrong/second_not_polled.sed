# Expect: The second future was made, and in that poll it was polled 0 times: who
s/^        poll = await(&self->child, cx);/        return POLL_PENDING;/
