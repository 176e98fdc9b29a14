// The flag of exercise 07, given, but for what waits for it and what sets it.
#ifndef FLAG_H
#define FLAG_H

#include "exercise.h"

#include <pthread.h>
#include <stdatomic.h>

struct flag {
    atomic_bool set; // never false again once it is true; needs no lock
    pthread_mutex_t lock;
    struct waker waker; // guarded by lock: of the task that waits, or empty
};

// The future that is ready once the flag is set. Its poll is flag_wait_poll.
// When it is dropped, the waker is taken from the flag and dropped too.
struct flag_wait {
    struct future future;
    struct flag *flag;
};

struct flag *flag_new(void);
void flag_free(struct flag *flag);
struct future *flag_wait(struct flag *flag);

#endif
