// What each host must show:
//
//   - Every poll, and every drop, happens on its thread.
//   - Four threads wake a task 10,000 times each. The last wake is not lost: the
//     task sees all 40,000 in the end.
//   - A task that always wakes itself does not hold up the host: the host's own
//     timer, of 10 ms, beats thirty times meanwhile.
//   - trale's reactor wakes a task after a sleep.
//   - Three tasks are left in the end, and dropped once each: one waits for the
//     reactor, one for nothing, one could run.
#define _POSIX_C_SOURCE 200809L // for clock_gettime
#include "guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { THREADS = 4, WAKES = 10000, BEATS = 30, MOST_MILLIS = 10000 };

static struct {
    pthread_t host, threads[THREADS];
    _Atomic int wakes, foreign; // foreign: polls and drops on another thread
    int seen, beats, hog_polls, slept, drops;
    bool woken, hogged;    // these two tasks are done
    int64_t start, beaten; // when the tasks began, when the last beat came
} guest;

// The waker of the task that the threads wake.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waker woken;

static int64_t millis(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void look_at_thread(void)
{
    if (!pthread_equal(pthread_self(), guest.host)) guest.foreign++;
}

static void *wake_often(void *unused)
{
    for (int i = 0; i < WAKES; i++) {
        pthread_mutex_lock(&lock);
        guest.wakes++;
        struct waker waker = waker_take(&woken);
        pthread_mutex_unlock(&lock);
        waker_wake(&waker);
    }
    return unused;
}

// Ready when it has seen all wakes. It leaves its waker before it looks.
static struct poll woken_poll(struct future *future, struct context *cx)
{
    (void)future;
    look_at_thread();
    struct waker latest = waker_clone(cx->waker);
    pthread_mutex_lock(&lock);
    struct waker replaced = woken;
    woken = latest;
    guest.seen = guest.wakes;
    pthread_mutex_unlock(&lock);
    waker_drop(&replaced);
    if (guest.seen < THREADS * WAKES) return POLL_PENDING;
    waker_drop(&woken); // the threads have all woken for the last time
    guest.woken = true;
    return POLL_READY(0);
}

static struct poll hog_poll(struct future *future, struct context *cx)
{
    (void)future;
    look_at_thread();
    guest.hog_polls++;
    guest.hogged = guest.beats == BEATS || millis() - guest.start > MOST_MILLIS;
    if (guest.hogged) return POLL_READY(0);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

struct sleeper {
    struct async async;
    int i;
};

static struct poll sleeper_poll(struct future *future, struct context *cx)
{
    struct sleeper *self = (struct sleeper *)future;

    look_at_thread();
    ASYNC_BEGIN(self);
    for (self->i = 0; self->i < 10; self->i++) {
        AWAIT(self, timer_sleep(duration_from_millis(10)));
        guest.slept++;
    }
    AWAIT(self, timer_sleep(duration_from_secs(3600)));
    ASYNC_END(self, 0);
}

static void sleeper_drop(struct future *future)
{
    look_at_thread();
    async_drop(future);
    guest.drops++;
}

// Waits for nothing, but keeps its waker: or else, always wakes itself.
struct waiter {
    struct future future;
    struct waker waker;
    bool wakes;
};

static struct poll waiter_poll(struct future *future, struct context *cx)
{
    struct waiter *self = (struct waiter *)future;

    look_at_thread();
    waker_drop(&self->waker);
    self->waker = waker_clone(cx->waker);
    struct waker waker = waker_clone(cx->waker);
    (self->wakes ? waker_wake : waker_drop)(&waker);
    return POLL_PENDING;
}

static void waiter_drop(struct future *future)
{
    look_at_thread();
    waker_drop(&((struct waiter *)future)->waker);
    guest.drops++;
}

void guest_start(struct local_executor *executor)
{
    static const struct future_vtable woken_vt = { "woken", woken_poll, NULL };
    static const struct future_vtable hog_vt = { "hog", hog_poll, NULL };
    static const struct future_vtable sleeper_vt = { "sleeper", sleeper_poll,
                                                     sleeper_drop };
    static const struct future_vtable waiter_vt = { "waiter", waiter_poll,
                                                    waiter_drop };
    struct future *waiter = future_new(sizeof(struct waiter), &waiter_vt);
    struct future *runner = future_new(sizeof(struct waiter), &waiter_vt);

    guest.host = pthread_self();
    guest.start = millis();
    ((struct waiter *)runner)->wakes = true;
    local_executor_spawn(executor, waiter);
    local_executor_spawn(executor, runner);
    local_executor_spawn(executor,
                         future_new(sizeof(struct sleeper), &sleeper_vt));
    local_executor_spawn(executor, future_new(sizeof(struct future), &hog_vt));
    local_executor_spawn(executor,
                         future_new(sizeof(struct future), &woken_vt));
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&guest.threads[i], NULL, wake_often, NULL) != 0)
            panic("cannot start a thread");
}

void guest_beat(void)
{
    if (guest.beats == BEATS) return;
    guest.beats++;
    guest.beaten = millis();
}

bool guest_done(void)
{
    return guest.woken && guest.hogged && guest.slept == 10;
}

int guest_report(const char *host)
{
    int wakes = THREADS * WAKES;

    for (int i = 0; i < THREADS; i++) pthread_join(guest.threads[i], NULL);
    bool ok = guest.foreign == 0 && guest.seen == wakes &&
              guest.beats == BEATS && guest.hog_polls > BEATS &&
              guest.drops == 3;
    printf("%-8s polls on another thread: %d; last wake seen: %d of %d; beats "
           "of 10 ms beside %d polls of a task that wakes itself: %d in %d ms; "
           "dropped: %d of 3: %s\n",
           host, guest.foreign, guest.seen, wakes, guest.hog_polls, guest.beats,
           (int)(guest.beaten - guest.start), guest.drops,
           ok ? "ok" : "FAILED");
    fflush(stdout);
    return ok ? 0 : 1;
}
