// Makes every call of trale.c that can fail do so. `make torture` links this
// program with -Wl,--wrap=NAME for each of them (tests/torture.mk), over the
// unchanged trale.c, and under the address and undefined sanitizers.
//
// A program that spawns, sleeps, sends, receives and cancels is run again and
// again, each time in a new process: for every call, every errno that it
// really gives and every n, the nth call fails, once or from then on. Such a
// run may end in three ways, and the table of faults says which one is right:
//
//     result   as if nothing had happened: the call was tried again
//     errno    each failure is the output of one await, or of one bind; all
//              other outputs are right
//     abort    one line on stderr, which starts with "trale: "
//
// and in the first two nothing is left: no memory, no descriptor, nothing in
// the epoll set. Anything else has failed: a hang, a report of a sanitizer, a
// failure that nobody is told of. What is printed then ends with the command
// that runs the same in one process, for a debugger.
//
// Hazards 18, 24, 27, 31, 42 and 43.
#define _GNU_SOURCE
#include "trale.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What can fail, and how that must end
// ---------------------------------------------------------------------------

// A call is counted by its name. epoll_ctl counts as three, since its three
// operations fail for different reasons, and are met differently.
enum call {
    MALLOC,
    CALLOC,
    EPOLL_CREATE,
    EPOLL_ADD,
    EPOLL_MOD,
    EPOLL_DEL,
    EPOLL_WAIT,
    TIMERFD_CREATE,
    TIMERFD_SETTIME,
    READ,
    SOCKET,
    BIND,
    RECVFROM,
    SENDTO,
    THREAD_CREATE,
    CALLS
};

// The function, as the linker knows it, is the part before the colon.
static const char *const call_names[CALLS] = {
    [MALLOC] = "malloc",
    [CALLOC] = "calloc",
    [EPOLL_CREATE] = "epoll_create1",
    [EPOLL_ADD] = "epoll_ctl:ADD",
    [EPOLL_MOD] = "epoll_ctl:MOD",
    [EPOLL_DEL] = "epoll_ctl:DEL",
    [EPOLL_WAIT] = "epoll_wait",
    [TIMERFD_CREATE] = "timerfd_create",
    [TIMERFD_SETTIME] = "timerfd_settime",
    [READ] = "read",
    [SOCKET] = "socket",
    [BIND] = "bind",
    [RECVFROM] = "recvfrom",
    [SENDTO] = "sendto",
    [THREAD_CREATE] = "pthread_create",
};

// What else trale.c calls. These cannot fail, given what it gives them: they
// only compute, or they act on a lock or a thread that is valid.
static const char *const infallible[] = {
    "abort",
    "clock_gettime", // the clock exists
    "close",         // Linux closes it, whatever close returns
    "free",
    "memset",
    "poll",           // one descriptor, and no time to wait
    "pthread_atfork", // before main, and what fails there is a panic
    "pthread_cond_signal",
    "pthread_cond_wait",
    "pthread_mutex_lock",
    "pthread_mutex_trylock",
    "pthread_mutex_unlock",
    "pthread_setcancelstate",
    "pthread_setname_np", // if it fails, top shows another name
    "pthread_sigmask",
    "sched_yield",
    "sigdelset",
    "sigfillset",
    "strerror",
    // A panic's line. If it cannot be printed, nobody could be told of that.
    "__fsetlocking",
    "fprintf",
    "fputc",
    "fputs",
    "ftrylockfile",
    "fwrite",
    "stderr",
    "vfprintf",
    NULL,
};

enum outcome { RESULT, ERRNO, ABORT };

// One way to fail. An errno that asks to try again never comes for ever, not
// from any kernel: with such a fault "from then on" is every second call.
struct fault {
    enum call call;
    int error;
    const char *error_name;
    enum outcome outcome;
    const char *line; // ABORT: what the line must contain
};

#define GIVES(error) error, #error

static const struct fault faults[] = {
    { MALLOC, GIVES(ENOMEM), ABORT, "out of memory" },
    { CALLOC, GIVES(ENOMEM), ABORT, "out of memory" },
    { EPOLL_CREATE, GIVES(EMFILE), ERRNO, NULL },
    { EPOLL_CREATE, GIVES(ENFILE), ERRNO, NULL },
    { EPOLL_CREATE, GIVES(ENOMEM), ERRNO, NULL },
    { EPOLL_ADD, GIVES(ENOSPC), ERRNO, NULL },
    { EPOLL_ADD, GIVES(ENOMEM), ERRNO, NULL },
    { EPOLL_ADD, GIVES(EPERM), ERRNO, NULL },
    // The next two: somebody closed the descriptor too early, and its number
    // stands for nothing, or for something else.
    { EPOLL_MOD, GIVES(EBADF), ABORT, "was closed while a future waited" },
    { EPOLL_MOD, GIVES(ENOENT), ABORT, "was closed while a future waited" },
    { EPOLL_DEL, GIVES(EBADF), ABORT, "was closed while a future waited" },
    { EPOLL_DEL, GIVES(ENOENT), ABORT, "was closed while a future waited" },
    { EPOLL_WAIT, GIVES(EINTR), RESULT, NULL },
    { EPOLL_WAIT, GIVES(EBADF), ABORT, "epoll_wait: Bad file descriptor" },
    { TIMERFD_CREATE, GIVES(EMFILE), ERRNO, NULL },
    { TIMERFD_CREATE, GIVES(ENFILE), ERRNO, NULL },
    { TIMERFD_CREATE, GIVES(ENOMEM), ERRNO, NULL },
    { TIMERFD_SETTIME, GIVES(EINVAL), ERRNO, NULL },
    { READ, GIVES(EAGAIN), RESULT, NULL },
    // No number so high is to be had. It is wanted for speed only.
    { SOCKET, GIVES(EMFILE), ERRNO, NULL },
    { SOCKET, GIVES(ENOBUFS), ERRNO, NULL },
    { SOCKET, GIVES(EAFNOSUPPORT), ERRNO, NULL },
    { BIND, GIVES(EADDRINUSE), ERRNO, NULL },
    { BIND, GIVES(EACCES), ERRNO, NULL },
    { BIND, GIVES(EADDRNOTAVAIL), ERRNO, NULL },
    { RECVFROM, GIVES(EAGAIN), RESULT, NULL }, // ready, but with a bad sum
    { RECVFROM, GIVES(ECONNREFUSED), ERRNO, NULL },
    { RECVFROM, GIVES(ENOMEM), ERRNO, NULL },
    { RECVFROM, GIVES(EINTR), ERRNO, NULL },
    { SENDTO, GIVES(EAGAIN), RESULT, NULL }, // no room: hazard 31
    { SENDTO, GIVES(ENOBUFS), ERRNO, NULL },
    { SENDTO, GIVES(ECONNREFUSED), ERRNO, NULL },
    { SENDTO, GIVES(EPERM), ERRNO, NULL },
    { SENDTO, GIVES(EINTR), ERRNO, NULL },
    { THREAD_CREATE, GIVES(EAGAIN), ABORT, "thread: Resource temporarily" },
    { THREAD_CREATE, GIVES(EPERM), ABORT, "thread: Operation not permitted" },
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

// ---------------------------------------------------------------------------
// The wrapped calls
// ---------------------------------------------------------------------------

// What is to fail in this process: the nth call, and perhaps those after it.
// Without a fault the calls are only counted.
static const struct fault *fault;
static int fault_n;
static bool fault_always;

// What has happened so far, in memory that outlives the process.
static struct record {
    int calls[CALLS];
    int failed;   // calls that were made to fail
    int reported; // outputs that were the injected errno
} * record;

static pthread_mutex_t injector = PTHREAD_MUTEX_INITIALIZER;
static bool armed; // guarded by the injector, and so is *record

// Counts a call and says whether it has to fail. errno is set if so.
static bool fails(enum call call)
{
    bool now = false;

    pthread_mutex_lock(&injector);
    if (armed) {
        int n = ++record->calls[call];
        if (fault != NULL && call == fault->call && n >= fault_n) {
            int step = fault->outcome == RESULT ? 2 : 1;
            now = n == fault_n || (fault_always && (n - fault_n) % step == 0);
        }
        record->failed += now;
    }
    pthread_mutex_unlock(&injector);
    if (now) errno = fault->error;
    return now;
}

// The linker leads trale.c's call of NAME to __wrap_NAME, and __real_NAME to
// the function itself.
#define WRAP(type, name, call, failure, parameters, arguments) \
    type __real_##name parameters;                             \
    type __wrap_##name parameters;                             \
    type __wrap_##name parameters                              \
    {                                                          \
        if (fails(call)) return failure;                       \
        return __real_##name arguments;                        \
    }

WRAP(void *, malloc, MALLOC, NULL, (size_t size), (size))
WRAP(void *, calloc, CALLOC, NULL, (size_t n, size_t size), (n, size))
WRAP(int, epoll_create1, EPOLL_CREATE, -1, (int flags), (flags))
WRAP(int, epoll_ctl,
     op == EPOLL_CTL_ADD   ? EPOLL_ADD
     : op == EPOLL_CTL_MOD ? EPOLL_MOD
                           : EPOLL_DEL,
     -1, (int epoll, int op, int fd, struct epoll_event *event),
     (epoll, op, fd, event))
WRAP(int, epoll_wait, EPOLL_WAIT, -1,
     (int epoll, struct epoll_event *events, int max, int timeout),
     (epoll, events, max, timeout))
WRAP(int, timerfd_create, TIMERFD_CREATE, -1, (int clock, int flags),
     (clock, flags))
WRAP(int, timerfd_settime, TIMERFD_SETTIME, -1,
     (int fd, int flags, const struct itimerspec *value,
      struct itimerspec *old),
     (fd, flags, value, old))
WRAP(ssize_t, read, READ, -1, (int fd, void *buf, size_t len), (fd, buf, len))
WRAP(int, socket, SOCKET, -1, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(int, bind, BIND, -1, (int fd, const struct sockaddr *addr, socklen_t len),
     (fd, addr, len))
WRAP(ssize_t, recvfrom, RECVFROM, -1,
     (int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
      socklen_t *addr_len),
     (fd, buf, len, flags, addr, addr_len))
WRAP(ssize_t, sendto, SENDTO, -1,
     (int fd, const void *buf, size_t len, int flags,
      const struct sockaddr *addr, socklen_t addr_len),
     (fd, buf, len, flags, addr, addr_len))
// This one returns its error.
WRAP(int, pthread_create, THREAD_CREATE, fault->error,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*start)(void *),
      void *arg),
     (thread, attr, start, arg))

// ---------------------------------------------------------------------------
// The program under test. It checks all of its outputs itself.
// ---------------------------------------------------------------------------

// Ends the run: it has come to a wrong result.
static _Noreturn void wrong(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "wrong: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    _exit(2);
}

// Whether an output is the right one. The injected errno is no mistake, but it
// is counted, so that none is lost on its way and none comes twice.
static bool is_right(bool right, intptr_t output, const char *what)
{
    if (right) return true;
    if (fault == NULL || fault->outcome != ERRNO || output != -fault->error)
        wrong("%s gave %ld", what, (long)output);
    pthread_mutex_lock(&injector);
    record->reported++;
    pthread_mutex_unlock(&injector);
    return false;
}

static int64_t now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NANOS_PER_SEC + now.tv_nsec;
}

// A task that sleeps a few times. Ready with the number of sleeps. The
// shortest may be over at their first poll, or just after it (hazard 24).
struct sleeper {
    struct async async;
    int64_t longest, nanos, start;
    sem_t *dropped; // posted then, or NULL
};

static struct poll sleeper_poll(struct future *future, struct context *cx)
{
    struct sleeper *self = (struct sleeper *)future;

    ASYNC_BEGIN(self);
    for (self->nanos = 0; self->nanos <= self->longest;
         self->nanos += self->longest / 4) {
        self->start = now();
        AWAIT(self, timer_sleep((struct duration){ self->nanos }));
        if (is_right(self->async.value == 0, self->async.value, "a sleep") &&
            now() - self->start < self->nanos)
            wrong("a sleep of %ld ns was short", (long)self->nanos);
    }
    ASYNC_END(self, 5);
}

static void sleeper_drop(struct future *future)
{
    struct sleeper *self = (struct sleeper *)future;

    async_drop(future);
    if (self->dropped != NULL) sem_post(self->dropped);
}

static struct future *sleeper(int64_t longest, sem_t *dropped)
{
    static const struct future_vtable vtable = { "sleeper", sleeper_poll,
                                                 sleeper_drop };
    struct sleeper *self = future_new(sizeof(*self), &vtable);

    self->longest = longest;
    self->dropped = dropped;
    return &self->async.future;
}

// Two sleeps at once. `both` waits for both, and so polls the longer one while
// it is armed; otherwise for the first, and drops the other one: cancels it.
struct two_sleeps {
    struct future future;
    bool both;
    struct future *sleeps[2]; // NULL when it is over
};

static struct poll two_sleeps_poll(struct future *future, struct context *cx)
{
    struct two_sleeps *self = (struct two_sleeps *)future;
    int over = 0;

    for (int i = 0; i < 2; i++) {
        if (self->sleeps[i] != NULL) {
            struct poll poll = await(&self->sleeps[i], cx);
            if (poll.ready)
                is_right(poll.value == 0, poll.value, "one sleep of two");
        }
        over += self->sleeps[i] == NULL;
    }
    return over > (self->both ? 1 : 0) ? POLL_READY(over) : POLL_PENDING;
}

static void two_sleeps_drop(struct future *future)
{
    struct two_sleeps *self = (struct two_sleeps *)future;

    for (int i = 0; i < 2; i++) future_drop(self->sleeps[i]);
}

static struct future *two_sleeps(bool both, struct duration first,
                                 struct duration second)
{
    static const struct future_vtable vtable = { "two_sleeps", two_sleeps_poll,
                                                 two_sleeps_drop };
    struct two_sleeps *self = future_new(sizeof(*self), &vtable);

    self->both = both;
    self->sleeps[0] = timer_sleep(first);
    self->sleeps[1] = timer_sleep(second);
    return &self->future;
}

// Two receives wait on one socket, so that epoll has something to modify; then
// two datagrams are sent to it. A receive whose datagram could not be sent is
// cancelled. Ready when as much was received as was sent.
struct exchange {
    struct future future;
    struct future *recvs[2], *sends[2]; // NULL when it is over
    char bufs[2][16];
    struct socket_addr client, sources[2];
    int order[2]; // which datagram was the first to be sent, and the second
    int sent, received;
};

static const char *const datagrams[2] = { "one", "two more" };

static void exchange_recv(struct exchange *self, int i, struct context *cx)
{
    if (self->recvs[i] == NULL) return;
    struct poll poll = await(&self->recvs[i], cx);
    if (!poll.ready) return;
    bool due = self->received < self->sent;
    const char *datagram = datagrams[due ? self->order[self->received] : 0];
    size_t len = strlen(datagram);
    if (!is_right(due && poll.value == (intptr_t)len, poll.value, "a receive"))
        return;
    if (memcmp(self->bufs[i], datagram, len) != 0)
        wrong("a receive did not give what was sent");
    if (self->sources[i].v4.sin_port != self->client.v4.sin_port)
        wrong("a receive gave the wrong sender");
    self->received++;
}

static void exchange_send(struct exchange *self, int i, struct context *cx)
{
    if (self->sends[i] == NULL) return;
    struct poll poll = await(&self->sends[i], cx);
    if (!poll.ready) return;
    intptr_t len = (intptr_t)strlen(datagrams[i]);
    if (is_right(poll.value == len, poll.value, "a send"))
        self->order[self->sent++] = i;
}

static struct poll exchange_poll(struct future *future, struct context *cx)
{
    struct exchange *self = (struct exchange *)future;

    for (int i = 0; i < 2; i++) exchange_recv(self, i, cx);
    for (int i = 0; i < 2; i++) exchange_send(self, i, cx);
    bool all_sent = self->sends[0] == NULL && self->sends[1] == NULL;
    bool all_tried = self->recvs[0] == NULL && self->recvs[1] == NULL;
    if (all_sent && (all_tried || self->received == self->sent))
        return POLL_READY(self->received);
    return POLL_PENDING;
}

static void exchange_drop(struct future *future)
{
    struct exchange *self = (struct exchange *)future;

    for (int i = 0; i < 2; i++) {
        future_drop(self->recvs[i]);
        future_drop(self->sends[i]);
    }
}

static struct socket_addr local_addr(int fd)
{
    struct socket_addr addr = { .len = sizeof(addr.v6) };

    if (getsockname(fd, &addr.any, &addr.len) != 0) wrong("getsockname failed");
    return addr;
}

static struct future *exchange(int server, int client)
{
    static const struct future_vtable vtable = { "exchange", exchange_poll,
                                                 exchange_drop };
    struct exchange *self = future_new(sizeof(*self), &vtable);
    struct socket_addr target = local_addr(server);

    self->client = local_addr(client);
    for (int i = 0; i < 2; i++) {
        self->recvs[i] = udp_socket_recv_from(
            server, self->bufs[i], sizeof(self->bufs[i]), &self->sources[i]);
        self->sends[i] = udp_socket_send_to(client, datagrams[i],
                                            strlen(datagrams[i]), &target);
    }
    return &self->future;
}

// A socket that can be used, or the errno of the second try.
static int bind_twice(void)
{
    struct socket_addr addr = { .len = sizeof(addr.v4) };
    int fd = -1;

    addr.v4.sin_family = AF_INET;
    addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 2 && fd < 0; i++) {
        fd = udp_socket_bind(&addr);
        is_right(fd >= 0, fd, "a bind");
    }
    return fd;
}

// The task that main blocks on. It does one thing after another, so that the
// nth call is mostly the same one in each run.
struct story {
    struct async async;
    struct task_joiner joiners[6];
    int server, client, i;
    char buf[4];
};
enum {
    CROWD = sizeof((struct story *)0)->joiners / sizeof(struct task_joiner)
};

static struct poll story_poll(struct future *future, struct context *cx)
{
    struct story *self = (struct story *)future;
    struct duration short_one = duration_from_millis(1);
    struct duration long_one = duration_from_millis(3);
    struct duration for_ever = duration_from_secs(INT64_MAX);

    ASYNC_BEGIN(self);
    AWAIT(self, two_sleeps(true, short_one, long_one));
    if (self->async.value != 2) wrong("waiting for both ended early");

    self->joiners[0] = executor_spawn(two_sleeps(false, for_ever, short_one));
    AWAIT(self, &self->joiners[0].future);
    if (self->async.value < 1) wrong("waiting for one ended early");

    if (self->server >= 0 && self->client >= 0)
        AWAIT(self, exchange(self->server, self->client));

    // What could not be bound can be awaited all the same, and says why.
    self->server = self->server < 0 ? self->server : -ENOTSOCK;
    AWAIT(self, udp_socket_recv_from(self->server, self->buf, 4, NULL));
    if (self->async.value != self->server) wrong("a bind's errno was lost");

    // If descriptors run out, some of these fail and the others sleep on.
    for (self->i = 0; self->i < CROWD; self->i++)
        self->joiners[self->i] = executor_spawn(sleeper(4000, NULL));
    for (self->i = 0; self->i < CROWD; self->i++) {
        AWAIT(self, &self->joiners[self->i].future);
        if (self->async.value != 5) wrong("a sleeper ended early");
    }
    ASYNC_END(self, CROWD);
}

static struct future *story(int server, int client)
{
    static const struct future_vtable vtable = { "story", story_poll,
                                                 async_drop };
    struct story *self = future_new(sizeof(*self), &vtable);

    self->server = server;
    self->client = client;
    return &self->async.future;
}

// Counts the open descriptors, and of those in the epoll set.
static void count_fds(int *open, int *waiting)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    *open = -1; // opendir's own
    *waiting = 0;
    if (dir == NULL) wrong("there is no /proc/self/fd");
    while ((entry = readdir(dir)) != NULL) {
        char path[300], line[300];
        FILE *info;
        if (entry->d_name[0] == '.') continue;
        ++*open;
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
        if ((info = fopen(path, "r")) == NULL) continue;
        while (fgets(line, sizeof(line), info) != NULL)
            *waiting += strncmp(line, "tfd:", 4) == 0;
        fclose(info);
    }
    closedir(dir);
}

// The whole program. Returns if its result is right, and nothing is left.
static void program(void)
{
    int before, after, waiting;
    sem_t dropped;

    count_fds(&before, &waiting);
    sem_init(&dropped, 0, 0);
    armed = true; // there is no other thread yet

    int server = bind_twice(), client = bind_twice();
    struct task_joiner detached =
        executor_spawn(sleeper(NANOS_PER_SEC / 1000, &dropped));
    task_joiner_drop(&detached);
    if (executor_block_on(story(server, client)) != CROWD)
        wrong("the story ended too early");
    while (sem_wait(&dropped) != 0) continue;
    if (server >= 0) close(server);
    if (client >= 0) close(client);

    pthread_mutex_lock(&injector);
    armed = false;
    pthread_mutex_unlock(&injector);
    // A failure that has to end in an abort, on another thread, does so now.
    // If that should never happen, the time limit ends this.
    while (fault != NULL && fault->outcome == ABORT && record->failed > 0)
        pause();
    count_fds(&after, &waiting);
    int epoll = record->calls[EPOLL_ADD] > 0; // the reactor's, for good
    if (after != before + epoll)
        wrong("%d descriptors are left", after - before - epoll);
    if (waiting != 0) wrong("%d entries are left in the epoll set", waiting);
    bool hears = fault != NULL && fault->outcome == ERRNO;
    if (record->reported != (hears ? record->failed : 0))
        wrong("%d calls failed, but %d outputs were the errno", record->failed,
              record->reported);
}

// ---------------------------------------------------------------------------
// The driver
// ---------------------------------------------------------------------------

static unsigned time_limit(void)
{
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    double seconds = 10 * (multiplier != NULL ? atof(multiplier) : 1);

    return seconds >= 1 ? (unsigned)seconds : 1;
}

// Runs the program in a process of its own, and puts what it has written to
// stderr into output. Returns its wait status.
static int run(char *output, size_t size)
{
    size_t len = 0;
    ssize_t n = 1;
    int fds[2], status;

    *record = (struct record){ .failed = 0 };
    fflush(stdout);
    if (pipe(fds) != 0) wrong("no pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == -1) wrong("no process: %s", strerror(errno));
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        alarm(time_limit()); // kills: nobody handles the signal
        program();
        exit(0); // where the leaks are looked for
    }
    close(fds[1]);
    while (n > 0) { // to the end, lest the child should wait for us
        n = read(fds[0], output + len, size - 1 - len);
        if (n > 0 && len + (size_t)n < size - 1) len += (size_t)n;
    }
    output[len] = '\0';
    close(fds[0]);
    if (waitpid(child, &status, 0) != child) wrong("the child is gone");
    return status;
}

// How a run has ended: as it should (NULL), or why it should not have.
static const char *judge(int status, const char *output)
{
    static char reason[100];
    const char *end = strchr(output, '\n');

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return "it did not end in time";
    if (fault != NULL && fault->outcome == ABORT && record->failed > 0) {
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            return "it did not abort";
        if (strncmp(output, "trale: ", 7) != 0 || end == NULL || end[1] != '\0')
            return "it did not print one line that starts with \"trale: \"";
        if (strstr(output, fault->line) == NULL)
            return "its line does not tell what has happened";
        return NULL;
    }
    if (WIFSIGNALED(status)) {
        snprintf(reason, sizeof(reason), "signal %d (%s) ended it",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
        return reason;
    }
    if (WEXITSTATUS(status) != 0) return "it found a mistake, or was found one";
    if (output[0] != '\0') return "it printed something";
    return NULL;
}

// What all runs of one call came to.
struct summary {
    int runs, ended[3], failures;
};

// Runs the program for one fault, for every n, until it does not make so many
// calls.
static void torture(const char *self, struct summary *summary)
{
    char output[8192];

    for (fault_n = 1;; fault_n++) {
        int status = run(output, sizeof(output));
        const char *reason = judge(status, output);
        if (reason == NULL && record->failed == 0) return;
        summary->runs++;
        if (reason == NULL) {
            bool heard = record->reported > 0;
            summary->ended[WIFSIGNALED(status) ? ABORT
                           : heard             ? ERRNO
                                               : RESULT]++;
            continue;
        }
        printf("FAILED: %s. To see it again:\n    %s %s %d %s %s\n%s", reason,
               self, call_names[fault->call], fault_n,
               fault_always ? "always" : "once", fault->error_name, output);
        summary->failures++;
        return; // the larger n have little to add
    }
}

// Whether the call is one of this function.
static bool is_call_of(enum call call, const char *function)
{
    size_t len = strcspn(call_names[call], ":");

    return strlen(function) == len &&
           strncmp(call_names[call], function, len) == 0;
}

// Asks nm what trale.c calls, marks what is wrapped, and returns how much is
// neither wrapped nor known not to fail.
static int find_callees(bool called[CALLS])
{
    char name[256];
    int unknown = 0;
    FILE *nm = popen("nm -u " BUILD "/trale.o", "r");

    if (nm == NULL) wrong("nm does not run");
    while (fscanf(nm, " %*1[Uw] %255s", name) == 1) {
        bool known = name[0] == '_'; // the compiler's and the sanitizers'
        for (enum call call = 0; call < CALLS; call++) {
            if (!is_call_of(call, name)) continue;
            known = called[call] = true;
        }
        for (int i = 0; infallible[i] != NULL; i++)
            known = known || strcmp(infallible[i], name) == 0;
        if (known) continue;
        printf("FAILED: trale.c calls %s. Wrap it in tests/torture.c, or add "
               "it there to what cannot fail.\n",
               name);
        unknown++;
    }
    if (pclose(nm) != 0) wrong("nm does not know " BUILD "/trale.o");
    return unknown;
}

static int torture_all(const char *self)
{
    char output[8192];
    bool called[CALLS] = { false };
    int64_t start = now();
    int runs = 0, failures = find_callees(called), calls[CALLS];
    int status = run(output, sizeof(output));
    const char *reason = judge(status, output);

    if (reason != NULL) {
        printf("FAILED even without a fault: %s.\n%s", reason, output);
        return 1;
    }
    memcpy(calls, record->calls, sizeof(calls));
    printf("%-16s %6s %6s %8s %6s %6s\n", "call", "calls", "runs", "result",
           "errno", "abort");
    for (enum call call = 0; call < CALLS; call++) {
        struct summary summary = { .runs = 0 };
        if (!called[call]) {
            printf("%-16s trale.c does not call it\n", call_names[call]);
            continue;
        }
        if (failures >= 5) break; // each may have taken the whole time limit
        if (calls[call] == 0) {
            printf("FAILED: trale.c calls %s, but not in this program, or it "
                   "is not wrapped\n",
                   call_names[call]);
            failures++;
            continue;
        }
        for (fault = faults; fault < faults + FAULTS; fault++) {
            if (fault->call != call || summary.failures >= 5) continue;
            fault_always = false;
            torture(self, &summary);
            fault_always = true;
            torture(self, &summary);
        }
        printf("%-16s %6d %6d %8d %6d %6d\n", call_names[call], calls[call],
               summary.runs, summary.ended[RESULT], summary.ended[ERRNO],
               summary.ended[ABORT]);
        runs += summary.runs;
        failures += summary.failures;
    }
    printf("torture: %d runs in %.1f s, %d failures\n", runs,
           (double)(now() - start) / (double)NANOS_PER_SEC, failures);
    return failures > 0;
}

// One run, here and now: torture CALL N once|always ERRNO
static int replay(char **args)
{
    for (fault = faults; fault < faults + FAULTS; fault++)
        if (strcmp(call_names[fault->call], args[0]) == 0 &&
            strcmp(fault->error_name, args[3]) == 0)
            break;
    fault_n = atoi(args[1]);
    fault_always = strcmp(args[2], "always") == 0;
    if (fault == faults + FAULTS || fault_n < 1 ||
        (!fault_always && strcmp(args[2], "once") != 0)) {
        fprintf(stderr, "usage: torture [CALL N once|always ERRNO], with one "
                        "of these calls and errnos:\n");
        for (fault = faults; fault < faults + FAULTS; fault++)
            fprintf(stderr, "    %s %s\n", call_names[fault->call],
                    fault->error_name);
        return 2;
    }
    program();
    printf("%d of %d calls failed, %d outputs were the errno\n", record->failed,
           record->calls[fault->call], record->reported);
    return 0;
}

int main(int argc, char **argv)
{
    record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (record == MAP_FAILED) wrong("no memory");
    if (argc == 5) return replay(argv + 1);
    if (argc == 1) return torture_all(argv[0]);
    return replay((char *[]){ "", "", "", "" });
}
