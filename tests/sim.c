// The simulator's scheduler. trale.c is not changed for it: the linker's --wrap
// sends its calls of the functions that are WRAPped here and in sim_kernel.c,
// and those of the scenarios, to what stands there.
//
// Each simulated thread is a real one, so that thread-locals, stacks and the
// sanitizers work as ever; but only one runs at any time, and the others wait
// for their turn, each on a semaphore of its own. A thread gives up its turn
// only in a simulated call. Then the next is picked: of all that can run, the
// one of the highest priority. Priorities are random and change at random
// steps. (A thread picked at random each time would hardly ever hold one back
// for long, and that is what many bugs need.)
//
// Nothing here depends on an address or on real time, so a seed says it all.
#define _GNU_SOURCE
#include "sim.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A run of more steps than that will not end.
enum { THREADS = 32, OBJECTS = 128, STEPS = 100000 };

// The clock does not start at zero: an absolute time is no relative one.
#define START (1000 * (int64_t)SECOND)

struct thread {
    pthread_t id;
    sem_t turn;
    char name[16];
    void *(*start)(void *);
    void *arg;
    uint32_t priority;
    int held; // mutexes
    bool done;
    // What it waits for, as sim_block was told:
    const char *where;
    bool (*ready)(const void *of);
    const void *of;
    int64_t deadline;
    bool settling; // runs when nobody else can
};

static struct {
    struct thread threads[THREADS];
    const void *objects[OBJECTS]; // mutexes and so on, in order of appearance
    uint64_t random;
    int64_t now, elapsed; // elapsed: what all steps took together
    int n_threads, n_objects, steps;
    int changes, spurious, interrupts; // each happens once in so many times
    int step_nanos;
    bool trace;
    char *reason;
} sim = { .now = START };

static _Thread_local struct thread *self; // NULL: not in a simulation

// ---------------------------------------------------------------------------
// Chance, words and failures
// ---------------------------------------------------------------------------

// Weyl's sequence, mixed as in splitmix64: any seed is as good as any other.
static uint32_t random32(void)
{
    uint64_t z = sim.random += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)(z >> 32);
}

int sim_random(int n)
{
    return (int)(random32() % (uint32_t)n);
}

bool sim_chance(int once_in)
{
    return once_in != 0 && sim_random(once_in) == 0;
}

void sim_log(const char *format, ...)
{
    long long nanos = sim.now - START;
    va_list args;

    if (!sim.trace) return;
    printf("%5d %2lld.%09lld  %-9s ", sim.steps, nanos / SECOND, nanos % SECOND,
           self->name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    puts("");
    fflush(stdout); // what a panic or a crash says comes after it
}

void sim_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(sim.reason, BUFSIZ, format, args);
    va_end(args);
    _exit(1);
}

void sim_equal(int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        sim_fail("line %d: %s is %lld and not %lld", line, what,
                 (long long)actual, (long long)expected);
}

// The number of a mutex or the like. Addresses differ from run to run.
static int object(const void *address)
{
    int i = 0;

    while (i < sim.n_objects && sim.objects[i] != address) i++;
    if (i == OBJECTS) sim_fail("too many mutexes and the like");
    if (i == sim.n_objects) sim.objects[sim.n_objects++] = address;
    return i + 1;
}

// ---------------------------------------------------------------------------
// The scheduler
// ---------------------------------------------------------------------------

// Nobody can run, and nothing is due: who waits where?
static _Noreturn void fail_deadlock(void)
{
    char text[BUFSIZ / 2] = "";
    size_t len = 0;

    for (struct thread *t = sim.threads; t < sim.threads + sim.n_threads; t++)
        if (!t->done && len < sizeof(text))
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "%s %s waits in %s(%d)", len > 0 ? "," : "",
                                    t->name, t->where, object(t->of));
    sim_fail("deadlock:%s", text);
}

// But for the time that steps take, time passes here only.
static void advance(void)
{
    int64_t next = kernel_next();

    for (int i = 0; i < sim.n_threads; i++)
        if (sim.threads[i].deadline < next) next = sim.threads[i].deadline;
    if (next == NEVER) fail_deadlock();
    sim.now = next;
}

static bool can_run(const struct thread *t)
{
    return t->deadline <= sim.now || (t->ready != NULL && t->ready(t->of));
}

static struct thread *pick(void)
{
    struct thread *best = NULL, *settling = NULL;

    for (struct thread *t = sim.threads; t < sim.threads + sim.n_threads; t++) {
        if (t->settling) settling = t;
        if (can_run(t) && (best == NULL || t->priority > best->priority))
            best = t;
    }
    return best != NULL ? best : settling;
}

static void wait_for_turn(void)
{
    while (sem_wait(&self->turn) == -1) continue; // a signal
}

void sim_block(const char *where, bool (*ready)(const void *of), const void *of,
               int64_t deadline)
{
    struct thread *next;
    bool done = self->done;

    if (++sim.steps > STEPS) sim_fail("livelock: no end after %d steps", STEPS);
    sim_pass();
    if (sim_chance(sim.changes)) sim_shuffle();
    self->where = where;
    self->ready = ready;
    self->of = of;
    self->deadline = deadline;
    while ((next = pick()) == NULL) advance();
    if (next != self) sem_post(&next->turn);
    if (next != self && !done) wait_for_turn();
}

void sim_pass(void)
{
    int nanos = sim.step_nanos > 0 ? sim_random(3) * sim.step_nanos : 0;

    sim.now += nanos;
    sim.elapsed += nanos;
}

void sim_shuffle(void)
{
    self->priority = random32();
}

void sim_yield(void)
{
    sim_block("sim_yield", NULL, NULL, 0);
}

void sim_settle(void)
{
    self->settling = true;
    sim_block("sim_settle", NULL, NULL, NEVER);
    self->settling = false;
    sim_log("nobody else can run");
}

void sim_sleep(int64_t nanos)
{
    sim_block("sim_sleep", NULL, NULL, sim.now + nanos);
}

int64_t sim_now(void)
{
    return sim.now;
}

int64_t sim_late(int64_t then)
{
    int64_t late = sim.now - then;

    return late >= 0 && late <= sim.elapsed ? 0 : late;
}

bool sim_interrupt(void)
{
    return sim_chance(sim.interrupts);
}

bool sim_runs(void)
{
    return self != NULL;
}

bool sim_free_on(const char *name)
{
    return strcmp(self->name, name) == 0 && self->held == 0;
}

int sim_threads(const char *name)
{
    int count = 0;

    for (int i = 0; i < sim.n_threads; i++)
        count += strcmp(sim.threads[i].name, name) == 0;
    return count;
}

// ---------------------------------------------------------------------------
// Threads, mutexes and condition variables
//
// A mutex is a real one that is never waited for, so pthread_mutex_trylock
// needs no wrapping. A condition variable is no more than an address.
// ---------------------------------------------------------------------------

static struct thread *thread_new(void)
{
    struct thread *t = &sim.threads[sim.n_threads];

    if (sim.n_threads == THREADS) sim_fail("too many threads");
    snprintf(t->name, sizeof(t->name), "thread-%d", sim.n_threads++);
    sem_init(&t->turn, 0, 0);
    t->priority = random32();
    return t;
}

static void *thread_main(void *arg)
{
    self = arg;
    wait_for_turn();
    void *result = self->start(self->arg);
    sim_log("ends");
    self->done = true;
    sim_block("its end", NULL, NULL, NEVER);
    return result;
}

WRAP(int, pthread_create, pthread_t *id, const pthread_attr_t *attr,
     void *(*start)(void *), void *arg)
{
    struct thread *t = thread_new();

    t->start = start;
    t->arg = arg;
    if (__real_pthread_create(id, attr, thread_main, t) != 0)
        sim_fail("there is no real thread left");
    t->id = *id;
    sim_log("starts %s", t->name);
    sim_yield();
    return 0;
}

// The newest of that id. Those of joined threads are used again.
static struct thread *thread_of(pthread_t id)
{
    struct thread *t = &sim.threads[sim.n_threads - 1];

    while (!pthread_equal(t->id, id)) t--;
    return t;
}

static bool is_done(const void *of)
{
    return ((const struct thread *)of)->done;
}

WRAP(int, pthread_join, pthread_t id, void **result)
{
    sim_block("pthread_join", is_done, thread_of(id), NEVER);
    return __real_pthread_join(id, result);
}

WRAP(int, pthread_setname_np, pthread_t id, const char *name)
{
    struct thread *t = thread_of(id);

    sim_log("names %s %s", t->name, name);
    snprintf(t->name, sizeof(t->name), "%s", name);
    return __real_pthread_setname_np(id, name);
}

WRAP(int, pthread_mutex_unlock, pthread_mutex_t *mutex)
{
    sim_log("unlocks mutex %d", object(mutex));
    self->held--;
    int error = __real_pthread_mutex_unlock(mutex);
    sim_yield();
    return error;
}

static bool is_unlocked(const void *of)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)of;

    return pthread_mutex_trylock(mutex) == 0 &&
           __real_pthread_mutex_unlock(mutex) == 0;
}

WRAP(int, pthread_mutex_lock, pthread_mutex_t *mutex)
{
    sim_block("pthread_mutex_lock", is_unlocked, mutex, NEVER);
    sim_log("locks mutex %d", object(mutex));
    self->held++;
    return pthread_mutex_trylock(mutex);
}

WRAP(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    bool spurious = sim_chance(sim.spurious);

    sim_log("unlocks mutex %d and waits for condition %d", object(mutex),
            object(cond));
    self->held--;
    __real_pthread_mutex_unlock(mutex);
    sim_block("pthread_cond_wait", NULL, cond, spurious ? 0 : NEVER);
    return __wrap_pthread_mutex_lock(mutex);
}

// POSIX does not say which of those who wait is woken.
static int cond_signal(pthread_cond_t *cond, int most)
{
    int first = sim_random(sim.n_threads), n = 0;

    for (int i = 0; i < sim.n_threads && n < most; i++) {
        struct thread *t = &sim.threads[(first + i) % sim.n_threads];
        if (t->of != cond || t->deadline != NEVER) continue;
        t->deadline = 0;
        n++;
    }
    sim_log("signals condition %d to %d threads", object(cond), n);
    sim_yield();
    return 0;
}

WRAP(int, pthread_cond_signal, pthread_cond_t *cond)
{
    return cond_signal(cond, 1);
}

WRAP(int, pthread_cond_broadcast, pthread_cond_t *cond)
{
    return cond_signal(cond, THREADS);
}

// ---------------------------------------------------------------------------
// A run
// ---------------------------------------------------------------------------

static int one_of(int a, int b, int c, int d)
{
    return (const int[]){ a, b, c, d }[sim_random(4)];
}

void sim_run(const struct scenario *scenario, uint64_t seed, bool trace,
             char *reason)
{
    sim.random = seed;
    sim.changes = one_of(1, 3, 10, 50);
    sim.spurious = one_of(0, 0, 3, 20);
    sim.interrupts = one_of(0, 0, 3, 20);
    sim.step_nanos = one_of(0, 0, 1, 100);
    sim.trace = trace;
    sim.reason = reason;
    self = thread_new();
    strcpy(self->name, "main");
    self->id = pthread_self();
    scenario->run();
    sim_settle();
    // Two threads of trale's stay, and wait. Nothing else does.
    for (struct thread *t = sim.threads; t < sim.threads + sim.n_threads; t++) {
        if (t->held != 0) sim_fail("%s has left a mutex locked", t->name);
        if (t != self && !t->done && strcmp(t->where, "epoll_wait") != 0 &&
            strcmp(t->where, "pthread_cond_wait") != 0)
            sim_fail("%s is left in %s", t->name, t->where);
    }
    kernel_check();
    sim_log("has left nothing");
}
