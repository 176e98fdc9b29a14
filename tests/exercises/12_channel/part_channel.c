// The channel that 12_channel.h promises, with an eye on the lock: whoever has
// it, and whether anything changes while nobody has it.
#include "part_channel.h"

#include "harness.h"

struct value {
    struct value *next;
    intptr_t value;
};

bool many_threads;
void (*at_moment)(struct channel *channel, const char *moment);

// Of this thread: the channel whose function it runs, the name of that, how
// often it has the lock, and what the channel was like when it last gave that
// back.
static _Thread_local struct use {
    struct channel *channel;
    const char *function;
    int held;
    struct waker receiver;
    bool closed;
} use;

static void look(void)
{
    use.receiver = use.channel->receiver;
    use.closed = use.channel->closed;
}

static void expect_unchanged(void)
{
    if (many_threads) return;
    expect(use.closed == use.channel->closed,
           "%s changed channel->closed without the lock. Another thread may "
           "look at it at the same time: lock, change it, unlock.",
           use.function);
    expect(use.receiver.vtable == use.channel->receiver.vtable &&
               use.receiver.data == use.channel->receiver.data,
           "%s changed channel->receiver without the lock. Another thread may "
           "change it at the same time, and then a waker is lost or woken "
           "twice: move it into or out of the channel while you have the lock.",
           use.function);
}

static struct use begin(struct channel *channel, const char *function)
{
    struct use before = use;

    use = (struct use){ .channel = channel, .function = function };
    if (!many_threads) look();
    return before;
}

static void end(struct use before)
{
    expect(use.held == 0,
           "%s returned with the lock held: whoever wants it next waits for "
           "ever. Unlock on every way out.",
           use.function);
    expect_unchanged();
    use = before;
}

bool has_lock(void)
{
    return use.held > 0;
}

// What comes in between has no such moments itself.
void moment(const char *moment)
{
    void (*hook)(struct channel *, const char *) = at_moment;

    if (hook == NULL || use.held > 0) return;
    at_moment = NULL;
    hook(use.channel, moment);
    if (use.channel != NULL) look();
    at_moment = hook;
}

static bool is_ours(pthread_mutex_t *mutex)
{
    return use.channel != NULL && mutex == &use.channel->lock;
}

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!is_ours(mutex)) return __real_pthread_mutex_lock(mutex);
    expect(use.held == 0,
           "%s took the lock that it had already, so it would wait for itself "
           "for ever. Is there a pthread_mutex_unlock too few?",
           use.function);
    expect_unchanged();
    moment("just before it took the lock");
    int error = __real_pthread_mutex_lock(mutex);
    use.held++;
    return error;
}

int __real_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!is_ours(mutex)) return __real_pthread_mutex_unlock(mutex);
    expect(use.held > 0,
           "%s gave the lock back, but does not have it. Is there a "
           "pthread_mutex_lock too few?",
           use.function);
    if (!many_threads) look();
    use.held--;
    int error = __real_pthread_mutex_unlock(mutex);
    moment("just after it gave the lock back");
    return error;
}

static void expect_lock(const char *function)
{
    expect(use.held > 0,
           "%s called %s without the lock. A thread and a task may be in there "
           "at the same time, and lose values: pthread_mutex_lock before, "
           "pthread_mutex_unlock after.",
           use.function, function);
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
    struct value *first = channel->first;

    expect_lock("values_pop");
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
    return channel;
}

void channel_free(struct channel *channel)
{
    while (channel->first != NULL) {
        struct value *next = channel->first->next;
        free(channel->first);
        channel->first = next;
    }
    waker_drop(&channel->receiver);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

static struct poll poll(struct future *future, struct context *cx)
{
    struct use before =
        begin(((struct receive *)future)->channel, "receive_poll");

    struct poll poll = receive_poll(future, cx);
    end(before);
    return poll;
}

static void drop(struct future *future)
{
    struct channel *channel = ((struct receive *)future)->channel;

    pthread_mutex_lock(&channel->lock);
    struct waker waker = waker_take(&channel->receiver);
    pthread_mutex_unlock(&channel->lock);
    waker_drop(&waker);
}

struct future *channel_receive(struct channel *channel)
{
    static const struct future_vtable vtable = { "receive", poll, drop };
    struct receive *self = future_new(sizeof(*self), &vtable);

    self->channel = channel;
    return &self->future;
}

void send_value(struct channel *channel, intptr_t value)
{
    struct use before = begin(channel, "channel_send");

    event("channel", "send", "| %ld", (long)value);
    channel_send(channel, value);
    end(before);
}

void close_channel(struct channel *channel)
{
    struct use before = begin(channel, "channel_close");

    event("channel", "close", "| nothing more will be sent");
    channel_close(channel);
    end(before);
}
