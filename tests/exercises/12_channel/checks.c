// Checks of exercise 12: a channel between a thread and a task, and fairness.
// Sanitizers: address thread
// Wrap: pthread_mutex_lock pthread_mutex_unlock
#include "part_channel.h"

#include "harness.h"

#include <errno.h>

const char exercise_read[] =
    "examples/exercises/12_channel.h; trale.c, 'later trale: "
    "TaskJoiner::poll'; trale.c, 'task.rs: the executor', rules 5 and 6";

// One receive, polled once.
static struct poll receive_once(struct probe *task, struct channel *channel)
{
    struct future *future = channel_receive(channel);
    struct poll poll = probe_poll(task, future);

    future_drop(future);
    return poll;
}

static void expect_value(struct poll poll, intptr_t value, const char *when)
{
    expect(poll.ready, "%s the receive was pending.", when);
    expect(poll.value == value,
           "%s the receive was ready with %ld, and not with %ld.", when,
           (long)poll.value, (long)value);
}

static void expect_pending(struct poll poll, const char *when)
{
    expect(!poll.ready, "%s, yet the receive was ready with %ld.", when,
           (long)poll.value);
}

// ---------------------------------------------------------------------------
// Values, the end, wakes
// ---------------------------------------------------------------------------

CHECK(send_wakes, 2, "receives what was sent, in order, and is woken for it")
{
    struct probe *task = probe_new("receiver"), *other = probe_new("other");
    struct channel *channel = channel_new();

    send_value(channel, 1);
    send_value(channel, 2);
    expect_value(receive_once(task, channel), 1, "1 and 2 were sent, but");
    expect_value(receive_once(task, channel), 2, "1 and 2 were sent, but");
    struct future *future = channel_receive(channel);
    expect_pending(probe_poll(other, future), "All values have been received");
    expect_pending(probe_poll(task, future), "All values have been received");
    expect(task->wakes == 0 && other->wakes == 0,
           "The receive is pending, and has woken its own task, though the "
           "channel is empty: its executor would poll it without end.");
    expect(probe_held(task) == 1,
           "The channel is empty and the receive is pending, but %d wakers of "
           "its task are kept instead of one.",
           probe_held(task));
    expect(
        probe_held(other) == 0,
        "Another task polled the receive before, and its waker was lost "
        "when the new one took its place: drop it, after you have unlocked.");
    send_value(channel, 3);
    expect(task->wakes > 0,
           "3 was sent while a task waited for it, but channel_send has not "
           "woken it: the value lies there, and the task sleeps for ever.");
    expect_value(probe_poll(task, future), 3, "3 was sent, but");
    send_value(channel, 4);
    expect(task->wakes == 1,
           "The task was woken for 4, though it did not wait any more: it has "
           "%d wakes for the one time that it waited.",
           task->wakes);
    future_drop(future);
    channel_free(channel);
}

CHECK(close_wakes, 2, "ends with -EPIPE, after all values, and is woken for it")
{
    struct probe *task = probe_new("receiver");
    struct channel *channel = channel_new();
    struct future *future = channel_receive(channel);

    expect_pending(probe_poll(task, future), "Nothing was sent");
    close_channel(channel);
    expect(task->wakes > 0,
           "The channel was closed while a task waited for a value, but "
           "channel_close has not woken it: nothing will come any more, and "
           "the task sleeps for ever.");
    struct poll poll = probe_poll(task, future);
    expect(poll.ready && poll.value == -EPIPE,
           "The channel is closed and empty, so the receive must be ready with "
           "-EPIPE (%d), but it was %s with %ld.",
           -EPIPE, poll.ready ? "ready" : "pending", (long)poll.value);
    future_drop(future);
    channel_free(channel);

    channel = channel_new();
    send_value(channel, 5);
    close_channel(channel);
    poll = receive_once(task, channel);
    expect(poll.ready && poll.value == 5,
           "5 was sent, then the channel was closed, and the receive was %s "
           "with %ld: what was sent before the end must still be received.",
           poll.ready ? "ready" : "pending", (long)poll.value);
    expect_value(receive_once(task, channel), -EPIPE,
                 "The channel was closed, and its values were received, but");
    channel_free(channel);
}

// ---------------------------------------------------------------------------
// What may come in between
// ---------------------------------------------------------------------------

static int moments_left;
static bool closes;
static const char *moment_then; // NULL until it has come

static void act(struct channel *channel, const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("channel", "moment", "| of receive_poll, %s", moment);
    if (closes)
        close_channel(channel);
    else
        send_value(channel, 6);
}

// A send, or a close, at that moment of a poll. Returns false if there were not
// so many moments.
static bool act_in_poll(int number)
{
    struct probe *task = probe_new("receiver");
    struct channel *channel = channel_new();
    struct future *future = channel_receive(channel);

    moments_left = number;
    moment_then = NULL;
    at_moment = act;
    struct poll poll = probe_poll(task, future);
    at_moment = NULL;
    expect(moment_then == NULL || poll.ready || task->wakes > 0,
           "Another thread called %s in the middle of receive_poll, %s. It "
           "found no waker, and yet the poll is pending: nobody will ever wake "
           "the task. To look for a value and to leave the waker must be one "
           "step, with the lock held from the one to the other.",
           closes ? "channel_close" : "channel_send", moment_then);
    future_drop(future);
    channel_free(channel);
    return moment_then != NULL;
}

CHECK(misses_nothing, 1, "misses no send and no close that comes in a poll")
{
    for (int i = 0; i < 2; i++) {
        closes = i == 1;
        for (int number = 0; act_in_poll(number); number++) {
        }
    }
}

// A waker that wants to know whether the lock is held.
static void expect_free(const char *what)
{
    expect(!has_lock(),
           "A waker was %s with the lock held. That calls code of others, "
           "which may want to use this channel: the thread would wait for "
           "itself for ever. Do it when you have given the lock back.",
           what);
}

static void strict_clone(void *data)
{
    (void)data;
    expect_free("cloned");
}

static void strict_wake(void *data)
{
    (void)data;
    expect_free("woken");
}

static void strict_drop(void *data)
{
    (void)data;
    expect_free("dropped");
}

static void strict_poll(struct future *future)
{
    static const struct waker_vtable vtable = { strict_clone, strict_wake,
                                                strict_drop };
    struct waker waker = { &vtable, NULL };
    struct context cx = { &waker };

    future_poll(future, &cx);
}

CHECK(wakes_unlocked, 1, "clones, wakes and drops no waker with the lock held")
{
    for (int i = 0; i < 2; i++) {
        struct channel *channel = channel_new();
        struct future *future = channel_receive(channel);

        strict_poll(future);
        strict_poll(future);
        if (i == 0)
            send_value(channel, 7);
        else
            close_channel(channel);
        strict_poll(future);
        future_drop(future);
        channel_free(channel);
    }
}

// ---------------------------------------------------------------------------
// Fairness
// ---------------------------------------------------------------------------

// Receives n values, each at its first poll.
static void receive_in_a_row(struct probe *task, struct channel *channel, int n)
{
    for (int i = 1; i <= n; i++)
        expect(receive_once(task, channel).ready,
               "The receive was pending, with values in the channel, after %d "
               "in a row. It may take BUDGET, which is %d, before it lets "
               "others go first; a pending poll begins the count anew.",
               i - 1, BUDGET);
}

// Two tasks that send themselves whatever they receive, and a third.
static bool third_has_run;

struct glutton {
    struct async async;
    struct channel *channel;
    int received;
};

static struct poll glutton_poll(struct future *future, struct context *cx)
{
    struct glutton *self = (struct glutton *)future;

    ASYNC_BEGIN(self);
    while (!third_has_run) {
        expect(self->received++ < 1000,
               "A has received 1000 values, one after the other, in a single "
               "poll, for there always was one more. B and C, which could run, "
               "have not been polled: two tasks like A starve a third. After "
               "BUDGET values in a row be pending, and wake your own task.");
        AWAIT(self, channel_receive(self->channel));
        send_value(self->channel, self->async.value);
    }
    ASYNC_END(self, 0);
}

static struct task_joiner spawn_glutton(const struct future_vtable *vtable)
{
    struct glutton *self = future_new(sizeof(*self), vtable);

    self->channel = channel_new();
    send_value(self->channel, 1);
    return executor_spawn(&self->async.future);
}

static void glutton_drop(struct future *future)
{
    async_drop(future);
    channel_free(((struct glutton *)future)->channel);
}

static struct poll third_poll(struct future *future, struct context *cx)
{
    (void)future;
    (void)cx;
    third_has_run = true;
    return POLL_READY(0);
}

// Spawns the three while it is polled, so that they are all in the run-queue
// before the first of them is polled.
static struct task_joiner three[3];

static struct poll starter_poll(struct future *future, struct context *cx)
{
    static const struct future_vtable a = { "A", glutton_poll, glutton_drop },
                                      b = { "B", glutton_poll, glutton_drop },
                                      c = { "C", third_poll, NULL };

    (void)future;
    (void)cx;
    three[0] = spawn_glutton(&a);
    three[1] = spawn_glutton(&b);
    three[2] = executor_spawn(future_new(sizeof(struct future), &c));
    return POLL_READY(0);
}

CHECK(others_have_their_turn, 2, "lets others go first, after BUDGET values")
{
    static const struct future_vtable starter = { "starter", starter_poll,
                                                  NULL };
    use_trale();
    third_has_run = false;
    awaiting("A, B and C, of which A and B receive without end, to end");
    executor_block_on(future_new(sizeof(struct future), &starter));
    for (int i = 0; i < 3; i++) task_joiner_join(&three[i]);

    struct probe *task = probe_new("receiver");
    struct channel *channel = channel_new();
    for (int i = 0; i < 3 * BUDGET; i++) send_value(channel, i);
    receive_in_a_row(task, channel, BUDGET);
    for (int turn = 1; turn <= 2; turn++) {
        struct poll poll = receive_once(task, channel);
        expect(!poll.ready,
               "The receive was ready with %d values in a row: after BUDGET, "
               "which is %d, one poll must take none.",
               BUDGET + 1, BUDGET);
        expect(task->wakes == turn,
               "After BUDGET values the receive was pending, but it woke its "
               "task %d times instead of once: there are values in the "
               "channel, so nobody else may ever wake it.",
               task->wakes - turn + 1);
        if (turn == 1) {
            poll = receive_once(task, channel);
            expect_value(poll, BUDGET, "When it had let others go first,");
            receive_in_a_row(task, channel, BUDGET - 1);
        }
    }
    receive_in_a_row(task, channel, BUDGET);
    channel_free(channel);

    // Pending for lack of values begins the count anew, too.
    channel = channel_new();
    for (int i = 0; i < 3; i++) send_value(channel, i);
    receive_in_a_row(task, channel, 3);
    expect_pending(receive_once(task, channel), "The channel is empty");
    for (int i = 0; i < BUDGET; i++) send_value(channel, i);
    receive_in_a_row(task, channel, BUDGET);
    channel_free(channel);
}

// ---------------------------------------------------------------------------
// Threads
// ---------------------------------------------------------------------------

enum { SENDERS = 2, VALUES = 100 };

struct summer {
    struct async async;
    struct channel *channel;
    intptr_t sum;
};

static struct poll summer_poll(struct future *future, struct context *cx)
{
    struct summer *self = (struct summer *)future;

    ASYNC_BEGIN(self);
    do {
        AWAIT(self, channel_receive(self->channel));
        if (self->async.value > 0) self->sum += self->async.value;
    } while (self->async.value > 0);
    ASYNC_END(self, self->sum);
}

static void *sender(void *data)
{
    for (int i = 1; i <= VALUES; i++) send_value(data, i);
    return NULL;
}

CHECK(threads_send, 2, "receives what two threads send, and the end")
{
    static const struct future_vtable vtable = { "summer", summer_poll,
                                                 async_drop };
    pthread_t threads[SENDERS];
    struct channel *channel = channel_new();
    struct summer *summer = future_new(sizeof(*summer), &vtable);

    narration(false);
    use_trale();
    many_threads = true;
    summer->channel = channel;
    struct task_joiner joiner = executor_spawn(&summer->async.future);
    awaiting("two threads that send %d values each", VALUES);
    for (int i = 0; i < SENDERS; i++)
        if (pthread_create(&threads[i], NULL, sender, channel)) abort();
    for (int i = 0; i < SENDERS; i++) pthread_join(threads[i], NULL);
    awaiting("the task that receives to learn of the end");
    close_channel(channel);
    intptr_t sum = task_joiner_join(&joiner);
    expect(
        sum == SENDERS * VALUES * (VALUES + 1) / 2,
        "%d threads sent all numbers from 1 to %d. Their sum is %d, but that "
        "of those received is %ld: some were lost, or received twice.",
        SENDERS, VALUES, SENDERS * VALUES * (VALUES + 1) / 2, (long)sum);
    channel_free(channel);
    many_threads = false;
}
