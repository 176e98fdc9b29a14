// Flows: what is common to all of them.
#include "flow.h"

#include <errno.h>
#include <string.h>

intptr_t flow_read(struct flow *flow, void *buf, size_t len)
{
    if (flow->vtable->read == NULL) return -ENOTSUP;
    return flow->vtable->read(flow, buf, len);
}

intptr_t flow_write(struct flow *flow, const void *buf, size_t len)
{
    if (flow->vtable->write == NULL) return -ENOTSUP;
    return flow->vtable->write(flow, buf, len);
}

intptr_t flow_shutdown(struct flow *flow)
{
    if (flow->vtable->shutdown == NULL) return -ENOTSUP;
    return flow->vtable->shutdown(flow);
}

void flow_close(void *flow)
{
    const struct flow_vtable *vtable = ((struct flow *)flow)->vtable;

    if (vtable->close != NULL) vtable->close(flow);
}

// The buffer is a local, and stays where it is while we wait. If all that we
// await were ready at once, nobody else would have a turn: so we yield.
intptr_t flow_copy(struct flow *from, struct flow *to)
{
    char buf[4096];

    for (;;) {
        intptr_t n = flow_read(from, buf, sizeof(buf));
        if (n <= 0) return n;
        n = flow_write(to, buf, (size_t)n);
        if (n == 0) n = fiber_yield();
        if (n < 0) return n;
    }
}

intptr_t flow_copy_string(const char *text, struct flow *to)
{
    return flow_write(to, text, strlen(text));
}

static intptr_t string_read(struct flow *flow, void *buf, size_t len)
{
    struct string_source *self = (struct string_source *)flow;
    size_t left = strlen(self->left), n = left < len ? left : len;

    memcpy(buf, self->left, n);
    self->left += n;
    return (intptr_t)n;
}

struct flow *string_source(struct string_source *source, const char *text)
{
    static const struct flow_vtable vtable = { .read = string_read };

    *source = (struct string_source){ { &vtable }, text };
    return &source->flow;
}
