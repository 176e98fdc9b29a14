// A mutex is an event with one notification: who uses it up has the lock, and
// gives it back with another one. The queue is the event's.
#include "mutex.h"

#include <poll.h>

int mutex_new(struct mutex *mutex)
{
    int error = event_new(&mutex->free);

    return error != 0 ? error : event_notify_one(&mutex->free);
}

void mutex_drop(struct mutex *mutex)
{
    event_drop(&mutex->free);
}

struct future *mutex_lock(struct mutex *mutex)
{
    return event_wait(&mutex->free);
}

// Whoever holds the lock has taken the notification, and nobody else may bring
// one. So if there is one, the caller holds no lock.
void mutex_unlock(struct mutex *mutex)
{
    struct pollfd pollfd = { .fd = mutex->free.fd, .events = POLLIN };

    if (poll(&pollfd, 1, 0) != 0)
        panic("a mutex was unlocked that nobody has locked: lock it first, and "
              "unlock it once");
    event_notify_one(&mutex->free);
}
