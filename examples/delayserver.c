// The book's delayserver: replies to GET /600/hello with "hello", 600 ms later.
// Try `curl http://127.0.0.1:8080/600/hello`, or a thousand of them at a time.
#define _POSIX_C_SOURCE 200809L // for clock_gettime
#include "futures/http_server.h"
#include "futures/linger.h"
#include "futures/log.h"
#include "futures/serve.h"
#include "futures/timeout.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// How long a peer may take to send its request, and to take its reply; and the
// longest delay, an hour, in milliseconds. Who has closed its side may have
// left, or wait for the reply: it gets one that is due so soon.
enum { PEER_SECS = 5, DELAY_MAX = 60 * 60 * 1000, CLOSED_MILLIS = 2000 };

struct delay {
    struct async async;
    int stream, status;
    int millis;
    int64_t end; // of the delay
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

// Anybody can choose the message, so no terminal must obey it: neither one of
// UTF-8, nor one of 8 bits, to which 0x9b is an escape sequence's beginning.
static void log_request(const struct delay *self)
{
    static unsigned long count;
    char text[HTTP_LINE_MAX + 1];
    size_t len = 0;

    for (const char *c = self->message; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        bool control = byte < ' ' || (byte >= 127 && byte < 160);
        text[len++] = '?';
        if (!control) text[len - 1] = *c;
    }
    log_line(STDOUT_FILENO, "#%lu - %dms: %.*s", ++count, self->millis,
             (int)len, text);
}

// Of the monotonic clock.
static int64_t now_millis(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
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
        log_request(self);
        self->end = now_millis() + self->millis;
        AWAIT(self, timeout(duration_from_millis(self->millis),
                            tcp_stream_drain(self->stream)));
        if (self->async.value >= 0) { // it has closed its side, or sends much
            if (self->async.value == 0 &&
                self->end - now_millis() > CLOSED_MILLIS)
                return POLL_READY(-EPIPE);
            AWAIT(self,
                  timer_sleep(duration_from_millis(self->end - now_millis())));
            if (self->async.value == 0) self->async.value = -ETIMEDOUT;
        }
        self->status = http_status(self->async.value);
        if (self->status <= 0) return POLL_READY(-EPIPE); // it has left
        if (self->status == 408) self->status = 200;      // the delay is over
    }
    AWAIT(self,
          timeout(duration_from_secs(PEER_SECS),
                  http_reply(self->stream, &self->request, self->status,
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
