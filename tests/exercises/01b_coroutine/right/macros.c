// The macros of trale.h write the same machine.
#include "exercise.h"

struct sum {
    struct async async;
    struct future *first;
    intptr_t a;
    struct future *(*second)(intptr_t a);
};

static struct poll sum_poll(struct future *future, struct context *cx)
{
    struct sum *self = (struct sum *)future;
    struct future *first = self->first;

    ASYNC_BEGIN(self);
    self->first = NULL;
    AWAIT(self, first);
    self->a = self->async.value;
    AWAIT(self, self->second(self->a));
    ASYNC_END(self, self->a + self->async.value);
}

static void sum_drop(struct future *future)
{
    future_drop(((struct sum *)future)->first);
    async_drop(future);
}

struct future *sum(struct future *first, struct future *(*second)(intptr_t a))
{
    static const struct future_vtable vtable = { "sum", sum_poll, sum_drop };
    struct sum *self = future_new(sizeof(*self), &vtable);

    self->first = first;
    self->second = second;
    return &self->async.future;
}
