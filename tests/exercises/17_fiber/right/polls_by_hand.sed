s/^        struct poll poll = await(&future, self->cx);/        struct poll poll = future_poll(future, self->cx);/
s/^        if (poll.ready) return poll.value;/        if (poll.ready) future_drop(future);\
&/
