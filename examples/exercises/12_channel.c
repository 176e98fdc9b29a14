// 12. A channel between a thread and a task, and fairness.
//
// Concept. Threads send values, and a task receives them. Whoever sends wakes
// the task that waits. Both sides change the same struct, so a lock guards it;
// and a wake calls code of others, so no lock is held meanwhile. A receiver
// that always finds a value would never return to its executor: it must now
// and then let others go first, or two busy tasks starve a third.
//
// Read. examples/exercises/12_channel.h, which is given; trale.c, 'later trale:
// TaskJoiner::poll', which looks and leaves its waker in one critical section,
// and rules 5 and 6 of 'task.rs: the executor'. In the book's chapter,
// 'Improving our runtime design by adding a Reactor and a Waker'.
//
// Write channel_send, channel_close and receive_poll, the three gaps below.
//
// channel_send adds a value and wakes the receiver, if one waits. channel_close
// notes that nothing more will be sent and wakes the receiver too.
//
// receive_poll is ready with the oldest value; if there is none and the channel
// is closed, with -EPIPE; otherwise it is pending, and leaves a clone of its
// waker in channel->receiver, in place of an older one, which is dropped. At
// whatever moment a send or a close comes, it must not be missed.
//
// But when it has been ready with BUDGET values in a row, the next poll takes
// none: it wakes its own task, so that this goes behind the others, and is
// pending; no waker need be in the channel for that. (If there is none to take,
// it may as well wait for one.) Then, as after any pending poll, the count
// begins anew.
//
// channel->lock is held for whatever it guards, even to look at it, and never
// while a waker is cloned, woken or dropped.
//
// You need: values_push, values_pop, waker_clone, waker_take, waker_wake,
// waker_drop, pthread_mutex_lock, pthread_mutex_unlock.
// Then type: make exercise N=12. If you are stuck: make hint N=12.
#include "12_channel.h"
#include "exercise.h"

#include <errno.h>

void channel_send(struct channel *channel, intptr_t value)
{
    // ---- your code, in place of this line ----
    todo("channel_send", channel, value);
    // ------------------------------------------
}

void channel_close(struct channel *channel)
{
    // ---- your code, in place of this line ----
    todo("channel_close", channel);
    // ------------------------------------------
}

struct poll receive_poll(struct future *future, struct context *cx)
{
    struct channel *channel = ((struct receive *)future)->channel;

    // ---- your code, in place of this line ----
    todo("receive_poll", channel, cx);
    // ------------------------------------------
}
