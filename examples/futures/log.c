// A log that cannot stall its program: a bounded queue for each of stdout and
// stderr, and a task for each that writes what is in it. A production log
// keeps a thread for that, which may block.
#define _GNU_SOURCE // for O_CLOEXEC, S_ISFIFO and vsnprintf
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// PIPE_BUF, so much has room in a pipe that can be written to.
enum { QUEUE = 1 << 16, CHUNK = 4096, FLUSH_SECS = 1 };

// ours: std::rt's sanitize_standard_fds, before main
__attribute__((constructor)) static void open_standard_fds(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd)
            abort(); // the lowest number that is free is fd
}

// ---------------------------------------------------------------------------
// Write: a leaf future
// ---------------------------------------------------------------------------

// A descriptor for the same that does not block. To make fd itself so would
// change it for our parent and our siblings too. A pipe and a terminal can be
// opened once more; a file never blocks.
static int unblocked(int fd)
{
    static int opened[STDERR_FILENO + 1]; // 0: not yet
    char path[40];
    struct stat status;

    if (opened[fd] != 0) return opened[fd];
    opened[fd] = fd;
    if (fstat(fd, &status) == -1) return fd;
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again != -1) opened[fd] = again;
    return opened[fd];
}

struct log_write {
    struct future future;
    struct subscription sub;
    const char *buf;
    size_t len, written;
};

// Where the descriptor could not be opened again, the look whether there is
// room has to do: another writer may take it before us.
static ssize_t try_write(int fd, const void *buf, size_t len)
{
    struct pollfd look = { fd, POLLOUT, 0 };

    if (poll(&look, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n == -1 && errno == ENOTSOCK ? write(fd, buf, len) : n;
}

static struct poll log_write_poll(struct future *future, struct context *cx)
{
    struct log_write *self = (struct log_write *)future;

    while (self->written < self->len) {
        size_t len = self->len - self->written;
        ssize_t n = try_write(self->sub.fd, self->buf + self->written,
                              len < CHUNK ? len : CHUNK);
        if (n == -1 && errno == EAGAIN)
            return reactor_register_waker(&self->sub, cx->waker);
        if (n == -1) return POLL_READY(-errno);
        self->written += (size_t)n;
    }
    return POLL_READY(self->len);
}

static void log_write_drop(struct future *future)
{
    reactor_deregister_waker(&((struct log_write *)future)->sub);
}

struct future *log_write(int fd, const void *buf, size_t len)
{
    static const struct future_vtable vtable = { "log_write", log_write_poll,
                                                 log_write_drop };
    struct log_write *self = future_new(sizeof(*self), &vtable);

    self->sub.fd = unblocked(fd);
    self->sub.kind = WAKEUP_WRITABLE;
    self->buf = buf;
    self->len = len;
    return &self->future;
}

// ---------------------------------------------------------------------------
// The queues, and the task of each
// ---------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t written = PTHREAD_COND_INITIALIZER;

// The lock guards it all.
static struct log {
    char bytes[QUEUE];
    size_t len;
    unsigned long dropped; // lines, since the last that had room
    struct waker waker;    // of its task, while there is nothing to write
    bool started, writing;
} logs[2];

struct writer {
    struct future future;
    int fd;
    struct future *write; // NULL: there was nothing to write
    size_t len;
    char chunk[CHUNK];
};

static struct log *log_of(int fd)
{
    return &logs[fd == STDERR_FILENO];
}

// Appends the line, or counts it as dropped. What tells of those dropped before
// comes first, so there must be room for both.
static void append_line(struct log *log, const char *text, size_t len)
{
    char note[60] = "";

    if (log->dropped > 0)
        snprintf(note, sizeof(note), "(%lu lines dropped)\n", log->dropped);
    if (strlen(note) + len > QUEUE - log->len) {
        log->dropped++;
        return;
    }
    memcpy(log->bytes + log->len, note, strlen(note));
    log->len += strlen(note);
    memcpy(log->bytes + log->len, text, len);
    log->len += len;
    log->dropped = 0;
}

// Takes what is next to be written. If there is nothing, leaves the waker for
// log_line, under the same lock, so that no line falls in between.
static bool take(struct writer *self, struct context *cx)
{
    struct log *log = log_of(self->fd);
    struct waker latest = waker_clone(cx->waker), replaced;

    pthread_mutex_lock(&lock);
    if (log->len == 0 && log->dropped > 0) append_line(log, "", 0);
    self->len = log->len < CHUNK ? log->len : CHUNK;
    memcpy(self->chunk, log->bytes, self->len);
    log->len -= self->len;
    memmove(log->bytes, log->bytes + self->len, log->len);
    log->writing = self->len > 0;
    replaced = log->waker;
    log->waker = latest;
    if (!log->writing) pthread_cond_broadcast(&written);
    pthread_mutex_unlock(&lock);
    waker_drop(&replaced);
    return self->len > 0;
}

// Never ready. If nobody can read what we write, it is lost: that is no reason
// to end a server.
static struct poll writer_poll(struct future *future, struct context *cx)
{
    struct writer *self = (struct writer *)future;

    for (;;) {
        if (self->write == NULL) {
            if (!take(self, cx)) return POLL_PENDING;
            self->write = log_write(self->fd, self->chunk, self->len);
        }
        if (!await(&self->write, cx).ready) return POLL_PENDING;
    }
}

static void writer_drop(struct future *future)
{
    future_drop(((struct writer *)future)->write);
}

static void start(int fd)
{
    static const struct future_vtable vtable = { "log", writer_poll,
                                                 writer_drop };
    struct writer *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    struct task_joiner joiner = executor_spawn(&self->future);
    task_joiner_drop(&joiner); // detach: it never ends by itself
}

void log_line(int fd, const char *format, ...)
{
    struct log *log = log_of(fd);
    char *text;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len == -1) return;
    text[len] = '\n'; // in place of the zero byte
    pthread_mutex_lock(&lock);
    append_line(log, text, (size_t)len + 1);
    struct waker waker = waker_take(&log->waker);
    bool first = !log->started;
    log->started = true;
    pthread_mutex_unlock(&lock);
    free(text);
    if (first) start(fd);
    waker_wake(&waker);
}

void log_flush(void)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += FLUSH_SECS;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 2; i++)
        while (logs[i].len > 0 || logs[i].writing)
            if (pthread_cond_timedwait(&written, &lock, &end) != 0) break;
    pthread_mutex_unlock(&lock);
}
