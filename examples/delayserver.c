// The book's delayserver: replies to GET /600/hello with "hello", 600 ms later.
// Try `curl http://127.0.0.1:8080/600/hello`, or a thousand of them at a time.
#include "futures/http_server.h"
#include "futures/serve.h"
#include "futures/timeout.h"

#include <stdio.h>
#include <string.h>

// How long a peer may take to send its request, and to take its reply; and the
// longest delay, an hour, in milliseconds.
enum { PEER_SECS = 5, DELAY_MAX = 60 * 60 * 1000 };

struct delay {
    struct async async;
    int stream, status;
    int millis;
    const char *message;
    struct http_request request;
};

// /MILLIS/MESSAGE, and perhaps ?QUERY, which is ignored. Returns the status to
// reply with.
static int parse_target(struct delay *self, char *target)
{
    size_t digits = strspn(target + 1, "0123456789");
    char *message = target + 1 + digits;

    message[strcspn(message, "?")] = '\0';
    if (digits == 0 || message[0] != '/' || message[1] == '\0') return 400;
    if (http_decode(++message) < 0) return 400;
    long long millis = strtoll(target + 1, NULL, 10); // saturates
    if (millis > DELAY_MAX) return 400;
    self->millis = (int)millis;
    self->message = message;
    return 200;
}

// Anybody can choose the message, so a terminal must not obey it.
static void print_request(const struct delay *self)
{
    static unsigned long count;

    printf("#%lu - %dms: ", ++count, self->millis);
    for (const char *c = self->message; *c != '\0'; c++)
        putchar((unsigned char)*c < ' ' || *c == 127 ? '?' : *c);
    putchar('\n');
}

static struct poll delay_poll(struct future *future, struct context *cx)
{
    struct delay *self = (struct delay *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timeout(duration_from_secs(PEER_SECS),
                        http_read_request(self->stream, &self->request)));
    self->status = http_status(self->async.value);
    if (self->status <= 0) return POLL_READY(self->status); // it is gone
    if (self->status == 200)
        self->status = parse_target(self, self->request.target);
    if (self->status == 200) {
        print_request(self);
        AWAIT(self, timer_sleep(duration_from_millis(self->millis)));
        if (self->async.value < 0) self->status = 503; // no descriptor for it
    }
    AWAIT(self,
          timeout(duration_from_secs(PEER_SECS),
                  http_reply(self->stream, self->status,
                             self->status == 200 ? self->message : NULL)));
    ASYNC_END(self, self->async.value);
}

static struct future *delay(int stream)
{
    static const struct future_vtable vtable = { "delay", delay_poll,
                                                 async_drop };
    struct delay *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    return &self->async.future;
}

int main(int argc, char **argv)
{
    // For each request a stream and a timer.
    return serve_main("delayserver", argc > 1 ? argv[1] : "127.0.0.1:8080", 2,
                      delay);
}

// Expected output, after one request, until Ctrl-C and after it:
//
//     Listening on 127.0.0.1:8080
//     #1 - 600ms: hello
//     Bye
