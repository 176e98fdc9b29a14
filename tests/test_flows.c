// The program examples/fibers/flows.c is cancelled in each of its awaits, one
// after the other, and in three ways. Nothing may be left of it.
//
// All that it is made of is included here, with a fiber_await that counts.
#include "child.h"
#include "examples/fibers/stack.h"
#include "examples/fibers/switch.h"
#include "examples/futures/waker.h"

#include <unistd.h>

static intptr_t counted_await(struct future *future, const char *file,
                              int line);

#undef fiber_await
#define fiber_await(future) counted_await(future, __FILE__, __LINE__)
#include "examples/fibers/buf_read.c"
#include "examples/fibers/client.c"
#include "examples/fibers/flow.c"
#include "examples/fibers/mock_net.c"
#include "examples/fibers/net.c"
#define main flows_main
#include "examples/fibers/flows.c"
#undef main
#undef fiber_await
#define fiber_await(future) fiber_await_at(future, __FILE__, __LINE__)

// What happens at one of the awaits: all is cancelled before it, or while it
// waits, or the future that is all of it is dropped.
enum way { REFUSED, CANCELLED, DROPPED };

static struct {
    enum way way;
    int at, count;         // at which await, and how many there were
    struct eio_switch *sw; // all of it runs in here
    uint16_t port;
    bool drop;
    struct waker dropper;
} strike;

static intptr_t cancels(void *unused)
{
    (void)unused;
    switch_cancel(strike.sw);
    return 0;
}

static intptr_t counted_await(struct future *future, const char *file, int line)
{
    if (++strike.count == strike.at) {
        if (strike.way == REFUSED) switch_cancel(strike.sw);
        if (strike.way == CANCELLED) fiber_fork(strike.sw, cancels, NULL);
        if (strike.way == DROPPED) strike.drop = true;
        if (strike.way == DROPPED) waker_wake(&strike.dropper);
    }
    return fiber_await_at(future, file, line);
}

static intptr_t flows_in_switch(struct eio_switch *sw, void *unused)
{
    static struct net net = { os_connect, os_listen, os_accept };
    struct eio_env env = { &net };

    (void)unused;
    strike.sw = sw;
    return flows(&env, &strike.port);
}

static intptr_t all_of_it(void *unused)
{
    return switch_run(flows_in_switch, unused);
}

// Polls all of it, and drops it when asked to.
struct dropper {
    struct future future;
    struct future *child;
};

static struct poll dropper_poll(struct future *future, struct context *cx)
{
    struct dropper *self = (struct dropper *)future;

    if (strike.drop) return POLL_READY(-ECANCELED);
    waker_keep(&strike.dropper, cx->waker);
    return await(&self->child, cx);
}

static void dropper_drop(struct future *future)
{
    waker_drop(&strike.dropper);
    future_drop(((struct dropper *)future)->child);
}

static intptr_t run_once(void)
{
    static const struct future_vtable vtable = { "dropper", dropper_poll,
                                                 dropper_drop };
    struct dropper *self = future_new(sizeof(*self), &vtable);

    self->child = fiber(all_of_it, NULL);
    intptr_t value = executor_block_on(&self->future);
    executor_block_on(ready(0)); // the tasks that were told to end have ended
    return value;
}

static void cancel_each_await(enum way way)
{
    struct socket_addr addr = localhost(0);
    int listener = tcp_listener_bind(&addr); // always the same port

    strike.port = ntohs(local_addr(listener).v4.sin_port);
    close(listener);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    ck_assert_int_eq(run_once(), 0);
    int fds = count_fds(), all = strike.count;
    ck_assert_int_gt(all, 10);
    for (int at = 1; at <= all; at++) {
        strike.way = way;
        strike.at = at;
        strike.count = 0;
        strike.drop = false;
        run_once();
        ck_assert_int_ge(strike.count, at);
        ck_assert_msg(stack_count() == 0, "a stack is left after %d", at);
        ck_assert_msg(count_fds() == fds,
                      "%d descriptors, %d at first: await %d", count_fds(), fds,
                      at);
    }
    // And then it works as ever, at the same port.
    strike.at = strike.count = 0;
    strike.drop = false;
    ck_assert_int_eq(run_once(), 0);
}

START_TEST(test_await_refused)
{
    cancel_each_await(REFUSED);
}
END_TEST

START_TEST(test_await_cancelled)
{
    cancel_each_await(CANCELLED);
}
END_TEST

START_TEST(test_await_dropped)
{
    cancel_each_await(DROPPED);
}
END_TEST

Suite *flows_suite(void)
{
    Suite *suite = suite_create("flows");

    add_test(suite, test_await_refused, 20);
    add_test(suite, test_await_cancelled, 20);
    add_test(suite, test_await_dropped, 20);
    return suite;
}
