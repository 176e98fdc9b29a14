// Step 14 of chapter 9: a future is pinned.
//
// The book: chapter 9, "Pinning in Rust".
// What was wrong:
//     nothing forbids the move.
// What changes now:
//     the future stays where future_new made it, and only the pointer to it is
//     handed on: to AWAIT, to executor_spawn.
// What is still wrong:
//     C has no type that says so. trale.h says it in its first lines.
#include "trale.h"

#include "examples/futures/http.h"
#include "examples/socket_addr.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

static struct socket_addr server;

// The last line of a reply is its text.
static const char *text_of(const char *reply)
{
    const char *newline = strrchr(reply, '\n');

    return newline != NULL ? newline + 1 : reply;
}

struct async_main {
    struct async async;
    char buffer[100];
    char *writer; // the next free byte of buffer: the struct points into itself
    char reply[1024];
};

static void write_line(struct async_main *self, const char *text)
{
    size_t room = sizeof(self->buffer) - (size_t)(self->writer - self->buffer);

    self->writer += snprintf(self->writer, room, "%.20s\n", text);
}

static struct poll async_main_poll(struct future *future, struct context *cx)
{
    struct async_main *self = (struct async_main *)future;

    ASYNC_BEGIN(self);
    printf("Program starting\n");
    self->writer = self->buffer;
    AWAIT(self, http_get(&server, "/600/HelloWorld1", self->reply,
                         sizeof(self->reply)));
    if (self->async.value < 0) return POLL_READY(self->async.value);
    write_line(self, text_of(self->reply));
    AWAIT(self, http_get(&server, "/400/HelloWorld2", self->reply,
                         sizeof(self->reply)));
    if (self->async.value < 0) return POLL_READY(self->async.value);
    write_line(self, text_of(self->reply));
    printf("BUFFER:\n%s", self->buffer);
    ASYNC_END(self, 0);
}

static struct future *async_main(void)
{
    static const struct future_vtable vtable = { "async_main", async_main_poll,
                                                 async_drop };

    return future_new(sizeof(struct async_main), &vtable);
}

// The box moves, what is in it stays. In Rust, Pin<Box<..>> gives out no way to
// move its content: what poll takes is pinned. Here future_new, and that nobody
// knows the size of somebody else's future, do the same by custom.
static struct future *moved(struct future *from)
{
    struct future *copy = from;

    return copy;
}

// Polls the future once, so that it has begun. Then it is moved.
struct mover {
    struct async async;
    struct future *inner;
};

static struct poll begin(struct future *future, struct context *cx)
{
    struct future **inner = &((struct mover *)future)->inner;
    struct poll poll = future_poll(*inner, cx);

    if (!poll.ready) *inner = moved(*inner);
    return poll;
}

static struct poll mover_poll(struct future *future, struct context *cx)
{
    struct mover *self = (struct mover *)future;
    struct future *inner;

    ASYNC_BEGIN(self);
    if (begin(future, cx).ready) return POLL_READY(-1);
    inner = self->inner;
    self->inner = NULL;
    AWAIT(self, inner);
    ASYNC_END(self, self->async.value);
}

static void mover_drop(struct future *future)
{
    async_drop(future);
    future_drop(((struct mover *)future)->inner);
}

static struct future *mover(struct future *inner)
{
    static const struct future_vtable vtable = { "mover", mover_poll,
                                                 mover_drop };
    struct mover *self = future_new(sizeof(*self), &vtable);

    self->inner = inner;
    return &self->async.future;
}

int main(int argc, char **argv)
{
    const char *addr = argc > 1 ? argv[1] : "127.0.0.1:8080";

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    if (socket_addr_from_str(&server, addr) != 0)
        errx(2, "%s is no address such as 127.0.0.1:8080", addr);
    intptr_t value = executor_block_on(mover(async_main()));
    if (value < 0) errx(1, "cannot get a reply: %s", strerror((int)-value));
    return 0;
}

// Expected output, after so many seconds:
//
//     0.0  Program starting
//     1.0  BUFFER:
//     1.0  HelloWorld1
//     1.0  HelloWorld2
