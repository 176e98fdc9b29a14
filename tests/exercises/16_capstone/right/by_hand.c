// Without a helper, and after the steps it looks again.
#include "16_capstone.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waker waiting;

struct poll executor_poll(struct future *future, struct context *cx)
{
    bool more;

    (void)future;
    while (step()) continue;
    do {
        struct waker latest = waker_clone(cx->waker);
        pthread_mutex_lock(&lock);
        struct waker older = waiting;
        waiting = latest;
        pthread_mutex_unlock(&lock);
        waker_drop(&older);
        more = step();
    } while (more);
    return POLL_PENDING;
}

void executor_notify(void)
{
    pthread_mutex_lock(&lock);
    struct waker waker = waker_take(&waiting);
    pthread_mutex_unlock(&lock);
    if (waker.vtable != NULL) waker_wake(&waker);
}
