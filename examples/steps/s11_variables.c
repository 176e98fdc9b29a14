// Step 11 of chapter 9: variables that live across an await.
//
// The book: chapter 9, "Improving our example 1 - variables".
// What was wrong:
//     a local of a poll function is gone when that returns.
// What changes now:
//     what is needed after an await is a member of the struct. rustc finds out
//     which locals these are, and we do it by hand.
// What is still wrong:
//     a reference to a local is a local too.
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
    int counter; // lives across both awaits
    char reply[1024];
};

static struct poll async_main_poll(struct future *future, struct context *cx)
{
    struct async_main *self = (struct async_main *)future;

    ASYNC_BEGIN(self);
    printf("Program starting\n");
    self->counter = 0;
    AWAIT(self, http_get(&server, "/600/HelloWorld1", self->reply,
                         sizeof(self->reply)));
    if (self->async.value < 0) return POLL_READY(self->async.value);
    printf("%s\n", text_of(self->reply));
    self->counter++;
    AWAIT(self, http_get(&server, "/400/HelloWorld2", self->reply,
                         sizeof(self->reply)));
    if (self->async.value < 0) return POLL_READY(self->async.value);
    printf("%s\n", text_of(self->reply));
    self->counter++;
    printf("Received %d responses.\n", self->counter);
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
//     0.6  HelloWorld1
//     1.0  HelloWorld2
//     1.0  Received 2 responses.
