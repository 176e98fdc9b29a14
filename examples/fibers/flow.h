// Eio.Flow: something to read from and to write to. Embed it in a struct of your
// own. What uses a flow does not know what is behind it: a socket, a string, a
// mock of a test.
//
// All of these are for fibers. They return a negative errno if they fail, and
// -ECANCELED if the fiber has to end.
#ifndef FLOW_H
#define FLOW_H

#include "fiber.h"

#include <stddef.h>

struct flow {
    const struct flow_vtable *vtable;
};

// NULL: this flow cannot do that, and it fails with -ENOTSUP. close releases
// what the flow owns; NULL: nothing.
struct flow_vtable {
    intptr_t (*read)(struct flow *flow, void *buf, size_t len);
    intptr_t (*write)(struct flow *flow, const void *buf, size_t len);
    intptr_t (*shutdown)(struct flow *flow);
    void (*close)(struct flow *flow);
};

// Reads at most len bytes, and returns how many; 0 at the end.
intptr_t flow_read(struct flow *flow, void *buf, size_t len);

// Writes all of it. Returns 0.
intptr_t flow_write(struct flow *flow, const void *buf, size_t len);

// Tells the other side that no more will be written. Returns 0.
intptr_t flow_shutdown(struct flow *flow);

void flow_close(void *flow); // a struct flow, so that it is a release function

// Writes to one what it reads from the other, until that ends. Returns 0.
// Others have their turn in between, however fast both are.
intptr_t flow_copy(struct flow *from, struct flow *to);
intptr_t flow_copy_string(const char *text, struct flow *to);

// A flow that reads a string, which must live as long.
struct string_source {
    struct flow flow;
    const char *left;
};

struct flow *string_source(struct string_source *source, const char *text);

#endif
