// The benchmark: what trale costs, beside a hand-written loop of the same
// design, tests/yardstick.c.
//
//     build/tests/bench                       everything, as `make bench` does
//     build/tests/bench WORKLOAD N            one workload, once, on trale
//     build/tests/bench yardstick WORKLOAD N  the same on the yardstick
//     build/tests/bench versus PROGRAM        w1 and w2 of this program beside
//                                             those of another build of it
//
// One workload prints one line, so that other runtimes can be put beside it:
//
//     name workload N seconds ns/op peak_rss_kib
//
// w1   spawns N tasks that end at once, then joins them.
// w2a  One task yields N times: it wakes itself and is pending. This measures
//      the executor, so the future that yields is polled again and again,
//      rather than a new one allocated for each yield.
// w2b  A hundred tasks yield N times in all.
// w3   spawns N tasks that sleep for 10 ms, then joins them. The 10 ms count,
//      from when the task runs for the first time.
// w3s  One task sleeps N times, for 1 us each.
// w4   Two tasks exchange N datagrams of 64 bytes each way, over loopback.
// w5   spawns N tasks that wait for ever, keeping the joiner of each. Each has
//      a future that holds a clone of its waker. Only its memory matters: the
//      tables show how much peak_rss_kib grows from N = 1, in bytes for each
//      task. (A task's own locals would come on top.)
//
// The clock starts when one sleep is over, so the threads run by then. For the
// tables each measurement is a process of its own, so that each has a peak of
// its own; ours and the yardstick's take turns.
#define _GNU_SOURCE // for sched_setaffinity
#include "tests/yardstick.h"
#include "trale.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// The workloads on trale
// ---------------------------------------------------------------------------

// Joins a task, which must not have failed.
static void join(struct task_joiner *joiner)
{
    intptr_t value = task_joiner_join(joiner);

    if (value < 0) errx(1, "a task failed: %s", strerror((int)-value));
}

// Spawns so many tasks, then joins them.
static void spawn_and_join(struct future *(*new_future)(void), long n)
{
    struct task_joiner *joiners = malloc((size_t)n * sizeof(*joiners));

    if (joiners == NULL) err(1, "malloc");
    for (long i = 0; i < n; i++) joiners[i] = executor_spawn(new_future());
    for (long i = 0; i < n; i++) join(&joiners[i]);
    free(joiners);
}

static struct poll nothing_poll(struct future *future, struct context *cx)
{
    (void)future;
    (void)cx;
    return POLL_READY(0);
}

static struct future *nothing(void)
{
    static const struct future_vtable vtable = { "nothing", nothing_poll,
                                                 NULL };

    return future_new(sizeof(struct future), &vtable);
}

static void w1(long n)
{
    spawn_and_join(nothing, n);
}

struct yielder {
    struct future future;
    long left;
};

static struct poll yielder_poll(struct future *future, struct context *cx)
{
    struct yielder *self = (struct yielder *)future;

    if (self->left-- == 0) return POLL_READY(0);
    struct waker waker = waker_clone(cx->waker);
    waker_wake(&waker);
    return POLL_PENDING;
}

static struct future *yielder(long times)
{
    static const struct future_vtable vtable = { "yielder", yielder_poll,
                                                 NULL };
    struct yielder *self = future_new(sizeof(*self), &vtable);

    self->left = times;
    return &self->future;
}

static void w2a(long n)
{
    struct task_joiner joiner = executor_spawn(yielder(n));

    join(&joiner);
}

static void w2b(long n)
{
    struct task_joiner joiners[100];

    for (int i = 0; i < 100; i++)
        joiners[i] = executor_spawn(yielder(n / 100 + (i < n % 100)));
    for (int i = 0; i < 100; i++) join(&joiners[i]);
}

struct sleeper {
    struct async async;
    int64_t nanos;
    long left;
};

static struct poll sleeper_poll(struct future *future, struct context *cx)
{
    struct sleeper *self = (struct sleeper *)future;

    ASYNC_BEGIN(self);
    for (; self->left > 0; self->left--) {
        AWAIT(self, timer_sleep((struct duration){ self->nanos }));
        if (self->async.value < 0) return POLL_READY(self->async.value);
    }
    ASYNC_END(self, 0);
}

static struct future *sleeper(int64_t nanos, long times)
{
    static const struct future_vtable vtable = { "sleeper", sleeper_poll,
                                                 async_drop };
    struct sleeper *self = future_new(sizeof(*self), &vtable);

    self->nanos = nanos;
    self->left = times;
    return &self->async.future;
}

static struct future *sleep_10_ms(void)
{
    return sleeper(10000000, 1);
}

static void w3(long n)
{
    spawn_and_join(sleep_10_ms, n);
}

static void w3s(long n)
{
    struct task_joiner joiner = executor_spawn(sleeper(1000, n));

    join(&joiner);
}

// One of the two ends of w4. The one that begins sends first.
struct peer {
    struct async async;
    bool begins;
    int sock;
    long left;
    struct socket_addr other;
    char buf[64];
};

static struct poll peer_poll(struct future *future, struct context *cx)
{
    struct peer *self = (struct peer *)future;

    ASYNC_BEGIN(self);
    for (; self->left > 0; self->left--) {
        if (self->begins) {
            AWAIT(self,
                  udp_socket_send_to(self->sock, self->buf, 64, &self->other));
            if (self->async.value < 0) return POLL_READY(self->async.value);
        }
        AWAIT(self, udp_socket_recv_from(self->sock, self->buf, 64, NULL));
        if (self->async.value < 0) return POLL_READY(self->async.value);
        if (!self->begins) {
            AWAIT(self,
                  udp_socket_send_to(self->sock, self->buf, 64, &self->other));
            if (self->async.value < 0) return POLL_READY(self->async.value);
        }
    }
    close(self->sock);
    ASYNC_END(self, 0);
}

static void w4(long n)
{
    static const struct future_vtable vtable = { "peer", peer_poll,
                                                 async_drop };
    struct socket_addr addrs[2] = { 0 };
    struct peer *peers[2];
    struct task_joiner joiners[2];

    for (int i = 0; i < 2; i++) {
        addrs[i].len = sizeof(addrs[i].v4);
        addrs[i].v4.sin_family = AF_INET;
        addrs[i].v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        peers[i] = future_new(sizeof(*peers[i]), &vtable);
        peers[i]->begins = i == 0;
        peers[i]->left = n;
        peers[i]->sock = udp_socket_bind(&addrs[i]);
        if (peers[i]->sock < 0 ||
            getsockname(peers[i]->sock, &addrs[i].any, &addrs[i].len) == -1)
            errx(1, "cannot bind a socket");
    }
    for (int i = 0; i < 2; i++) peers[i]->other = addrs[!i];
    for (int i = 0; i < 2; i++)
        joiners[i] = executor_spawn(&peers[i]->async.future);
    for (int i = 0; i < 2; i++) join(&joiners[i]);
}

struct parked {
    struct future future;
    struct waker waker;
};

static struct poll parked_poll(struct future *future, struct context *cx)
{
    ((struct parked *)future)->waker = waker_clone(cx->waker);
    return POLL_PENDING;
}

static void w5(long n)
{
    static const struct future_vtable vtable = { "parked", parked_poll, NULL };
    static struct task_joiner *joiners; // static: still there at exit

    joiners = malloc((size_t)n * sizeof(*joiners));
    if (joiners == NULL) err(1, "malloc");
    for (long i = 0; i < n; i++)
        joiners[i] = executor_spawn(future_new(sizeof(struct parked), &vtable));
    w1(1); // the queue is first in, first out: when this is done they all wait
}

static const struct workload trale[] = { { "w1", w1 },   { "w2a", w2a },
                                         { "w2b", w2b }, { "w3", w3 },
                                         { "w3s", w3s }, { "w4", w4 },
                                         { "w5", w5 },   { NULL, NULL } };

// ---------------------------------------------------------------------------
// One measurement
// ---------------------------------------------------------------------------

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// The most memory that this process has used so far. (What getrusage tells is
// not less than what the process had before it executed this program.)
static long peak_rss_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    if (status == NULL) err(1, "/proc/self/status");
    while (kib == -1 && fgets(line, sizeof(line), status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) != 1) kib = -1;
    fclose(status);
    return kib;
}

static const struct workload *find(const struct workload *table,
                                   const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0) return table;
    errx(2, "there is no workload %s, only w1, w2a, w2b, w3, w3s, w4 and w5",
         name);
}

static int run_once(const char *name, const char *workload, const char *number)
{
    const struct workload *table = strcmp(name, "trale") ? yardstick : trale;
    const struct workload *chosen = find(table, workload);
    char *rest;
    long n = strtol(number, &rest, 10);
    struct rlimit limit;

    if (*rest != '\0' || n < 1 || n > 100000000)
        errx(2, "N is a number from 1 to 100000000, not %s", number);
    // w3 needs a descriptor for each task.
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    find(table, "w3s")->run(1);
    double start = now();
    chosen->run(n);
    double seconds = now() - start;
    printf("%s %s %ld %.6f %.1f %ld\n", name, workload, n, seconds,
           seconds * 1e9 / (double)n, peak_rss_kib());
    return 0;
}

// ---------------------------------------------------------------------------
// The tables
// ---------------------------------------------------------------------------

// What several measurements of one thing gave.
enum { ROUNDS_MAX = 99 };
struct sample {
    int count;
    double values[ROUNDS_MAX]; // sorted
};

static void add(struct sample *sample, double value)
{
    int i = sample->count++;

    for (; i > 0 && sample->values[i - 1] > value; i--)
        sample->values[i] = sample->values[i - 1];
    sample->values[i] = value;
}

static double median(const struct sample *sample)
{
    return (sample->values[sample->count / 2] +
            sample->values[(sample->count - 1) / 2]) /
           2;
}

// Runs a program of this kind with these arguments, and reads its line.
static void measure(const char *program, const char *name, const char *workload,
                    long n, double *ns, double *kib)
{
    char command[PATH_MAX + 100];

    if (snprintf(command, sizeof(command), "exec '%s' %s %s %ld", program, name,
                 workload, n) >= (int)sizeof(command))
        errx(2, "the name of %s is too long", program);
    FILE *child = popen(command, "r");
    if (child == NULL) err(1, "popen");
    int items = fscanf(child, "%*s %*s %*d %*f %lf %lf", ns, kib);
    if (pclose(child) != 0 || items != 2) errx(1, "failed: %s", command);
}

// From now on this process and its children run on one CPU, or on all that
// they had at first.
static void pin(bool one)
{
    static cpu_set_t all;
    cpu_set_t set;
    int cpu = CPU_SETSIZE - 1;

    if (CPU_COUNT(&all) == 0 && sched_getaffinity(0, sizeof(all), &all) == -1)
        err(1, "sched_getaffinity");
    set = all;
    if (one) { // the last: interrupts tend to come to the first
        while (!CPU_ISSET(cpu, &all)) cpu--;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
    }
    if (sched_setaffinity(0, sizeof(set), &set) == -1)
        err(1, "sched_setaffinity");
}

// Two programs, or the two halves of this one, that take turns.
struct contest {
    const char *programs[2], *names[2];
    int rounds;
};

// One workload, and what came of it.
struct row {
    const char *workload;
    long n;
    struct sample ns[2], kib[2];
};

static void measure_row(const struct contest *contest, struct row *row)
{
    for (int i = 0; i < 2; i++) row->ns[i].count = row->kib[i].count = 0;
    for (int round = 0; round < contest->rounds; round++)
        for (int i = 0; i < 2; i++) {
            double ns, kib;
            measure(contest->programs[i], contest->names[i], row->workload,
                    row->n, &ns, &kib);
            add(&row->ns[i], ns);
            add(&row->kib[i], kib);
        }
}

static double ratio(const struct row *row)
{
    return median(&row->ns[0]) / median(&row->ns[1]);
}

// Measures each row and prints it.
static void print_times(const char *title, const struct contest *contest,
                        const char *left, const char *right, struct row *rows)
{
    printf("\n%s: ns/op, median of %d (min .. max)\n\n", title,
           contest->rounds);
    printf("         N    %-28s%-28sratio\n", left, right);
    for (struct row *row = rows; row->workload != NULL; row++) {
        measure_row(contest, row);
        printf("%-3s %6ld", row->workload, row->n);
        for (int i = 0; i < 2; i++) {
            struct sample *ns = &row->ns[i];
            char spread[32];
            snprintf(spread, sizeof(spread), "(%.0f .. %.0f)", ns->values[0],
                     ns->values[ns->count - 1]);
            printf(" %8.0f %-19s", median(ns), spread);
        }
        printf(" %.2f\n", ratio(row));
        fflush(stdout);
    }
}

static void print_growth(const struct row *rows)
{
    printf("\nHow a pinned operation's time grows with N\n\n");
    printf("                           trale   yardstick\n");
    for (const struct row *row = rows; row->workload != NULL; row++) {
        const struct row *last = row;
        while (last[1].workload != NULL &&
               strcmp(last[1].workload, row->workload) == 0)
            last++;
        if (last == row) continue;
        printf("%-3s %7ld .. %-7ld", row->workload, row->n, last->n);
        for (int i = 0; i < 2; i++)
            printf("  %6.2f x ", median(&last->ns[i]) / median(&row->ns[i]));
        printf("\n");
        row = last;
    }
}

static void print_memory(const struct contest *contest)
{
    struct row none = { .workload = "w5", .n = 1 };

    printf("\nBytes for each parked task, with its joiner and its future\n\n");
    printf("         N       trale   yardstick\n");
    measure_row(contest, &none);
    for (long n = 10000; n <= 100000; n *= 10) {
        struct row row = { .workload = "w5", .n = n };
        measure_row(contest, &row);
        printf("w5  %6ld  ", n);
        for (int i = 0; i < 2; i++)
            printf("  %8.1f", (median(&row.kib[i]) - median(&none.kib[i])) *
                                  1024 / (double)(n - 1));
        printf("\n");
    }
}

static int run_all(const char *program)
{
    struct contest contest = { { program, program },
                               { "trale", "yardstick" },
                               7 };
    struct row rows[] = { { .workload = "w1", .n = 1000 },
                          { .workload = "w1", .n = 100000 },
                          { .workload = "w2a", .n = 1000 },
                          { .workload = "w2a", .n = 100000 },
                          { .workload = "w2a", .n = 1000000 },
                          { .workload = "w2b", .n = 1000 },
                          { .workload = "w2b", .n = 100000 },
                          { .workload = "w2b", .n = 1000000 },
                          { .workload = "w3", .n = 100 },
                          { .workload = "w3", .n = 1000 },
                          { .workload = "w3", .n = 5000 },
                          { .workload = "w3s", .n = 1000 },
                          { .workload = "w3s", .n = 10000 },
                          { .workload = "w4", .n = 1000 },
                          { .workload = "w4", .n = 50000 },
                          { .workload = NULL } };

    print_times("Free", &contest, "trale", "yardstick", rows);
    pin(true);
    print_times("Pinned to one CPU", &contest, "trale", "yardstick", rows);
    print_growth(rows);
    contest.rounds = 15; // the kernel counts pages a little out of step
    print_memory(&contest);
    return 0;
}

static int run_versus(const char *program, const char *other)
{
    struct contest contest = { { program, other }, { "trale", "trale" }, 21 };
    struct row rows[] = { { .workload = "w1", .n = 100000 },
                          { .workload = "w2a", .n = 1000000 },
                          { .workload = "w2b", .n = 1000000 },
                          { .workload = NULL } };

    pin(true);
    print_times("Two builds, pinned", &contest, "this", "the other", rows);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 1) return pin(false), run_all(argv[0]);
    if (argc == 3 && strcmp(argv[1], "versus") == 0)
        return pin(false), run_versus(argv[0], argv[2]);
    if (argc == 3) return run_once("trale", argv[1], argv[2]);
    if (argc == 4 &&
        (strcmp(argv[1], "yardstick") == 0 || strcmp(argv[1], "trale") == 0))
        return run_once(argv[1], argv[2], argv[3]);
    errx(2, "usage: bench [[yardstick] WORKLOAD N | versus PROGRAM]");
}
