// The host is a thread that parks, as the book's executor does in chapter 10,
// and nearly as trale.c does. The notification unparks it.
#define _GNU_SOURCE // for sem_timedwait
#include "guest.h"

#include <semaphore.h>
#include <time.h>

static void nothing(void *unused)
{
    (void)unused;
}

static void unpark(void *token)
{
    sem_post(token);
}

int main(void)
{
    static const struct waker_vtable vtable = { nothing, unpark, nothing };
    struct timespec now, beat = { 0, 0 };
    static sem_t token; // a late wake may come after the executor's end

    sem_init(&token, 0, 0);
    struct local_executor *executor =
        local_executor_new(&(struct waker){ &vtable, &token });
    for (guest_start(executor); !guest_done();) {
        if (sem_timedwait(&token, &beat) == 0) // park
            local_executor_run_pending(executor);
        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec < beat.tv_sec) continue;
        if (now.tv_sec == beat.tv_sec && now.tv_nsec < beat.tv_nsec) continue;
        guest_beat();
        beat.tv_sec = now.tv_sec + (now.tv_nsec + 10000000) / NANOS_PER_SEC;
        beat.tv_nsec = (now.tv_nsec + 10000000) % NANOS_PER_SEC;
    }
    local_executor_drop(executor);
    return guest_report("thread");
}
