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
#include <sys/signalfd.h>
#include <unistd.h>

struct signal_recv {
    struct future future;
    struct subscription sub; // its fd is -1 until the first poll
    int signum;
};

static struct poll signal_recv_poll(struct future *future, struct context *cx)
{
    struct signal_recv *self = (struct signal_recv *)future;
    int *fd = &self->sub.fd;
    struct signalfd_siginfo info;
    sigset_t set;

    sigemptyset(&set);
    if (sigaddset(&set, self->signum) == -1) return POLL_READY(-errno);
    if (*fd == -1) *fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (*fd == -1) return POLL_READY(-errno);
    if (read(*fd, &info, sizeof(info)) != -1) return POLL_READY(self->signum);
    if (errno != EAGAIN) return POLL_READY(-errno);
    return reactor_register_waker(&self->sub, cx->waker);
}

static void signal_recv_drop(struct future *future)
{
    struct signal_recv *self = (struct signal_recv *)future;

    reactor_deregister_waker(&self->sub);
    if (self->sub.fd != -1) close(self->sub.fd);
}

struct future *signal_recv(int signum)
{
    static const struct future_vtable vtable = { "signal_recv",
                                                 signal_recv_poll,
                                                 signal_recv_drop };
    struct signal_recv *self = future_new(sizeof(*self), &vtable);

    self->sub = (struct subscription){ .fd = -1, .kind = WAKEUP_READABLE };
    self->signum = signum;
    return &self->future;
}
