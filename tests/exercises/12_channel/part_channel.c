// The channel that 12_channel.h promises.
#include "part_channel.h"

#include "calls.h"
#include "harness.h"

struct value {
    struct value *next;
    intptr_t value;
};

bool many_threads;

static void expect_lock(const char *function)
{
    expect(has_lock(),
           "%s called %s without the lock. A thread and a task may be in there "
           "at the same time, and lose values: pthread_mutex_lock before, "
           "pthread_mutex_unlock after.",
           calling(), function);
}

void values_push(struct channel *channel, intptr_t value)
{
    struct value *last = calloc(1, sizeof(*last));

    if (last == NULL) abort();
    expect_lock("values_push");
    last->value = value;
    if (channel->first == NULL)
        channel->first = last;
    else
        channel->last->next = last;
    channel->last = last;
}

bool values_pop(struct channel *channel, intptr_t *value)
{
    expect_lock("values_pop");
    struct value *first = channel->first;
    if (first == NULL) return false;
    channel->first = first->next;
    *value = first->value;
    free(first);
    return true;
}

struct channel *channel_new(void)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL) abort();
    pthread_mutex_init(&channel->lock, NULL);
    if (many_threads) return channel;
    guard(&channel->closed, sizeof(channel->closed), "channel->closed");
    guard(&channel->first, sizeof(channel->first), "channel->first");
    guard(&channel->last, sizeof(channel->last), "channel->last");
    guard(&channel->receiver, sizeof(channel->receiver), "channel->receiver");
    return channel;
}

void channel_free(struct channel *channel)
{
    unguard(&channel->receiver);
    unguard(&channel->last);
    unguard(&channel->first);
    unguard(&channel->closed);
    while (channel->first != NULL) {
        struct value *next = channel->first->next;
        free(channel->first);
        channel->first = next;
    }
    waker_drop(&channel->receiver);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

static struct poll poll_receive(struct future *future, struct context *cx)
{
    struct call outer = enter("receive_poll");
    struct poll poll = receive_poll(future, cx);

    leave(outer);
    return poll;
}

static void drop(struct future *future)
{
    struct channel *channel = ((struct receive *)future)->channel;

    student_pthread_mutex_lock(&channel->lock);
    struct waker waker = waker_take(&channel->receiver);
    student_pthread_mutex_unlock(&channel->lock);
    waker_drop(&waker);
}

struct future *channel_receive(struct channel *channel)
{
    static const struct future_vtable vtable = { "receive", poll_receive,
                                                 drop };
    struct receive *self = future_new(sizeof(*self), &vtable);

    self->channel = channel;
    return &self->future;
}

void send_value(struct channel *channel, intptr_t value)
{
    struct call outer = enter("channel_send");

    event("channel", "send", "| %ld", (long)value);
    channel_send(channel, value);
    leave(outer);
}

void close_channel(struct channel *channel)
{
    struct call outer = enter("channel_close");

    event("channel", "close", "| nothing more will be sent");
    channel_close(channel);
    leave(outer);
}
