#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void add(Suite *suite, const char *name, const TTest *test,
                double seconds, bool alone)
{
    TCase *tcase = tcase_create(name);

    note_test(name, alone);
    tcase_set_timeout(tcase, seconds);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

void add_test_(Suite *suite, const char *name, const TTest *test,
               double seconds)
{
    add(suite, name, test, seconds, false);
}

void add_test_alone_(Suite *suite, const char *name, const TTest *test,
                     double seconds)
{
    add(suite, name, test, seconds, true);
}

void skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("skipped: ");
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

struct poll_fn {
    struct future future;
    struct poll (*poll)(void *data, struct context *cx);
    void (*drop)(void *data);
    void *data;
};

static struct poll poll_fn_poll(struct future *future, struct context *cx)
{
    struct poll_fn *self = (struct poll_fn *)future;

    return self->poll(self->data, cx);
}

static void poll_fn_drop(struct future *future)
{
    struct poll_fn *self = (struct poll_fn *)future;

    if (self->drop != NULL) self->drop(self->data);
}

struct future *poll_fn(struct poll (*poll)(void *data, struct context *cx),
                       void (*drop)(void *data), void *data)
{
    static const struct future_vtable vtable = { "poll_fn", poll_fn_poll,
                                                 poll_fn_drop };
    struct poll_fn *self = future_new(sizeof(*self), &vtable);

    self->poll = poll;
    self->drop = drop;
    self->data = data;
    return &self->future;
}

static struct poll ready_poll(void *data, struct context *cx)
{
    (void)cx;
    return POLL_READY((intptr_t)data);
}

struct future *ready(intptr_t value)
{
    return poll_fn(ready_poll, NULL, (void *)value);
}

struct pending {
    struct future future;
    struct waker waker;
};

static struct poll pending_poll(struct future *future, struct context *cx)
{
    struct pending *self = (struct pending *)future;

    waker_drop(&self->waker);
    self->waker = waker_clone(cx->waker);
    return POLL_PENDING;
}

static void pending_drop(struct future *future)
{
    waker_drop(&((struct pending *)future)->waker);
}

struct future *pending(void)
{
    static const struct future_vtable vtable = { "pending", pending_poll,
                                                 pending_drop };

    return future_new(sizeof(struct pending), &vtable);
}

static void counting_nothing(void *data)
{
    (void)data;
}

static void counting_wake(void *data)
{
    __atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

struct waker counting_waker(int *count)
{
    static const struct waker_vtable vtable = { counting_nothing, counting_wake,
                                                counting_nothing };

    return (struct waker){ &vtable, count };
}

int rounds(int n)
{
    const char *part = getenv("TRALE_TEST_ROUNDS");

    return part != NULL && atoi(part) > 0 ? n / atoi(part) : n;
}

void assert_dies(void (*body)(void), const char *message)
{
    char output[4096], *line = NULL;
    size_t len = 0;
    int fds[2], status, lines = 0;

    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ne(child, -1);
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        body();
        _exit(0);
    }
    close(fds[1]);
    for (ssize_t n = 1; n > 0 && len < sizeof(output) - 1; len += (size_t)n)
        n = read(fds[0], output + len, sizeof(output) - 1 - len);
    output[len] = '\0';
    close(fds[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    for (char *p = strtok(output, "\n"); p != NULL; p = strtok(NULL, "\n")) {
        if (strncmp(p, "trale: ", 7) != 0) continue;
        line = p;
        lines++;
    }
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
                  "it did not abort: status %#x, last line: %s",
                  (unsigned)status, line != NULL ? line : "(none)");
    ck_assert_msg(lines == 1, "%d lines instead of one", lines);
    ck_assert_msg(strstr(line, message) != NULL, "\"%s\" lacks \"%s\"", line,
                  message);
}

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2; // "." and ".."

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

int count_fds(void)
{
    return count_entries("/proc/self/fd") - 1; // opendir's own
}

int count_threads(void)
{
    return count_entries("/proc/self/task");
}

int count_epoll(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int count = -1;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[300], text[300];
        snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
        ssize_t len = readlink(path, text, sizeof(text) - 1);
        if (len < 0) continue;
        text[len] = '\0';
        if (strstr(text, "[eventpoll]") == NULL) continue;
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
        FILE *info = fopen(path, "r");
        ck_assert_ptr_nonnull(info);
        count = 0;
        while (fgets(text, sizeof(text), info) != NULL)
            count += strncmp(text, "tfd:", 4) == 0;
        fclose(info);
    }
    closedir(dir);
    return count;
}

// The linker makes trale.c call this in place of pthread_cond_wait. That is how
// we see the executor go to sleep.
int __real_pthread_cond_wait(pthread_cond_t *cv, pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait(pthread_cond_t *cv, pthread_mutex_t *mutex);
static atomic_bool asleep;

int __wrap_pthread_cond_wait(pthread_cond_t *cv, pthread_mutex_t *mutex)
{
    char name[16] = "";

    pthread_getname_np(pthread_self(), name, sizeof(name));
    if (strcmp(name, "executor") != 0)
        return __real_pthread_cond_wait(cv, mutex);
    asleep = true;
    int error = __real_pthread_cond_wait(cv, mutex);
    asleep = false;
    return error;
}

bool executor_sleeps(void *unused)
{
    (void)unused;
    return asleep;
}

// While the executor runs the future, it is awake. When it sleeps again, it has
// found nothing more to do.
void executor_settle(void)
{
    ck_assert_int_eq(executor_block_on(ready(1)), 1);
    while (!asleep) sched_yield();
}

static double seconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double cpu_seconds(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

void sleep_for(double duration)
{
    double end = now() + duration;

    for (double left = duration; left > 0; left = end - now()) {
        struct timespec time = { (time_t)left,
                                 (long)(left * 1e9) % 1000000000 };
        nanosleep(&time, NULL);
    }
}

void stay_on_one_cpu(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

void wait_until(bool (*condition)(void *data), void *data)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double end = now() + 10 * (multiplier != NULL ? atof(multiplier) : 1);

    while (!condition(data)) {
        ck_assert_msg(now() < end, "waited in vain");
        sleep_for(0.001);
    }
}

struct socket_addr localhost(uint16_t port)
{
    struct socket_addr addr = { .len = sizeof(addr.v4) };

    addr.v4.sin_family = AF_INET;
    addr.v4.sin_port = htons(port);
    addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

struct socket_addr localhost6(uint16_t port)
{
    struct socket_addr addr = { .len = sizeof(addr.v6) };

    addr.v6.sin6_family = AF_INET6;
    addr.v6.sin6_port = htons(port);
    addr.v6.sin6_addr = in6addr_loopback;
    return addr;
}

struct socket_addr local_addr(int sock)
{
    struct socket_addr addr = { .len = sizeof(addr.v6) };

    ck_assert_int_eq(getsockname(sock, &addr.any, &addr.len), 0);
    return addr;
}
