// Signals as futures: tokio::signal::unix.
//
// A signal handler interrupts its thread anywhere, with a lock held perhaps,
// and so may do next to nothing: not even print. A signalfd turns the signal
// into a descriptor that becomes readable, and that is a leaf future like any
// other. What we do about the signal is done by a task, at a place of its own
// choice. (tokio has a handler that writes a byte to a pipe, for it must also
// run where there is no signalfd.)
#define _POSIX_C_SOURCE 200809L // for sigset_t
#include "signal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signal_recv {
    struct future future;
    struct subscription sub;
    int signum;
    int fd; // -1 until the first poll
};

static struct poll signal_recv_poll(struct future *future, struct context *cx)
{
    struct signal_recv *self = (struct signal_recv *)future;
    struct signalfd_siginfo info;
    sigset_t set;

    sigemptyset(&set);
    if (sigaddset(&set, self->signum) == -1) return POLL_READY(-errno);
    if (self->fd == -1)
        self->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (self->fd == -1) return POLL_READY(-errno);
    if (read(self->fd, &info, sizeof(info)) != -1)
        return POLL_READY(self->signum);
    if (errno != EAGAIN) return POLL_READY(-errno);
    return reactor_register_waker(&self->sub, self->fd, cx->waker,
                                  WAKEUP_READABLE);
}

static void signal_recv_drop(struct future *future)
{
    struct signal_recv *self = (struct signal_recv *)future;

    reactor_deregister_waker(&self->sub);
    if (self->fd != -1) close(self->fd);
}

struct future *signal_recv(int signum)
{
    static const struct future_vtable vtable = { "signal_recv",
                                                 signal_recv_poll,
                                                 signal_recv_drop };
    struct signal_recv *self = future_new(sizeof(*self), &vtable);

    self->signum = signum;
    self->fd = -1;
    return &self->future;
}

struct dump {
    struct async async;
};

// Between the end of one signal_recv and the start of the next nobody else runs
// on this thread, so the one that is needed most, when descriptors have run
// out, gets back the descriptor of the one before.
static struct poll dump_poll(struct future *future, struct context *cx)
{
    struct dump *self = (struct dump *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        AWAIT(self, signal_recv(SIGQUIT));
        if (self->async.value < 0) break;
        executor_dump(stderr);
    }
    fprintf(stderr, "no dump on SIGQUIT: %s\n",
            strerror((int)-self->async.value));
    ASYNC_END(self, 0);
}

void dump_on_sigquit(void)
{
    static const struct future_vtable vtable = { "dump", dump_poll,
                                                 async_drop };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct dump), &vtable));
    task_joiner_drop(&joiner); // detach: it never ends by itself
}
