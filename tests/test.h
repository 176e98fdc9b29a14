// What the test suites share. Each test runs in a process of its own (Check's
// fork mode), so each sees trale at its first use.
#ifndef TEST_H
#define TEST_H

#define _GNU_SOURCE
#include "examples/futures/yield.h"
#include "examples/trace/trace.h"
#include "tests/register.h"
#include "trale.h"

#include <check.h>

// The tests are linked twice. build/tests/check has the bare executor, and runs
// all suites but the trace's. build/tests/check-talking has the talking one,
// and runs only that suite. The bare one has no executor_dump: it is NULL.
#pragma weak executor_dump

Suite *rules_suite(void);
Suite *future_suite(void);
Suite *task_suite(void);
Suite *reactor_suite(void);
Suite *timer_suite(void);
Suite *udp_suite(void);
Suite *tcp_suite(void);
Suite *examples_suite(void);
Suite *trace_suite(void);
Suite *servers_suite(void);
Suite *steps_suite(void);
Suite *promises_suite(void);
Suite *hosts_suite(void);
Suite *sync_suite(void);
Suite *fibers_suite(void);
Suite *flows_suite(void);

// Adds the test to a test case of its own, named like it, that is given so
// many seconds (times CK_TIMEOUT_MULTIPLIER). main.c is told of it.
#define add_test(suite, test, seconds) add_test_(suite, #test, test, seconds)
void add_test_(Suite *suite, const char *name, const TTest *test,
               double seconds);
void note_test(const char *test, bool alone);

// The same for a test that measures time, in a suite of tests that mostly wait:
// it does not run beside others that compute.
#define add_test_alone(suite, test, seconds) \
    add_test_alone_(suite, #test, test, seconds)
void add_test_alone_(Suite *suite, const char *name, const TTest *test,
                     double seconds);

// For a test that cannot be run here: tells why, and the test is counted as
// skipped. The caller returns.
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

// std::future::poll_fn: a future that calls poll(data, cx). When dropped it
// calls drop(data), unless drop is NULL.
struct future *poll_fn(struct poll (*poll)(void *data, struct context *cx),
                       void (*drop)(void *data), void *data);

// Ready with the value at its first poll.
struct future *ready(intptr_t value);

// Pending for ever: it keeps a clone of its waker, which goes when it does.
struct future *pending(void);

// A foreign waker: adds one to *count at each wake.
struct waker counting_waker(int *count);

// How often to do what takes long: n, or a part of it where
// TRALE_TEST_ROUNDS=20 asks for a 20th (as `make valgrind` does).
int rounds(int n);

// Runs body in a child. The child must abort, having written one line that
// starts with "trale: " and contains message.
void assert_dies(void (*body)(void), const char *message);

// Of this process: its open descriptors, its threads, the descriptors in its
// epoll set (-1 if there is no epoll instance), the CPU time it has used.
int count_fds(void);
int count_threads(void);
int count_epoll(void);
double cpu_seconds(void);

// Of the monotonic clock, in seconds.
double now(void);

// Whether the executor thread sleeps because its run-queue is empty.
bool executor_sleeps(void *unused);

// Returns when the executor has nothing to do: each poll that was due when this
// was called is over, in whatever order. No task may wake itself for ever.
void executor_settle(void);

// Blocks this thread. For tests of what happens meanwhile on the others.
void sleep_for(double seconds);

// Keeps this thread, and those that it starts from now on, on one processor.
void stay_on_one_cpu(void);

// Polls condition(data) every millisecond until it is true; fails the test
// after ten seconds (times CK_TIMEOUT_MULTIPLIER).
void wait_until(bool (*condition)(void *data), void *data);

// 127.0.0.1 or ::1 with the port, 0 for one that the kernel chooses; and the
// address that a socket is bound to.
struct socket_addr localhost(uint16_t port);
struct socket_addr localhost6(uint16_t port);
struct socket_addr local_addr(int sock);

// Waits until nobody uses the port of examples/udp.c, in other checkouts of
// this either. It is ours until the descriptor that this returns is closed.
int lock_port_9998(void);

#endif
