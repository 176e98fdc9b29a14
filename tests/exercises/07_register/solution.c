// 07. Register, then check again: the solution.
#include "07_flag.h"

// A flag that is set before the second look is seen by it; one that is set
// after it finds the waker, for that was there before the look.
struct poll flag_wait_poll(struct future *future, struct context *cx)
{
    struct flag *flag = ((struct flag_wait *)future)->flag;

    if (flag->set) return POLL_READY(0);
    struct waker latest = waker_clone(cx->waker);

    pthread_mutex_lock(&flag->lock);
    struct waker replaced = flag->waker;
    flag->waker = latest;
    pthread_mutex_unlock(&flag->lock);
    waker_drop(&replaced); // without the lock, as all that calls a vtable

    return flag->set ? POLL_READY(0) : POLL_PENDING;
}

// First set, then look for a waker: a poll that leaves its waker too late for
// us sees the flag.
void flag_set(struct flag *flag)
{
    flag->set = true;
    pthread_mutex_lock(&flag->lock);
    struct waker waker = waker_take(&flag->waker);
    pthread_mutex_unlock(&flag->lock);
    waker_wake(&waker);
}
