// The side of the harness that lives with the student's code: what checks.c
// calls, and the audit at its end. watch.c is the other side.
#define _GNU_SOURCE
#include "harness.h"

#include "narration.h"
#include "shared.h"

#include "tests/register.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int round_no;

static struct shared *shared;
static struct probe *probes;
static bool with_trale;
static struct script *scripts;
static bool open_before[1024]; // the descriptors

// The checks, as CHECK adds them.
static struct item {
    const char *name;
    void (*body)(void);
} items[40];
static int item_count;

void harness_add(const char *name, void (*body)(void))
{
    if (item_count == 40) abort();
    items[item_count++] = (struct item){ name, body };
}

// Leaks are looked for when a check is over, and not at exit, which the
// student's code might reach first. Missing under the thread sanitizer.
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

// What the sanitizers shall do, wherever the program is run.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=1:leak_check_at_exit=0:color=never:exitcode=99:"
           "detect_stack_use_after_return=1:handle_abort=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=0:color=never:halt_on_error=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=1:atexit_sleep_ms=0:color=never:exitcode=99:"
           "report_thread_leaks=0:second_deadlock_stack=1";
}

// ---------------------------------------------------------------------------
// Saying what happened
// ---------------------------------------------------------------------------

// "1 wakers are" becomes "1 waker is", so that no message has to ask.
static void agree(char *text)
{
    static const char *const nouns[] = {
        "wakers are",  "waker is",   "wakers",       "waker",       "times",
        "time",        "clones are", "clone is",     "clones",      "clone",
        "polls",       "poll",       "tasks are",    "task is",     "tasks",
        "task",        "wakes",      "wake",         "values",      "value",
        "bytes",       "byte",       "turns",        "turn",        "ticks",
        "tick",        "children",   "child",        "places",      "place",
        "descriptors", "descriptor", "milliseconds", "millisecond",
    };

    for (char *one = text; (one = strstr(one, "1 ")) != NULL; one++) {
        if (one > text && one[-1] != ' ') continue;
        for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i += 2) {
            size_t many = strlen(nouns[i]), single = strlen(nouns[i + 1]);
            if (strncmp(one + 2, nouns[i], many) != 0 ||
                (one[2 + many] >= 'a' && one[2 + many] <= 'z'))
                continue;
            memcpy(one + 2, nouns[i + 1], single);
            memmove(one + 2 + single, one + 2 + many,
                    strlen(one + 2 + many) + 1);
            break;
        }
    }
}

// The first failure counts: it is the cause of those that other threads find
// while the process ends.
void fail(const char *format, ...)
{
    va_list args;

    if (!atomic_exchange(&shared->failed, true)) {
        va_start(args, format);
        vsnprintf(shared->message, sizeof(shared->message), format, args);
        va_end(args);
        agree(shared->message);
        _exit(1);
    }
    for (;;) pause();
}

void exercise_todo(const char *file, int line, const char *what, ...)
{
    fail("This is still to be written: %s. Put your code in place of the line "
         "with todo, %s:%d.",
         what, file, line);
}

void event(const char *task, const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    narration_event(task, what, format, args);
    va_end(args);
}

void awaiting(const char *format, ...)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    va_list args;

    va_start(args, format);
    pthread_mutex_lock(&lock);
    vsnprintf(shared->awaiting, sizeof(shared->awaiting), format, args);
    pthread_mutex_unlock(&lock);
    va_end(args);
}

void read_in(const char *where)
{
    snprintf(shared->read, sizeof(shared->read), "%s", where);
}

void perhaps(const char *sentence)
{
    snprintf(shared->perhaps, sizeof(shared->perhaps), "%s", sentence);
}

void patient(bool on)
{
    shared->patient = on;
}

// Of the errors, those that one meets here: -7 may well be a number.
const char *value_name(intptr_t value)
{
    static const int errors[] = { EPERM,  ENOENT,    EINTR,   EBADF,  EAGAIN,
                                  EEXIST, EINVAL,    EMFILE,  ENOSPC, EPIPE,
                                  ENOMEM, ETIMEDOUT, EMSGSIZE };
    static _Thread_local char texts[8][32];
    static _Thread_local unsigned number;
    char *text = texts[number++ % 8];
    const char *error = NULL;

    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
        if (value == -errors[i]) error = strerrorname_np(errors[i]);

    if (error != NULL)
        snprintf(text, sizeof(texts[0]), "-%s", error);
    else
        snprintf(text, sizeof(texts[0]), "%ld", (long)value);
    return text;
}

const char *outcome(struct poll poll)
{
    static _Thread_local char texts[8][48];
    static _Thread_local unsigned number;
    char *text = texts[number++ % 8];

    if (!poll.ready) return "pending";
    snprintf(text, sizeof(texts[0]), "ready with %s", value_name(poll.value));
    return text;
}

void narration(bool on)
{
    narration_switch(on);
}

// ---------------------------------------------------------------------------
// Time and descriptors
// ---------------------------------------------------------------------------

static double seconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double cpu_seconds(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

void sleep_ms(int ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}

bool wait_until(bool (*condition)(void *data), void *data)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double end = now() + 3 * (multiplier != NULL ? atof(multiplier) : 1);

    // We may look for longer than a thread that sleeps is let be.
    shared->patient = true;
    bool became = false;
    double used = cpu_seconds();
    while (!(became = condition(data)) && now() < end &&
           cpu_seconds() < used + 0.5)
        sleep_ms(1);
    shared->patient = false;
    return became;
}

// The state of a thread, a letter that proc(5) explains: S sleeps, R runs, or
// would if there were a processor for it.
static char state_of(pid_t tid)
{
    char path[64], text[512] = "";

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    FILE *file = fopen(path, "re");
    if (file == NULL) return '?';
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *state = strrchr(text, ')');
    return state != NULL && state[1] == ' ' ? state[2] : '?';
}

// Five looks in a row, for a thread that spins may be seen asleep for a moment
// as it waits for a lock. Our own time does not count.
bool falls_asleep(pid_t tid)
{
    double others = cpu_seconds() - seconds(CLOCK_THREAD_CPUTIME_ID);
    int asleep = 0;

    while (asleep < 5) {
        char state = state_of(tid);
        if (state == '?') return false; // it has ended
        asleep = state == 'S' ? asleep + 1 : 0;
        double used = cpu_seconds() - seconds(CLOCK_THREAD_CPUTIME_ID);
        if (used - others > 0.05) return false;
        sleep_ms(1);
    }
    return true;
}

bool ends_before_it_sleeps(pid_t tid, atomic_bool *over)
{
    for (int asleep = 0; asleep < 5; sleep_ms(1)) {
        if (*over) return true;
        asleep = state_of(tid) == 'S' ? asleep + 1 : 0;
    }
    return *over;
}

static void note_fds(void)
{
    struct stat status;

    for (int fd = 0; fd < 1024; fd++) open_before[fd] = !fstat(fd, &status);
}

int count_fds(void)
{
    struct stat status;
    int count = 0;

    for (int fd = 0; fd < 1024; fd++) count += !fstat(fd, &status);
    return count;
}

// ---------------------------------------------------------------------------
// The task that a check polls by hand
// ---------------------------------------------------------------------------

int probe_held(struct probe *probe)
{
    return probe->clones - probe->wakes - probe->drops;
}

static void probe_event(struct probe *probe, const char *what, int clones,
                        int wakes, int drops)
{
    event(probe->name, what, "| polls %d, wakes %d, wakers held %d",
          probe->polls, probe->wakes + wakes,
          probe_held(probe) + clones - wakes - drops);
}

static void expect_no_lock(const struct probe *probe, const char *what)
{
    expect(!strict_locks || !has_lock(),
           "A waker of %s was %s with the lock held. That calls code of "
           "others, which may want that lock: an executor may poll the task on "
           "the spot, and what the task owns may be dropped. The thread would "
           "wait for itself for ever. Do it when no lock is held.",
           probe->name, what);
}

// In these three, which may run on any thread, counting comes last: a check
// that has seen the count may end, and the probe with it.
static void probe_clone_waker(void *data)
{
    struct probe *probe = data;

    probe_event(probe, "clone", 1, 0, 0);
    expect_no_lock(probe, "cloned");
    probe->clones++;
    moment(cloning);
    errno = ERANGE; // as any call may
}

// An executor may do that: poll the task on the spot.
static void poll_on_the_spot(struct probe *probe)
{
    struct future *future = probe->eager;

    probe->spots++;
    event(probe->name, "on-the-spot", "| the wake polls it before it returns");
    probe->eager = NULL;
    probe->spot = probe_poll(probe, future);
    probe->eager = future;
    if (!probe->spot.ready) return;
    probe->eager = NULL;
    probe_drop(probe, future);
}

// Each of the two gives one waker back, so one must have been cloned.
static void probe_wake_waker(void *data)
{
    struct probe *probe = data;

    probe_event(probe, "wake", 0, 1, 0);
    if (probe_held(probe) < 1)
        fail("A waker of %s was woken that nobody had cloned: waking consumes "
             "a waker, and the one in the context is only lent. Keep what "
             "waker_clone(cx->waker) returns, and wake that.",
             probe->name);
    expect_no_lock(probe, "woken");
    probe->wakes++;
    if (probe->eager != NULL && !probe->polling) poll_on_the_spot(probe);
    errno = ERANGE;
}

static void probe_drop_waker(void *data)
{
    struct probe *probe = data;

    probe_event(probe, "drop-waker", 0, 0, 1);
    if (probe_held(probe) < 1)
        fail("A waker of %s was dropped that nobody had cloned: the one in the "
             "context is only lent, and a waker that has been woken is gone. "
             "Keep what waker_clone(cx->waker) returns, and give it back once.",
             probe->name);
    expect_no_lock(probe, "dropped");
    probe->drops++;
    moment(dropping);
    errno = ERANGE;
}

static const struct waker_vtable probe_vtable = { probe_clone_waker,
                                                  probe_wake_waker,
                                                  probe_drop_waker };

struct probe *probe_new(const char *name)
{
    struct probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) abort();
    probe->name = name;
    probe->next = probes;
    probes = probe;
    return probe;
}

// The context and the waker are on the heap and not on the stack, so that
// whoever keeps a pointer to them is found out by the address sanitizer.
struct poll probe_poll(struct probe *probe, struct future *future)
{
    struct waker *lent = malloc(sizeof(*lent));
    struct context *cx = malloc(sizeof(*cx));

    if (lent == NULL || cx == NULL) abort();
    *lent = (struct waker){ &probe_vtable, probe };
    cx->waker = lent;
    probe->polls++;
    event(probe->name, "poll", "| poll number %d", probe->polls);
    awaiting("poll number %d of %s to return", probe->polls, probe->name);
    char name[80];
    snprintf(name, sizeof(name), "%s_poll", future->vtable->name);
    struct call outer = enter(name);
    bool polling = probe->polling;
    probe->polling = true;
    double began = seconds(CLOCK_THREAD_CPUTIME_ID);
    struct poll poll = future_poll(future, cx);
    double used = seconds(CLOCK_THREAD_CPUTIME_ID) - began;
    expect(used < 0.1,
           "A single poll of %s used %.1f s of processor time: it waits there "
           "for something, and every other task waits too. Do what can be done "
           "now, and be pending for the rest.",
           probe->name, used);
    probe->polling = polling;
    leave(outer);
    awaiting("%s", "");
    if (lent->vtable != &probe_vtable || lent->data != probe)
        fail("The waker in the context of %s was changed during the poll: it "
             "is only lent, and const.",
             probe->name);
    free(cx);
    free(lent);
    if (poll.ready)
        event(probe->name, "ready", "= %ld", (long)poll.value);
    else
        probe_event(probe, "pending", 0, 0, 0);
    return poll;
}

// The one whose future this thread drops.
static _Thread_local const struct probe *in_drop;

void probe_drop(struct probe *probe, struct future *future)
{
    event(probe->name, "cancel", "| the future is dropped");
    awaiting("the drop of a future of %s to return", probe->name);
    struct call outer = enter("Its drop function");
    const struct probe *outer_drop = in_drop;
    in_drop = probe;
    future_drop(future);
    in_drop = outer_drop;
    leave(outer);
    awaiting("%s", "");
}

struct waker probe_waker(struct probe *probe)
{
    return waker_clone(&(struct waker){ &probe_vtable, probe });
}

// What starts must not depend on the clock, as a sleep would: it may be over
// at its first poll, and then no reactor is needed.
void use_trale(void)
{
    with_trale = true;
    struct probe *probe = probe_new("start");
    struct waker waker = probe_waker(probe);
    struct subscription sub = { .fd = -1 };
    int fds[2];

    bool was = narration_switch(false);
    executor_block_on(timer_sleep(duration_from_millis(0)));
    if (pipe(fds) == -1) abort();
    if (register_waker(&sub, fds[0], &waker, WAKEUP_READABLE).ready) abort();
    reactor_deregister_waker(&sub);
    waker_drop(&waker);
    close(fds[0]);
    close(fds[1]);
    note_fds();
    narration_switch(was);
}

// ---------------------------------------------------------------------------
// The future with a script
// ---------------------------------------------------------------------------

struct script_future {
    struct future future;
    struct script *script;
};

void script_wake(struct script *script)
{
    int wake = ++script->wakes;

    event(script->name, "wake", "| wake number %d", wake);
    // During the poll it is the poll that waits for the waker, and then the
    // task for its turn. Later the task may have had its turn before we are
    // back.
    if (script->polling)
        awaiting("wake number %d of %s, which came during its poll, to return",
                 wake, script->name);
    else
        awaiting("%s to be polled again, after wake number %d", script->name,
                 wake);
    struct call outer = enter("A wake");
    waker_wake(&script->waker);
    leave(outer);
    if (script->polling)
        awaiting("%s to be polled again, after wake number %d, which came "
                 "during its poll",
                 script->name, wake);
}

static void *script_thread(void *data)
{
    struct script *script = data;

    if (!script->polling) sleep_ms(script->delay_ms);
    script_wake(script);
    return NULL;
}

static void script_join(struct script *script)
{
    if (script->has_thread) pthread_join(script->thread, NULL);
    script->has_thread = false;
}

static void script_start(struct script *script)
{
    script_join(script); // that of an earlier poll
    if (pthread_create(&script->thread, NULL, script_thread, script)) abort();
    script->has_thread = true;
}

static struct poll script_poll(struct future *future, struct context *cx)
{
    struct script *script = ((struct script_future *)future)->script;
    const char *name = script->name;
    int poll = ++script->polls;
    char step = script->steps[poll - 1];

    event(name, "poll", "| poll number %d", poll);
    if (script->ended)
        fail("%s was polled again after it had been ready: drop it instead.",
             name);
    if (script->polling) fail("%s was polled while it was being polled.", name);
    if (poll > script->wakes + 1 && woken_for_nothing())
        fail("%s was polled although nobody had woken it: pthread_cond_wait "
             "returned for nothing, as it may, and %s went on without another "
             "look. Ask again after each return: while, and not if, around "
             "pthread_cond_wait.",
             name, calling());
    if (poll > script->wakes + 1 && in_drop != NULL)
        fail("%s was polled once more, while the future that awaits it was "
             "dropped. Who is dropped has to let go, and polls nothing.",
             name);
    if (poll > script->wakes + 1)
        fail("%s was polled although nobody had woken it: poll number %d after "
             "%d wake%s. That is busy-polling. A pending future is polled "
             "again when its waker is woken, and not before.",
             name, poll, script->wakes, script->wakes == 1 ? "" : "s");
    if (cx == NULL || cx->waker == NULL || cx->waker->vtable == NULL)
        fail("%s was polled without a waker in its context.", name);
    script->polling = true;
    if (script->on_poll != NULL) script->on_poll(script);
    if (step != 'r') {
        waker_drop(&script->waker);
        script->waker = waker_clone(cx->waker);
    }
    awaiting("%s to be woken, after poll number %d", name, poll);
    if (step == 'y') script_wake(script);
    if (step == 't' || step == 'd') script_start(script);
    if (step == 'd') script_join(script);
    script->polling = false;
    if (step != 'r') {
        event(name, "pending", "| polls %d, wakes %d", poll, script->wakes);
        script->pendings++;
        return POLL_PENDING;
    }
    script->ended = true;
    event(name, "ready", "= %ld", (long)script->value);
    awaiting("your code to go on, after %s was ready", name);
    return POLL_READY(script->value);
}

static void script_drop(struct future *future)
{
    struct script *script = ((struct script_future *)future)->script;

    script->drops++;
    event(script->name, "drop", "| the future is dropped");
    if (script->polling)
        fail("%s was dropped while it was being polled.", script->name);
    script_join(script);
    waker_drop(&script->waker);
}

struct script *script_new(const char *name, const char *steps, intptr_t value)
{
    static const struct future_vtable vtable = { "script", script_poll,
                                                 script_drop };
    struct script *script = calloc(1, sizeof(*script));
    struct script_future *future = future_new(sizeof(*future), &vtable);

    if (script == NULL) abort();
    future->script = script;
    script->name = name;
    script->steps = steps;
    script->value = value;
    script->delay_ms = 1;
    script->future = &future->future;
    if (scripts == NULL) awaiting("the first poll of %s", name);
    script->next = scripts;
    scripts = script;
    return script;
}

// ---------------------------------------------------------------------------
// The thread with which nothing is in common
// ---------------------------------------------------------------------------

// They wait by a bare system call, which orders nothing for the thread
// sanitizer. And so they sleep: the watcher knows a hang by that.
static void await_word(atomic_int *word)
{
    while (!atomic_load_explicit(word, memory_order_relaxed))
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void set_word(atomic_int *word)
{
    atomic_store_explicit(word, 1, memory_order_relaxed);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void *stranger_thread(void *data)
{
    struct stranger *self = data;

    await_word(&self->go);
    self->act(self->data);
    set_word(&self->gone);
    return NULL;
}

void stranger_begin(struct stranger *stranger, void (*act)(void *data),
                    void *data)
{
    *stranger = (struct stranger){ .act = act, .data = data };
    if (pthread_create(&stranger->thread, NULL, stranger_thread, stranger))
        abort();
}

void stranger_acts(struct stranger *stranger)
{
    set_word(&stranger->go);
    await_word(&stranger->gone);
}

void stranger_end(struct stranger *stranger)
{
    pthread_join(stranger->thread, NULL);
}

static void do_nothing(void *data)
{
    (void)data;
}

struct waker idle_waker(void)
{
    static const struct waker_vtable vtable = { do_nothing, do_nothing,
                                                do_nothing };

    return (struct waker){ &vtable, NULL };
}

void poll_idly(void *data)
{
    struct future *future = data;
    struct waker waker = idle_waker();
    struct call outer = enter(future->vtable->name);

    future_poll(future, &(struct context){ &waker });
    leave(outer);
}

void poll_apart(struct future *one, struct future *other)
{
    struct stranger stranger;

    awaiting("two polls of two futures, on two threads, to return");
    bool was = narration_switch(false);
    stranger_begin(&stranger, poll_idly, other);
    poll_idly(one);
    stranger_acts(&stranger);
    stranger_end(&stranger);
    narration_switch(was);
}

// ---------------------------------------------------------------------------
// The audit, and the life of the process
// ---------------------------------------------------------------------------

static void audit_scripts(void)
{
    while (scripts != NULL) {
        struct script *script = scripts;
        if (script->drops == 0)
            fail("The future %s was never dropped: whoever takes a future over "
                 "drops it when it is ready, with future_drop.",
                 script->name);
        scripts = script->next;
        free(script);
    }
}

static void audit_probes(void)
{
    while (probes != NULL) {
        struct probe *probe = probes;
        // A wake by the reactor's thread may still be under way.
        for (int ms = 0; with_trale && probe_held(probe) > 0 && ms < 500; ms++)
            sleep_ms(1);
        int held = probe_held(probe);
        if (held > 0)
            fail("%d waker%s of %s %s never given back: %d cloned, %d woken, "
                 "%d dropped. A waker that is not woken must be dropped, with "
                 "waker_drop: when another takes its place, and when the "
                 "future that keeps it is dropped.",
                 held, held == 1 ? "" : "s", probe->name,
                 held == 1 ? "was" : "were", probe->clones, probe->wakes,
                 probe->drops);
        probes = probe->next;
        free(probe);
    }
}

static void audit_fds(void)
{
    struct stat status;

    for (int fd = 0; fd < 1024; fd++) {
        char path[40], text[80] = "";
        bool is_open = !fstat(fd, &status);
        if (is_open == open_before[fd]) continue;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, text, sizeof(text) - 1) == -1) text[0] = '\0';
        if (!is_open)
            fail("Descriptor %d was closed, but it was not yours.", fd);
        fail("Descriptor %d (%s) is still open: whoever opens one closes it.",
             fd, text);
    }
}

static void run(void (*body)(void))
{
    const char *rounds = getenv("EXERCISE_ROUNDS");
    int wanted = rounds != NULL && atoi(rounds) > 0 ? atoi(rounds) : 1;

    for (round_no = 0; round_no < wanted; round_no++) {
        awaiting("%s", "");
        shared->over = false;
        shared->round = round_no;
        note_fds();
        body();
        shared->over = true;
        audit_scripts();
        audit_probes();
        audit_fds();
    }
}

// PROGRAM NAME FD: runs the check of that name. FD is the memory that we share
// with the watcher, which has started us.
int main(int argc, char **argv)
{
    int fd = argc == 3 ? atoi(argv[2]) : -1;
    pid_t self = getpid();

    shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) return 2;
    close(fd);
    int secret = shared->secret;
    shared->secret = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    narration_begin();
    read_in(exercise_read);
    shared->began = true;
    for (int i = 0; i < item_count; i++)
        if (strcmp(items[i].name, argv[1]) == 0) run(items[i].body);
    if (__lsan_do_recoverable_leak_check != NULL &&
        __lsan_do_recoverable_leak_check() != 0)
        shared->leaked = true;
    else if (getpid() == self)
        shared->complete = secret;
    fflush(stdout);
    _exit(0);
}
