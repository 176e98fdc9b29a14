// The channel of exercise 12, given. Yours are the three functions at the end.
#ifndef CHANNEL_H
#define CHANNEL_H

#include "trale.h"

#include <pthread.h>

struct channel {
    // The lock guards these:
    pthread_mutex_t lock;
    bool closed;                // nothing more will be sent
    struct value *first, *last; // sent and not received yet
    struct waker receiver;      // of the task that waits; empty if none does
    // Only the task that receives uses it: so many of its polls in a row took a
    // value.
    int in_a_row;
};

// After so many values in a row the receiver lets other tasks go first.
enum { BUDGET = 8 };

// The values, first in, first out. Both are called with the lock held.
void values_push(struct channel *channel, intptr_t value);
bool values_pop(struct channel *channel, intptr_t *value); // false: none there

struct channel *channel_new(void);
void channel_free(struct channel *channel);

// A future: the next value. Its drop takes the waker out of the channel.
struct receive {
    struct future future;
    struct channel *channel;
};

struct future *channel_receive(struct channel *channel);

// Yours. The first two are called on any thread.
void channel_send(struct channel *channel, intptr_t value);
void channel_close(struct channel *channel);
struct poll receive_poll(struct future *future, struct context *cx);

#endif
