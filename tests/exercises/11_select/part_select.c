// The constructors that 11_select.h promises.
#include "11_select.h"

struct future *race(struct future *first, struct future *second)
{
    static const struct future_vtable vtable = { "race", race_poll, race_drop };
    struct race *self = future_new(sizeof(*self), &vtable);

    *self = (struct race){ self->future, { first, second } };
    return &self->future;
}

struct future *receive(struct inbox *inbox)
{
    static const struct future_vtable vtable = { "receive", receive_poll,
                                                 receive_drop };
    struct receive *self = future_new(sizeof(*self), &vtable);

    self->sub =
        (struct subscription){ .fd = inbox->fd, .kind = WAKEUP_READABLE };
    self->inbox = inbox;
    return &self->future;
}
