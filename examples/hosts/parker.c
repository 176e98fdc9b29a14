// Why an executor needs a parker of its own.
//
// The book: chapter 10, where std's thread::park lets the executor sleep, until
// a waker calls unpark. Each thread has one token: unpark sets it, and park
// waits for it and takes it. But other code on the thread parks too, for reasons
// of its own, and it takes the same token:
//
//     executor           polls the task, which gives its waker away
//     another thread     wakes: the task can run, the token is set
//     the task           calls a library, which parks until it has an answer:
//                        it takes the token, has no answer yet, parks again
//     library's thread   answers: the token is set, and the library takes it
//     executor           parks: no token. The wake is lost for ever
//
// The library is not to blame: whoever parks must expect to wake up for no
// reason, and looks again. With a token that nobody else knows all is well.
#define _GNU_SOURCE // for sem_timedwait
#include "local_executor.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

// A token as std has it: to set it twice is to set it once.
struct parker {
    sem_t token;
};

static void unpark(struct parker *parker)
{
    int set;

    if (sem_getvalue(&parker->token, &set) == 0 && set == 0)
        sem_post(&parker->token);
}

// Returns false after a second without a token. std's park would stay there.
static bool park(struct parker *parker)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    return sem_timedwait(&parker->token, &until) == 0;
}

// The one that all code on the main thread shares, as thread::park has it.
static struct parker shared;

// ---------------------------------------------------------------------------
// A library with a thread of its own. It does not know that there are futures.
// ---------------------------------------------------------------------------

static _Atomic bool answered;

static void *answer(void *unused)
{
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    answered = true;
    unpark(&shared);
    return unused;
}

static void ask_library(void)
{
    pthread_t thread;

    answered = false;
    if (pthread_create(&thread, NULL, answer, NULL) != 0)
        panic("cannot start a thread");
    while (!answered) park(&shared);
    pthread_join(thread, NULL);
}

// ---------------------------------------------------------------------------
// A task that is woken in its first poll, and asks the library in the same one
// ---------------------------------------------------------------------------

struct asker {
    struct future future;
    bool asked;
};

static void *wake_there(void *waker)
{
    waker_wake(waker);
    return NULL;
}

static struct poll asker_poll(struct future *future, struct context *cx)
{
    struct asker *self = (struct asker *)future;
    pthread_t thread;

    if (self->asked) return POLL_READY(0);
    struct waker waker = waker_clone(cx->waker);
    if (pthread_create(&thread, NULL, wake_there, &waker) != 0)
        panic("cannot start a thread");
    pthread_join(thread, NULL);
    ask_library();
    self->asked = true;
    return POLL_PENDING;
}

// ---------------------------------------------------------------------------
// The executor
// ---------------------------------------------------------------------------

static void nothing(void *unused)
{
    (void)unused;
}

static void unpark_it(void *parker)
{
    unpark(parker);
}

static void block_on(struct future *future, struct parker *parker)
{
    static const struct waker_vtable vtable = { nothing, unpark_it, nothing };
    struct local_executor *executor =
        local_executor_new(&(struct waker){ &vtable, parker });
    bool unparked = true;
    size_t left = 1;

    local_executor_spawn(executor, future);
    while (unparked && (left = local_executor_run_pending(executor)) > 0) {
        printf("main: %zu pending tasks. Sleep until notified.\n", left);
        unparked = park(parker);
    }
    puts(left > 0 ? "main: deadlock, nobody has unparked us for a second"
                  : "main: All tasks are finished");
    local_executor_drop(executor);
}

int main(void)
{
    static const struct future_vtable vtable = { "asker", asker_poll, NULL };
    static struct parker own;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    sem_init(&shared.token, 0, 0);
    sem_init(&own.token, 0, 0);
    puts("The thread's token:");
    block_on(future_new(sizeof(struct asker), &vtable), &shared);
    puts("A parker of its own:");
    block_on(future_new(sizeof(struct asker), &vtable), &own);
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0.0  The thread's token:
//     0.0  main: 1 pending tasks. Sleep until notified.
//     1.0  main: deadlock, nobody has unparked us for a second
//     1.0  A parker of its own:
//     1.0  main: 1 pending tasks. Sleep until notified.
//     1.0  main: All tasks are finished
