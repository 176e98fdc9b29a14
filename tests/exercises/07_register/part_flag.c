// What 07_flag.h promises.
#include "checks.h"

#include "calls.h"

struct flag *flag_new(void)
{
    struct flag *flag = box_new(sizeof(*flag));

    pthread_mutex_init(&flag->lock, NULL);
    return flag;
}

void flag_free(struct flag *flag)
{
    pthread_mutex_destroy(&flag->lock);
    free(flag);
}

static void flag_wait_drop(struct future *future)
{
    struct flag *flag = ((struct flag_wait *)future)->flag;

    student_pthread_mutex_lock(&flag->lock);
    struct waker waker = waker_take(&flag->waker);
    student_pthread_mutex_unlock(&flag->lock);
    waker_drop(&waker);
}

struct future *flag_wait(struct flag *flag)
{
    static const struct future_vtable vtable = { "flag_wait", flag_wait_poll,
                                                 flag_wait_drop };
    struct flag_wait *self = future_new(sizeof(*self), &vtable);

    self->flag = flag;
    return &self->future;
}
