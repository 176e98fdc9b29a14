// Step 12 of chapter 9: references that live across an await.
//
// The book: chapter 9, "Improving our example 2 - references".
// What was wrong:
//     a reference to a local is a local too.
// What changes now:
//     a pointer into the struct is a member of the struct. It is in writer, and
//     in the child as well: http_get writes into reply.
// What is still wrong:
//     the struct points into itself. Moved to another place, it points to where
//     it was.
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

int main(int argc, char **argv)
{
    const char *addr = argc > 1 ? argv[1] : "127.0.0.1:8080";

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    if (socket_addr_from_str(&server, addr) != 0)
        errx(2, "%s is no address such as 127.0.0.1:8080", addr);
    intptr_t value = executor_block_on(async_main());
    if (value < 0) errx(1, "cannot get a reply: %s", strerror((int)-value));
    return 0;
}

// Expected output, after so many seconds:
//
//     0.0  Program starting
//     1.0  BUFFER:
//     1.0  HelloWorld1
//     1.0  HelloWorld2
