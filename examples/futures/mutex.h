// later trale: futures/mutex.rs. A mutex whose lock is a future: who has to wait
// lets other tasks run. So it may be held across an AWAIT, unlike a
// pthread_mutex_t, which would block the thread that polls them all.
//
// It is an event that has one notification while the mutex is free.
#ifndef FUTURES_MUTEX_H
#define FUTURES_MUTEX_H

#include "event.h"

struct mutex {
    struct event free;
};

// Mutex::new: unlocked. Returns 0, or -errno.
int mutex_new(struct mutex *mutex);

// Nobody may hold it or wait for it any more.
void mutex_drop(struct mutex *mutex);

// Mutex::lock: ready with 0 when it is yours, or with -errno. First come, first
// served. One that is dropped while pending is skipped. C cannot unlock by
// itself: a block that may be dropped while it holds the mutex unlocks in its
// drop.
struct future *mutex_lock(struct mutex *mutex);

// drop(MutexGuard): on any thread. A mutex that nobody holds aborts.
void mutex_unlock(struct mutex *mutex);

#endif
