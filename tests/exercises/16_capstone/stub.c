// 16. Your own executor.
//
// Concept. Everything is there: your run-queue (03), the wake and the step
// (06), block_on (02), spawn and join (14) and the reactor's thread (15). Two
// functions are missing that make an executor of them. It is a future itself:
// its poll polls the tasks, and when there is none to poll it is pending. So
// the thread that has called block_on with it is parked until a task is woken.
//
//     the executor's thread    block_on(executor): executor_poll, step, step ...
//     the reactor's thread     reactor_loop; a wake is task_wake, and then
//                              executor_notify
//     main                     spawns with queue_push, and then
//                              executor_notify; waits in handle_join
//
// Read. trale.c, 'executor_loop', step 1, and 'later trale: TaskJoiner::poll',
// which leaves its waker before it looks; exercise 07. In the book's chapter,
// 'Implementing a proper Executor'.
//
// Write two functions.
//
// executor_poll calls step until that returns false, and is pending then; it is
// never ready. It leaves a clone of its waker where executor_notify finds it,
// in place of an older one. Each poll may come with another waker: the latest
// is the one to wake.
//
// executor_notify is called, on any thread, whenever a task has come into the
// queue. It wakes the executor, if that has left a waker. Whenever a task
// comes, even in the middle of executor_poll: it is polled by that one, or the
// executor is woken and polled again.
//
// Never hold a lock while you call step, or clone, wake or drop a waker.
//
// Then type: make exercise N=16. With all its parts it runs examples/timer.c
// and examples/udp.c, and draws the same picture of them as trale.c does.
#include "16_capstone.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waker waiting; // guarded by lock: the executor's, or empty

struct poll executor_poll(struct future *future, struct context *cx)
{
    // ---- your code, in place of this line ----
    todo("executor_poll", future, cx, &lock, &waiting);
    // ------------------------------------------
}

void executor_notify(void)
{
    // ---- your code, in place of this line ----
    todo("executor_notify");
    // ------------------------------------------
}
