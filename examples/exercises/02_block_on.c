// 02. block_on parks the thread.
//
// Concept. The smallest executor there is runs one future on the thread that
// calls it: poll; if pending, sleep until the waker is woken; poll again. The
// waker is what it hands out, so it is the executor that says what a wake does.
//
// Read. trale.c, 'TaskJoiner::join' and 'executor_loop', steps 1 and 3, which
// sleep on a condition variable in the same way; trale.h, 'struct
// waker_vtable'. In the book's chapter, 'Improving our runtime design by adding
// a Reactor and a Waker'. pthread_cond_wait(3) and pthread_cond_signal(3).
//
// Write parker_wake and block_on, the two gaps below.
//
// block_on(future) polls the future at once. While it is pending, block_on
// sleeps until a waker is woken, on whatever thread, and polls it once for
// that. Two wakes that come before a poll ask for that one poll, not for two.
// It never polls without a wake, nor after ready, and while it waits it uses no
// processor. A wake may come during the poll: it must not be lost, so
// parker_wake notes it in `woken`. When the future is ready, block_on drops it
// with future_drop, gives its own waker back and returns the value.
//
// parker_wake consumes a waker, as every wake does: it ends with parker_drop.
//
// Then type: make exercise N=02. If you are stuck: make hint N=02.
#include "exercise.h"

#include <pthread.h>
#include <stdatomic.h>

struct parker {
    pthread_mutex_t lock;
    pthread_cond_t cv;  // signalled when woken has become true
    bool woken;         // guarded by lock
    atomic_size_t refs; // one for each waker; block_on's own is the first
};

static void parker_clone(void *data)
{
    ((struct parker *)data)->refs++;
}

static void parker_drop(void *data)
{
    if (--((struct parker *)data)->refs == 0) free(data);
}

static void parker_wake(void *data)
{
    struct parker *self = data;

    // ---- your code, in place of this line ----
    todo("parker_wake", self);
    // ------------------------------------------
}

intptr_t block_on(struct future *future)
{
    static const struct waker_vtable vtable = { parker_clone, parker_wake,
                                                parker_drop };
    // On the heap: somebody may keep a waker for longer than block_on runs.
    struct parker *parker = box_new(sizeof(*parker));
    *parker = (struct parker){ PTHREAD_MUTEX_INITIALIZER,
                               PTHREAD_COND_INITIALIZER, false, 1 };
    struct waker waker = { &vtable, parker };
    struct context cx = { &waker };

    // ---- your code, in place of this line ----
    todo("block_on", future, &cx);
    // ------------------------------------------
}
