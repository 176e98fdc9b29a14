// Looks again under the lock, where the waker is left; and sets under it too.
#include "07_flag.h"

struct poll flag_wait_poll(struct future *future, struct context *cx)
{
    struct flag *flag = ((struct flag_wait *)future)->flag;

    if (atomic_load(&flag->set)) return POLL_READY(0);
    struct waker other = waker_clone(cx->waker);
    pthread_mutex_lock(&flag->lock);
    bool set = flag->set;
    if (!set) {
        struct waker old = flag->waker;
        flag->waker = other;
        other = old;
    }
    pthread_mutex_unlock(&flag->lock);
    waker_drop(&other);
    return set ? POLL_READY(0) : POLL_PENDING;
}

void flag_set(struct flag *flag)
{
    struct waker waker;

    pthread_mutex_lock(&flag->lock);
    flag->set = true;
    waker = waker_take(&flag->waker);
    pthread_mutex_unlock(&flag->lock);
    waker_wake(&waker);
}
