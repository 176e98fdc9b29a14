// Checks of exercise 12: a channel between a thread and a task, and fairness.
// Sanitizers: address thread
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
    expect(poll.value == value, "%s the receive was %s, and not ready with %s.",
           when, outcome(poll), value_name(value));
}

static void expect_pending(struct poll poll, const char *when)
{
    expect(!poll.ready, "%s, yet the receive was %s.", when, outcome(poll));
}

// ---------------------------------------------------------------------------
// Values, the end, wakes
// ---------------------------------------------------------------------------

CHECK(send_wakes, 2, "What was sent is received, in order, after a wake")
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

CHECK(close_wakes, 2, "After all values it ends with -EPIPE, after a wake")
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
           "-EPIPE, but it was %s.",
           outcome(poll));
    future_drop(future);
    channel_free(channel);

    channel = channel_new();
    send_value(channel, 5);
    close_channel(channel);
    poll = receive_once(task, channel);
    expect(poll.ready && poll.value == 5,
           "5 was sent, then the channel was closed, and the receive was %s: "
           "what was sent before the end must still be received.",
           outcome(poll));
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

static struct channel *the_channel;

static void act(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("channel", "moment", "| of receive_poll, %s", moment);
    if (closes)
        close_channel(the_channel);
    else
        send_value(the_channel, 6);
}

// A send, or a close, at that moment of a poll. Returns false if there were not
// so many moments.
static bool act_in_poll(int number, bool replacing)
{
    struct probe *task = probe_new("receiver"), *other = probe_new("other");
    struct channel *channel = channel_new();
    struct future *future = channel_receive(channel);

    if (replacing)
        expect_pending(probe_poll(other, future), "Nothing was sent");
    the_channel = channel;
    moments_left = number;
    moment_then = NULL;
    at_moment = act;
    struct poll poll = probe_poll(task, future);
    at_moment = NULL;
    expect(moment_then != NULL || !poll.ready,
           "Nothing was sent, and the receive was %s.", outcome(poll));
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

CHECK(misses_nothing, 1, "No send and no close is missed during a poll")
{
    for (int i = 0; i < 2; i++) {
        closes = i == 1;
        for (int number = 0; act_in_poll(number, false); number++) {
        }
        for (int number = 0; act_in_poll(number, true); number++) {
        }
    }
}

// Another task polls at that moment of a send, or a close, and finds nothing
// yet.
static struct probe *the_other;
static struct future *the_future;
static struct poll the_poll;

static void poll_at(const char *moment)
{
    if (moments_left-- != 0) return;
    moment_then = moment;
    event("channel", "moment", "| of the send or the close, %s", moment);
    the_poll = probe_poll(the_other, the_future);
}

static bool poll_in_act(int number)
{
    struct probe *task = probe_new("receiver");
    struct channel *channel = channel_new();

    the_other = probe_new("other");
    the_future = channel_receive(channel);
    expect_pending(probe_poll(task, the_future), "Nothing was sent");
    moments_left = number;
    moment_then = NULL;
    at_moment = poll_at;
    if (closes)
        close_channel(channel);
    else
        send_value(channel, 6);
    at_moment = NULL;
    expect(moment_then == NULL || the_poll.ready || the_other->wakes > 0,
           "Another task polled the receive in the middle of %s, %s. It found "
           "nothing yet, has left its waker and is pending, and nobody has "
           "woken it: to change the channel and to take the waker must be one "
           "step, under the lock.",
           closes ? "channel_close" : "channel_send", moment_then);
    future_drop(the_future);
    channel_free(channel);
    return moment_then != NULL;
}

CHECK(polled_in_between, 1, "No poll is missed during a send or a close")
{
    for (int i = 0; i < 2; i++) {
        closes = i == 1;
        for (int number = 0; poll_in_act(number); number++) {
        }
    }
}

CHECK(wakes_unlocked, 1, "No waker is used while the lock is held")
{
    strict_locks = true;
    for (int i = 0; i < 3; i++) {
        struct probe *task = probe_new("receiver"), *other = probe_new("other");
        struct channel *channel = channel_new();
        struct future *future = channel_receive(channel);

        probe_poll(other, future);
        probe_poll(task, future);
        if (i == 0)
            send_value(channel, 7);
        else if (i == 1)
            close_channel(channel);
        probe_poll(task, future);
        future_drop(future);
        channel_free(channel);
    }
    strict_locks = false;
}

// The task receives inside the wake, and its future is dropped there.
CHECK(woken_on_the_spot, 1, "A task may be polled inside its wake")
{
    for (int i = 0; i < 2; i++) {
        struct probe *task = probe_new("receiver");
        struct channel *channel = channel_new();
        struct future *future = channel_receive(channel);
        const char *function = i == 0 ? "channel_send" : "channel_close";
        intptr_t value = i == 0 ? 8 : -EPIPE;

        expect_pending(probe_poll(task, future), "Nothing was sent");
        task->eager = future;
        if (i == 0)
            send_value(channel, 8);
        else
            close_channel(channel);
        expect(task->spots == 1, "%s woke the receiver %d times.", function,
               task->spots);
        expect(task->spot.ready,
               "%s woke the receiver before it had changed the channel. The "
               "task was polled at once, inside that wake, found nothing and "
               "was pending: nobody will ever wake it. Change the channel "
               "first, then wake.",
               function);
        expect(task->spot.value == value,
               "After %s the receive was %s, and not ready with %s.", function,
               outcome(task->spot), value_name(value));
        if (task->eager != NULL) future_drop(future);
        task->eager = NULL;
        channel_free(channel);
    }
}

CHECK(any_values, 1, "Any values go through, and two channels are apart")
{
    static const intptr_t values[] = { 0, -1, -EPIPE, INTPTR_MAX, INTPTR_MIN };
    struct probe *task = probe_new("receiver"), *other = probe_new("other");
    struct channel *channel = channel_new(), *second = channel_new();

    for (int i = 0; i < 5; i++) {
        struct future *future = channel_receive(channel);
        expect_pending(probe_poll(task, future), "The channel is empty");
        expect_pending(receive_once(other, second), "Nobody has sent to it");
        send_value(channel, values[i]);
        struct poll poll = probe_poll(task, future);
        expect(poll.ready && poll.value == values[i],
               "%s was sent, and the receive was %s.", value_name(values[i]),
               outcome(poll));
        future_drop(future);
    }
    for (int i = 0; i < 5; i++) send_value(channel, values[i]);
    close_channel(channel);
    expect_pending(receive_once(other, second), "It was not closed");
    for (int i = 0; i < 7; i++) {
        struct poll poll = receive_once(task, channel);
        if (!poll.ready)
            poll = receive_once(task, channel); // it lets others go
        intptr_t value = i < 5 ? values[i] : -EPIPE;
        expect(poll.ready && poll.value == value,
               "Five values were sent, then the channel was closed, and "
               "receive number %d was %s instead of ready with %s.",
               i + 1, outcome(poll), value_name(value));
    }
    expect(other->wakes == 0,
           "A receiver was woken whose channel nobody used.");
    channel_free(channel);
    channel_free(second);
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

CHECK(others_have_their_turn, 2, "After BUDGET values, others go first")
{
    static const struct future_vtable starter = { "starter", starter_poll,
                                                  NULL };
    use_trale();
    third_has_run = false;
    many_threads = true;
    awaiting("task C to have its turn: A and B always have something to "
             "receive");
    executor_block_on(future_new(sizeof(struct future), &starter));
    for (int i = 0; i < 3; i++) task_joiner_join(&three[i]);
    struct channel *two[] = { channel_new(), channel_new() };
    struct future *waits[] = { channel_receive(two[0]),
                               channel_receive(two[1]) };
    poll_apart(waits[0], waits[1]);
    for (int i = 0; i < 2; i++) future_drop(waits[i]);
    for (int i = 0; i < 2; i++) channel_free(two[i]);
    many_threads = false;

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

CHECK(threads_send, 2, "What two threads send is received, and the end")
{
    static const struct future_vtable vtable = { "summer", summer_poll,
                                                 async_drop };
    pthread_t threads[SENDERS];
    many_threads = true;
    struct channel *channel = channel_new();
    struct summer *summer = future_new(sizeof(*summer), &vtable);

    narration(false);
    use_trale();
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
