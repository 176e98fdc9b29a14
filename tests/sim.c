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
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// A run of more steps than that will not end.
enum { THREADS = SIM_THREADS, OBJECTS = 128, STEPS = 100000 };

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
    bool interrupted;
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

const struct sim_explorer *sim_explorer;

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
    return sim_explorer == NULL && once_in != 0 && sim_random(once_in) == 0;
}

bool sim_traces(void)
{
    return sim.trace;
}

void sim_tell(const char *format, ...)
{
    long long nanos = sim.now - START;
    va_list args;

    va_start(args, format);
    if (sim_explorer != NULL) {
        char line[BUFSIZ];
        vsnprintf(line, sizeof(line), format, args);
        sim_explorer->tell(line);
    } else {
        printf("%5d %2lld.%09lld  %-9s ", sim.steps, nanos / SECOND,
               nanos % SECOND, self->name);
        vprintf(format, args);
        puts("");
    }
    va_end(args);
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

// The name of a mutex or the like. Addresses differ from run to run.
static const char *object(const void *address)
{
    static _Thread_local char names[4][32]; // some lines have several
    static _Thread_local int next;
    char *name = names[next = (next + 1) % 4];
    int i = 0;

    if (sim_explorer != NULL && *sim_explorer->symbol(address) != '?')
        return sim_explorer->symbol(address);
    while (i < sim.n_objects && sim.objects[i] != address) i++;
    if (i == OBJECTS) sim_fail("too many mutexes and the like");
    if (i == sim.n_objects) sim.objects[sim.n_objects++] = address;
    snprintf(name, sizeof(*names), "object %d", i + 1);
    return name;
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
                                    "%s %s waits in %s(%s)", len > 0 ? "," : "",
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

// When the next thread or timer is due, or NEVER.
static int64_t next_due(void)
{
    int64_t next = kernel_next();

    for (int i = 0; i < sim.n_threads; i++) {
        int64_t deadline = sim.threads[i].deadline;
        if (deadline > sim.now && deadline < next) next = deadline;
    }
    return next;
}

// Whether the thread waits for what the world may cut short, and how.
static int can_be_cut_short(const struct thread *t)
{
    if (t->done || t->deadline != NEVER) return 0;
    if (strcmp(t->where, "pthread_cond_wait") == 0) return SIM_SPURIOUS;
    return strcmp(t->where, "epoll_wait") == 0 ? SIM_INTERRUPT : 0;
}

// All that can happen now. The first is what does, if nothing special happens:
// who runs goes on; else the first of those that can run; and if there is none,
// time passes. A tick is an option only where somebody waits for the time
// that it is then; sim_pass offers one to who asks for the time.
static int list_options(struct sim_option *options)
{
    bool goes_on = can_run(self), settling = false;
    int n = 0;

    if (goes_on) options[n++] = (struct sim_option){ 0, sim_self() };
    for (int i = 0; i < sim.n_threads; i++) {
        struct thread *t = &sim.threads[i];
        settling |= t->settling;
        if (t != self && can_run(t))
            options[n++] =
                (struct sim_option){ goes_on ? SIM_PREEMPTION : 0, i };
    }
    for (int i = 0; n == 0 && i < sim.n_threads; i++)
        if (sim.threads[i].settling) options[n++] = (struct sim_option){ 0, i };
    if (n == 0 && next_due() == NEVER) fail_deadlock();
    if (n == 0)
        options[n++] = (struct sim_option){ 0, -1 }; // time passes
    else if (!settling && next_due() <= sim.now + SIM_TICK)
        options[n++] = (struct sim_option){ SIM_TIME, -1 };
    for (int i = 0; i < sim.n_threads; i++) {
        struct thread *t = &sim.threads[i];
        int kind = can_run(t) ? 0 : can_be_cut_short(t);
        if (kind != 0)
            options[n++] =
                (struct sim_option){ kind | (goes_on ? SIM_PREEMPTION : 0), i };
    }
    return n;
}

static void tick(void)
{
    sim.now += SIM_TICK;
    sim.elapsed += SIM_TICK;
    sim_log("time passes");
}

static struct thread *explore(void)
{
    struct sim_option options[SIM_OPTIONS];

    for (;;) {
        int n = list_options(options);
        int running = can_run(self) ? sim_self() : -1;
        int choice = n > 1 ? sim_explorer->choose(options, n, running) : 0;
        struct sim_option option = options[choice];
        if (option.thread == -1) {
            option.kinds == SIM_TIME ? tick() : advance();
            continue;
        }
        struct thread *next = &sim.threads[option.thread];
        next->interrupted = option.kinds & SIM_INTERRUPT;
        if (option.kinds & (SIM_INTERRUPT | SIM_SPURIOUS)) next->deadline = 0;
        return next;
    }
}

static void wait_for_turn(void)
{
    while (sem_wait(&self->turn) == -1) continue; // a signal
}

void sim_block(const char *where, bool (*ready)(const void *of), const void *of,
               int64_t deadline)
{
    struct thread *next = NULL;
    bool done = self->done;

    if (++sim.steps > STEPS) sim_fail("livelock: no end after %d steps", STEPS);
    if (sim_explorer == NULL) sim_pass();
    if (sim_chance(sim.changes)) sim_shuffle();
    self->where = where;
    self->ready = ready;
    self->of = of;
    self->deadline = deadline;
    if (sim_explorer != NULL) next = explore();
    while (sim_explorer == NULL && (next = pick()) == NULL) advance();
    if (next != self) sem_post(&next->turn);
    if (next != self && !done) wait_for_turn();
}

void sim_touch(const void *object, enum sim_touch how, int64_t value)
{
    if (sim_explorer != NULL) sim_explorer->touch(object, how, value);
}

int sim_order(int n)
{
    struct sim_option options[SIM_OPTIONS];

    if (n == 1) return 0;
    if (sim_explorer == NULL) return sim_random(n);
    for (int i = 0; i < n; i++)
        options[i] = (struct sim_option){ i > 0 ? SIM_ORDER : 0, sim_self() };
    return sim_explorer->choose(options, n, sim_self());
}

void sim_pass(void)
{
    struct sim_option options[] = { { 0, sim_self() }, { SIM_TIME, -1 } };

    if (sim_explorer != NULL && self != NULL) {
        if (sim_explorer->choose(options, 2, sim_self()) == 1) tick();
        sim_touch(&sim.now, SIM_MEETS, sim.now);
        return;
    }
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

void sim_lull(void)
{
    if (sim_explorer == NULL) sim_yield();
}

void sim_settle(void)
{
    self->settling = true;
    sim_block("sim_settle", NULL, NULL, NEVER);
    self->settling = false;
    sim_touch(NULL, SIM_ACQUIRES, 0);
    sim_log("nobody else can run");
}

void sim_sleep(int64_t nanos)
{
    sim_block("sim_sleep", NULL, NULL, sim.now + nanos);
    sim_touch(&sim.now, SIM_MEETS, 0);
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

bool sim_interrupted(void)
{
    bool interrupted = self->interrupted;

    self->interrupted = false;
    return interrupted;
}

bool sim_runs(void)
{
    return self != NULL;
}

int sim_self(void)
{
    return self != NULL ? (int)(self - sim.threads) : -1;
}

bool sim_several(void)
{
    return sim.n_threads > 1;
}

const char *sim_name(int thread)
{
    return sim.threads[thread].name;
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
    sim_touch(self, SIM_ACQUIRES, 0);
    void *result = self->start(self->arg);
    sim_log("ends");
    sim_touch(self, SIM_RELEASES, 0);
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
    sim_touch(t, SIM_RELEASES, 0);
    sim_lull();
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
    sim_touch(thread_of(id), SIM_ACQUIRES, 0);
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
    sim_log("unlocks %s", object(mutex));
    self->held--;
    sim_touch(mutex, SIM_RELEASES, 0);
    int error = __real_pthread_mutex_unlock(mutex);
    sim_lull();
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
    sim_log("locks %s", object(mutex));
    sim_touch(mutex, SIM_ACQUIRES, 0);
    self->held++;
    return pthread_mutex_trylock(mutex);
}

WRAP(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    bool spurious = sim_chance(sim.spurious);

    sim_log("unlocks %s and waits for %s", object(mutex), object(cond));
    self->held--;
    sim_touch(cond, SIM_MEETS, 0);
    sim_touch(mutex, SIM_RELEASES, 0);
    __real_pthread_mutex_unlock(mutex);
    sim_block("pthread_cond_wait", NULL, cond, spurious ? 0 : NEVER);
    sim_touch(cond, SIM_MEETS, 0);
    return __wrap_pthread_mutex_lock(mutex);
}

static bool awaits(const struct thread *t, const pthread_cond_t *cond)
{
    return t->of == cond && t->deadline == NEVER;
}

// POSIX does not say which of those who wait is woken.
static int cond_signal(pthread_cond_t *cond, int most)
{
    int waiting = 0, first = 0, n = 0;

    sim_yield();
    for (int i = 0; i < sim.n_threads; i++)
        waiting += awaits(&sim.threads[i], cond);
    if (waiting > most) first = sim_order(waiting);
    sim_touch(cond, SIM_MEETS, first);
    for (int i = 0; i < sim.n_threads && n < most; i++)
        if (awaits(&sim.threads[i], cond) && first-- <= 0) {
            sim.threads[i].deadline = 0;
            n++;
        }
    sim_log("signals %s to %d threads", object(cond), n);
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

// All of it, in the process of this run alone.
static void run(const struct scenario *scenario, uint64_t seed, bool trace,
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
    if (sim_explorer != NULL) sim_explorer->begin(trace);
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

static _Noreturn void run_child(const struct scenario *scenario, uint64_t seed,
                                bool trace, char *reason)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    cpu_set_t set;

    // For what spins or blocks outside of all that is simulated.
    int patience =
        multiplier != NULL && atoi(multiplier) > 0 ? atoi(multiplier) : 1;
    rlim_t seconds = 2 * (rlim_t)patience;
    setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 });
    alarm(30 * (unsigned)patience);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, 256 }); // a dump tries all
    CPU_ZERO(&set); // threads that take turns do so faster on one processor
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof(set), &set);
    run(scenario, seed, trace, reason);
    _exit(0);
}

bool sim_run(const struct scenario *scenario, uint64_t seed, bool trace,
             char *reason)
{
    int status;

    *reason = '\0';
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) run_child(scenario, seed, trace, reason);
    if (pid == -1 || waitpid(pid, &status, 0) != pid) {
        perror("sim: cannot run a process");
        exit(2);
    }
    if (WIFSIGNALED(status))
        snprintf(reason, BUFSIZ, "killed by %s", strsignal(WTERMSIG(status)));
    else if (status != 0 && *reason == '\0')
        snprintf(reason, BUFSIZ, "exit code %d", WEXITSTATUS(status));
    return status == 0;
}

void *sim_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory != MAP_FAILED) return memory;
    perror("sim: no shared memory");
    exit(2);
}
