// later trale: futures/event.rs. An event counts its notifications. Each one
// lets one wait through, now or later. tokio calls it Semaphore.
#ifndef FUTURES_EVENT_H
#define FUTURES_EVENT_H

#include "trale.h"

#include <pthread.h>

// The fields are event.c's business. It must not be moved while anybody waits.
struct event {
    int fd;
    pthread_mutex_t lock;            // guards the queue
    struct event_wait *first, **end; // who waits, in order of arrival
};

// Event::new: without notifications. Returns 0, or -errno.
int event_new(struct event *event);

// Nobody may wait any more.
void event_drop(struct event *event);

// Event::notify_one: on any thread, in a signal handler too. Returns 0, or
// -EAGAIN if 2^64 - 2 notifications are waiting to be used.
int event_notify_one(struct event *event);

// Event::wait: ready with 0 when it has used up a notification, or with -errno.
// Waits are served in the order of their first polls, on whatever executors
// those are. One that is dropped while pending uses up nothing.
struct future *event_wait(struct event *event);

#endif
