// What the student's file calls, seen from here. The driver renames each NAME
// that the student's object file calls to student_NAME, if there is a function
// of that name, here or in the checks. Nobody else is affected.
//
// So locks are known (who has one, and what changes while nobody has it),
// another thread can be let in at each moment between two of the student's
// lines, and what sleeps is refused.
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

const char before_lock[] = "just before it took the lock";
const char after_unlock[] = "just after it gave the lock back";
const char cloning[] = "while it cloned a waker";
const char dropping[] = "while it dropped a waker";

enum { LOCKS = 8, GUARDS = 64 };

_Thread_local void (*at_moment)(const char *moment);
_Thread_local void (*at_wait)(void);
bool strict_locks;

// Of this thread: the function of the student's that it runs, how many locks it
// had before, those it has, and whether it may sleep in there.
static _Thread_local struct call call;
static _Thread_local pthread_mutex_t *locks[LOCKS];
static _Thread_local int held;

// What a lock guards. It is poisoned while the student's code runs without a
// lock, so the address sanitizer sees whoever only looks at it, too. The checks
// that use guards have one thread at a time.
static struct guard {
    const void *memory;
    size_t size;
    const char *name;
} guards[GUARDS];
static int guard_count;

// Missing under the thread sanitizer.
#define WEAK __attribute__((weak))
WEAK void __asan_poison_memory_region(const volatile void *, size_t);
WEAK void __asan_unpoison_memory_region(const volatile void *, size_t);
WEAK void *__asan_get_report_address(void);
WEAK int __asan_get_report_access_type(void);
WEAK const char *__asan_get_report_description(void);

static void uncover(const struct guard *guard)
{
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(guard->memory, guard->size);
}

// Whose turn is it, and is a lock held? To be called when that has changed.
static void cover(void)
{
    for (int i = 0; i < guard_count; i++)
        if (held > 0 || call.function == NULL)
            uncover(&guards[i]);
        else if (__asan_poison_memory_region != NULL)
            __asan_poison_memory_region(guards[i].memory, guards[i].size);
}

static void uncover_all(void)
{
    for (int i = 0; i < guard_count; i++) uncover(&guards[i]);
}

// The sanitizer is about to report. All that we do not know of is its own to
// tell.
void __asan_on_error(void);
void __asan_on_error(void)
{
    const char *address = __asan_get_report_address();

    if (strcmp(__asan_get_report_description(), "use-after-poison") != 0)
        return;
    for (int i = 0; i < guard_count; i++) {
        size_t offset = (size_t)(address - (const char *)guards[i].memory);
        if (offset >= guards[i].size) continue;
        const char *name = guards[i].name;
        if (__asan_get_report_access_type() == 0)
            fail("%s looked at %s without the lock. Another thread may change "
                 "it at the same time: even to look at it needs the lock.",
                 calling(), name);
        fail("%s changed %s without the lock. Another thread may look at it, "
             "or change it, at the same time: lock, change it, unlock.",
             calling(), name);
    }
}

// The sanitizer marks 8 bytes at a time; what is left of them must be padding.
void guard(const void *memory, size_t size, const char *name)
{
    size = (size + 7) / 8 * 8;
    if (guard_count == GUARDS || (uintptr_t)memory % 8 != 0) abort();
    guards[guard_count++] = (struct guard){ memory, size, name };
    cover();
}

void unguard(const void *memory)
{
    int left = 0;

    for (int i = 0; i < guard_count; i++)
        if (guards[i].memory == memory)
            uncover(&guards[i]);
        else
            guards[left++] = guards[i];
    if (left != guard_count) guard_count = left; // others may read it
}

struct call enter(const char *function)
{
    struct call outer = call;

    call = (struct call){ function, held, false, false };
    cover();
    return outer;
}

void leave(struct call outer)
{
    expect(held <= call.held,
           "%s returned with the lock held: whoever wants it next waits for "
           "ever. Unlock on every way out.",
           call.function);
    call = outer;
    cover();
}

void may_sleep(void)
{
    call.sleeps = true;
}

const char *calling(void)
{
    return call.function != NULL ? call.function : "It";
}

bool woken_for_nothing(void)
{
    return call.for_nothing;
}

bool has_lock(void)
{
    return held > 0;
}

// What comes in between has no such moments itself. It may change what is
// guarded, with the lock.
void moment(const char *moment)
{
    void (*hook)(const char *) = at_moment;

    if (hook == NULL || held > 0 || call.function == NULL) return;
    at_moment = NULL;
    uncover_all();
    hook(moment);
    cover();
    at_moment = hook;
}

void lock_wanted(void *mutex)
{
    for (int i = 0; i < held; i++)
        expect(locks[i] != mutex,
               "%s took the lock that it had already, so it would wait for "
               "itself for ever. Is there an unlock too few? Or was a waker "
               "woken or dropped with the lock held, which may call anything?",
               calling());
    moment(before_lock);
}

void lock_taken(void *mutex)
{
    if (held == LOCKS) fail("It holds more than %d locks.", LOCKS);
    locks[held++] = mutex;
    cover();
}

void lock_given(void *mutex)
{
    int i = held - 1;

    while (i >= 0 && locks[i] != mutex) i--;
    expect(i >= 0,
           "%s gave back a lock that it does not have. Is there a lock too "
           "few, or an unlock too many?",
           calling());
    for (held--; i < held; i++) locks[i] = locks[i + 1];
    cover();
}

void lock_free(void)
{
    moment(after_unlock);
}

int student_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    lock_wanted(mutex);
    int error = pthread_mutex_lock(mutex);
    if (error == 0) lock_taken(mutex);
    return error;
}

int student_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int error = pthread_mutex_trylock(mutex);

    if (error == 0) lock_taken(mutex);
    return error;
}

int student_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    lock_given(mutex);
    int error = pthread_mutex_unlock(mutex);
    lock_free();
    return error;
}

// Every other call returns for no reason, as POSIX allows it to.
int student_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    static _Thread_local unsigned waits;
    int error = 0;
    bool for_nothing = waits++ % 2 == 0;
    void (*hook)(void) = at_wait;

    expect(held > 0, "pthread_cond_wait was called without the lock.");
    if (hook != NULL && !for_nothing) {
        at_wait = NULL;
        hook();
        at_wait = hook;
    }
    lock_given(mutex);
    call.for_nothing = for_nothing;
    if (for_nothing) {
        pthread_mutex_unlock(mutex);
        event("-", "cond_wait", "| returns for nothing, as it may");
        moment("while it slept");
        pthread_mutex_lock(mutex);
    } else
        error = pthread_cond_wait(cond, mutex);
    lock_taken(mutex);
    return error;
}

int student_pthread_cond_signal(pthread_cond_t *cond)
{
    moment("just before it signalled");
    return pthread_cond_signal(cond);
}

int student_pthread_cond_broadcast(pthread_cond_t *cond)
{
    moment("just before it signalled");
    return pthread_cond_broadcast(cond);
}

// ---------------------------------------------------------------------------
// What sleeps
// ---------------------------------------------------------------------------

static _Noreturn void refuse(const char *function, const char *why)
{
    fail("%s called %s: %s", calling(), function, why);
}

// For a time, and then it looks again.
static _Noreturn void refuse_time(const char *function)
{
    refuse(function,
           "it looks from time to time. That is too late for what has come, "
           "and in vain otherwise, and whoever else could run waits too. Be "
           "pending and be woken; or, if this thread has nothing else to do, "
           "sleep until you are signalled.");
}

// For as long as the caller says, in milliseconds; -1: until something comes.
static void expect_no_sleep(const char *function, long ms)
{
    if (ms == 0 || (ms < 0 && call.sleeps)) return;
    if (ms > 0) refuse_time(function);
    refuse(function, "it waits there until something comes. A poll must not "
                     "block, for every other task waits too: be pending, and "
                     "leave the waker with whoever knows.");
}

int student_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time, (void)left;
    refuse_time("nanosleep");
}

int student_clock_nanosleep(clockid_t clock, int flags,
                            const struct timespec *time, struct timespec *left)
{
    (void)clock, (void)flags, (void)time, (void)left;
    refuse_time("clock_nanosleep");
}

int student_usleep(unsigned time)
{
    (void)time;
    refuse_time("usleep");
}

unsigned student_sleep(unsigned time)
{
    (void)time;
    refuse_time("sleep");
}

int student_thrd_sleep(const struct timespec *time, struct timespec *left)
{
    (void)time, (void)left;
    refuse_time("thrd_sleep");
}

int student_sched_yield(void)
{
    refuse_time("sched_yield");
}

void student_thrd_yield(void)
{
    refuse_time("thrd_yield");
}

int student_pause(void)
{
    refuse("pause", "it waits there for a signal, which nobody sends.");
}

int student_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *time)
{
    (void)cond, (void)mutex, (void)time;
    refuse_time("pthread_cond_timedwait");
}

int student_pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   clockid_t clock, const struct timespec *time)
{
    (void)cond, (void)mutex, (void)clock, (void)time;
    refuse_time("pthread_cond_clockwait");
}

int student_cnd_timedwait(cnd_t *cond, mtx_t *mutex,
                          const struct timespec *time)
{
    (void)cond, (void)mutex, (void)time;
    refuse_time("cnd_timedwait");
}

int student_sem_timedwait(sem_t *semaphore, const struct timespec *time)
{
    (void)semaphore, (void)time;
    refuse_time("sem_timedwait");
}

int student_poll(struct pollfd *fds, nfds_t count, int ms)
{
    expect_no_sleep("poll", ms);
    return poll(fds, count, ms);
}

static long in_ms(const struct timespec *time)
{
    if (time == NULL) return -1;
    return time->tv_sec * 1000 + (time->tv_nsec + 999999) / 1000000;
}

int student_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                  const sigset_t *mask)
{
    expect_no_sleep("ppoll", in_ms(time));
    return ppoll(fds, count, time, mask);
}

int student_select(int count, fd_set *in, fd_set *out, fd_set *other,
                   struct timeval *time)
{
    expect_no_sleep("select", time == NULL ? -1
                                           : time->tv_sec * 1000 +
                                                 (time->tv_usec + 999) / 1000);
    return select(count, in, out, other, time);
}

// ---------------------------------------------------------------------------
// What has succeeded may leave anything in errno, and here that which misleads
// most: errno says something only after a failure. Weak, for some checks have
// functions of their own that see more.
// ---------------------------------------------------------------------------

void mislead(bool succeeded, int error)
{
    if (succeeded) errno = error;
}

WEAK ssize_t student_read(int fd, void *buf, size_t len)
{
    ssize_t n = read(fd, buf, len);

    mislead(n >= 0, EAGAIN);
    return n;
}

WEAK int student_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    int result = epoll_ctl(epoll, op, fd, event);

    mislead(result == 0, EEXIST);
    return result;
}

WEAK int student_epoll_wait(int epoll, struct epoll_event *events, int count,
                            int ms)
{
    expect_no_sleep("epoll_wait", ms);
    int n = epoll_wait(epoll, events, count, ms);
    mislead(n >= 0, EINTR);
    return n;
}
