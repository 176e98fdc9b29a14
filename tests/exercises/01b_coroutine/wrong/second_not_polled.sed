# Expect: who does not poll it leaves nobody to wake the task
s/^        poll = await(&self->child, cx);/        return POLL_PENDING;/
