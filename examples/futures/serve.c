// The accept loop that every server has, and what it must think of besides: it
// lives through a lack of descriptors, is fair to its tasks, and does not cut
// off a reply. In Rust this is axum::serve, or the loop of tokio's tutorial.
#define _GNU_SOURCE // for F_DUPFD_CLOEXEC and setrlimit
#include "serve.h"
#include "dump.h"
#include "examples/socket_addr.h"
#include "linger.h"
#include "log.h"
#include "tcp.h"
#include "yield.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// The streams that are open. A process has only one table of descriptors, so
// there is only one number. Only the executor thread touches it.
static unsigned long streams;

// ---------------------------------------------------------------------------
// Connection: one task for each stream, which it owns
// ---------------------------------------------------------------------------

struct connection {
    struct async async;
    int stream;
    struct future *(*handler)(int stream);
};

static struct poll connection_poll(struct future *future, struct context *cx)
{
    struct connection *self = (struct connection *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, self->handler(self->stream));
    if (self->async.value >= 0) AWAIT(self, tcp_stream_linger(self->stream));
    ASYNC_END(self, 0);
}

static void connection_drop(struct future *future)
{
    struct connection *self = (struct connection *)future;

    async_drop(future); // before the close: the child may wait for the stream
    close(self->stream);
    streams--;
}

static void spawn_connection(int stream, struct future *(*handler)(int stream))
{
    static const struct future_vtable vtable = { "connection", connection_poll,
                                                 connection_drop };
    struct connection *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    self->handler = handler;
    streams++;
    struct task_joiner joiner = executor_spawn(&self->async.future);
    task_joiner_drop(&joiner); // detach: nobody waits for it
}

// ---------------------------------------------------------------------------
// Serve: the loop
// ---------------------------------------------------------------------------

struct serve {
    struct async async;
    int listener;
    int spare; // a descriptor kept for bad times, or -1
    int pause; // milliseconds
    unsigned long max;
    struct future *(*handler)(int stream);
};

// Without room for one more stream, or if accept fails for want of descriptors,
// the peers stay in the listener's queue and the listener readable. To try
// again at once would be to spin, so we sleep a little. But a sleep takes a
// descriptor too: it gets the place of the spare one, for between that close
// and the sleep's first poll nobody else runs on this thread.
//
// A production server does not look every 10 ms whether there is room again:
// the task that ends wakes it. tokio::sync::Semaphore does that.
static struct poll serve_poll(struct future *future, struct context *cx)
{
    struct serve *self = (struct serve *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        self->pause = 10;
        if (streams < self->max) {
            AWAIT(self, tcp_listener_accept(self->listener));
            if (self->async.value >= 0) {
                spawn_connection((int)self->async.value, self->handler);
                AWAIT(self, yield_now()); // let the tasks run, then go on
                continue;
            }
            if (self->async.value == -ECONNABORTED) continue;
            log_line(STDERR_FILENO, "accept: %s",
                     strerror((int)-self->async.value));
            self->pause = 100;
        }
        if (self->spare != -1) close(self->spare);
        self->spare = -1;
        AWAIT(self, timer_sleep(duration_from_millis(self->pause)));
        self->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (self->async.value < 0) AWAIT(self, yield_now());
    }
    ASYNC_END(self, 0);
}

static void serve_drop(struct future *future)
{
    struct serve *self = (struct serve *)future;

    async_drop(future);
    if (self->spare != -1) close(self->spare);
}

struct future *serve(int listener, unsigned descriptors,
                     struct future *(*handler)(int stream))
{
    static const struct future_vtable vtable = { "serve", serve_poll,
                                                 serve_drop };
    struct serve *self = future_new(sizeof(*self), &vtable);
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    // Sixteen for stdin, epoll, the listener and the like.
    self->max = limit.rlim_cur > 16 ? (limit.rlim_cur - 16) / descriptors : 0;
    if (self->max == 0) self->max = 1;
    self->listener = listener;
    self->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    self->handler = handler;
    return &self->async.future;
}

// ---------------------------------------------------------------------------
// main
// ---------------------------------------------------------------------------

// The soft limit of descriptors, often 1024, is for programs that use select(2)
// and cannot have more: a server raises it to the hard one. Then it makes the
// table large, once: to let it grow while threads share it would stop them for
// some 10 ms each time that it doubles.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    int last = limit.rlim_cur < 8192 ? (int)limit.rlim_cur - 1 : 8191;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, last);
    if (fd != -1) close(fd);
}

// Blocked in all threads, the signals wait until sigwait takes one.
static sigset_t end_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

void serve_begin(void)
{
    sigset_t signals = end_signals();

    sigprocmask(SIG_BLOCK, &signals, NULL);
    dump_on_sigquit();
}

int serve_end(void)
{
    sigset_t signals = end_signals();
    int signal;

    sigwait(&signals, &signal);
    log_line(STDOUT_FILENO, "Bye");
    log_flush();
    return 0;
}

int serve_main(const char *program, const char *address, unsigned descriptors,
               struct future *(*handler)(int stream))
{
    struct socket_addr addr;
    char text[SOCKET_ADDR_LEN];

    if (socket_addr_from_str(&addr, address) < 0) {
        fprintf(stderr,
                "%s: %s is no address such as 127.0.0.1:8080 or [::1]:8080\n",
                program, address);
        return 2;
    }
    raise_descriptor_limit();
    int listener = tcp_listener_bind(&addr);
    if (listener < 0) {
        fprintf(stderr, "%s: %s: %s\n", program, address, strerror(-listener));
        return 1;
    }
    serve_begin();
    addr.len = sizeof(addr.v6);
    getsockname(listener, &addr.any, &addr.len); // the port, if it was 0
    log_line(STDOUT_FILENO, "Listening on %s",
             socket_addr_to_string(&addr, text));
    struct task_joiner joiner =
        executor_spawn(serve(listener, descriptors, handler));
    task_joiner_drop(&joiner); // detach: it never ends by itself
    return serve_end();
}
