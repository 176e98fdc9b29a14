// One turn of the loop: wait until a descriptor is readable or a time has come,
// then call back who waited for that. Each turn looks at the times first, so
// neither times nor descriptors can keep the others from their turn.
#define _POSIX_C_SOURCE 200809L // for CLOCK_MONOTONIC
#include "loop.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { WATCHES = 16 };

struct watch {
    loop_callback *callback;
    void *data;
};

struct timeout {
    struct timeout *next; // a later one, or one that was made after this one
    int64_t at;           // in milliseconds of CLOCK_MONOTONIC
    loop_callback *callback;
    void *data;
};

static struct {
    struct pollfd fds[WATCHES];
    struct watch watches[WATCHES]; // of the same place in fds
    nfds_t count;
    struct timeout *first;
    bool stopped;
} loop;

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void loop_watch(int fd, loop_callback *callback, void *data)
{
    if (loop.count == WATCHES) errx(1, "the loop watches too many descriptors");
    loop.fds[loop.count] = (struct pollfd){ .fd = fd, .events = POLLIN };
    loop.watches[loop.count++] = (struct watch){ callback, data };
}

void loop_unwatch(int fd)
{
    nfds_t i = 0;

    while (i < loop.count && loop.fds[i].fd != fd) i++;
    if (i == loop.count) errx(1, "the loop does not watch fd %d", fd);
    loop.fds[i] = loop.fds[--loop.count];
    loop.watches[i] = loop.watches[loop.count];
}

void loop_after(int milliseconds, loop_callback *callback, void *data)
{
    struct timeout *self = malloc(sizeof(*self)), **place = &loop.first;

    if (self == NULL) errx(1, "out of memory");
    *self = (struct timeout){ NULL, now() + milliseconds, callback, data };
    while (*place != NULL && (*place)->at <= self->at) place = &(*place)->next;
    self->next = *place;
    *place = self;
}

void loop_next_turn(loop_callback *callback, void *data)
{
    loop_after(0, callback, data);
}

// Those whose time has come, but not those that they add for this moment.
static void call_timeouts(void)
{
    int64_t time = now();
    struct timeout *due = loop.first, **end = &due;

    while (*end != NULL && (*end)->at <= time) end = &(*end)->next;
    loop.first = *end;
    *end = NULL;
    while (due != NULL) {
        struct timeout *self = due;
        due = self->next;
        self->callback(self->data);
        free(self);
    }
}

// A callback may unwatch, which moves the last one to the place that is free.
static void call_watches(void)
{
    for (nfds_t i = loop.count; i-- > 0;) {
        if (i >= loop.count || loop.fds[i].revents == 0) continue;
        loop.fds[i].revents = 0;
        loop.watches[i].callback(loop.watches[i].data);
    }
}

void loop_run(void)
{
    for (loop.stopped = false; !loop.stopped;) {
        call_timeouts();
        if (loop.stopped || (loop.first == NULL && loop.count == 0)) break;
        int64_t wait = loop.first != NULL ? loop.first->at - now() : -1;
        int timeout = loop.first != NULL && wait < 0 ? 0 : (int)wait;
        if (poll(loop.fds, loop.count, timeout) == -1 && errno != EINTR)
            err(1, "poll");
        call_watches();
    }
}

void loop_stop(void)
{
    loop.stopped = true;
}

void loop_clear(void)
{
    while (loop.first != NULL) {
        struct timeout *self = loop.first;
        loop.first = self->next;
        free(self);
    }
}
