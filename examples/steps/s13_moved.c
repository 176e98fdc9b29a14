// Step 13 of chapter 9: a future is moved after its first poll.
//
// The book: chapter 9, "Discovering self-referential structs".
// What was wrong:
//     the struct points into itself. Moved to another place, it points to where
//     it was.
// What changes now:
//     we move it. rustc does so whenever a value is passed on, and so would we
//     with structs on the stack. This program is built with the address
//     sanitizer, which tells what happens: a write to freed memory.
// What is still wrong:
//     nothing forbids the move.
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

// What `let b = a` does in Rust: copies the bytes, and a is no more. Here the
// child goes with the copy, so the old struct is dropped without it.
static struct future *moved(struct future *from)
{
    struct async_main *copy = future_new(sizeof(*copy), from->vtable);

    memcpy(copy, from, sizeof(*copy));
    ((struct async_main *)from)->async.child = NULL;
    future_drop(from);
    return &copy->async.future;
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
//     0.6  ERROR: AddressSanitizer: heap-use-after-free
