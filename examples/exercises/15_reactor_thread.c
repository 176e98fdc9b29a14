// 15. The reactor on a thread of its own.
//
// Concept. So far whoever had nothing to poll turned the reactor. Now it has a
// thread of its own, which sleeps in epoll_wait while tasks are polled. So a
// wake may come while a registration is still under way: the kernel knows the
// descriptor, and the waker is not in its place yet. And an event may have been
// fetched whose registration is undone at this moment.
//
// Read. trale.c, 'reactor/mod.rs: the reactor' and 'reactor/poll.rs:
// Poll::insert', rule 7. In the book's chapter, 'Step 3 – Implementing a proper
// Reactor'. epoll_ctl(2), epoll_wait(2).
//
// Write three functions. `epoll` is the descriptor from epoll_create1.
//
// reactor_register: *waker shall be woken, once, when fd is ready for `events`
// (EPOLLIN or EPOLLOUT), has failed or was hung up. There may be an older
// registration for fd: then this one takes its place, and the older is gone
// even if epoll_ctl fails. Returns POLL_PENDING; or POLL_READY(-errno) if it
// fails, and then keeps no waker.
//
// reactor_deregister: undoes the registration for fd, if there is one. After it
// the waker is given back, and fd may be closed. A wake that is under way
// already may still come.
//
// reactor_loop: what the reactor's thread does. It waits for events, without
// using the processor, and wakes whoever waits, until an event comes whose
// data.u64 is REACTOR_STOP; then it returns. If epoll_wait fails, a signal has
// come (EINTR), and it goes on. Whoever was woken is registered no more. An
// event whose registration was undone or replaced meanwhile wakes nobody.
//
// The lock guards sources, even to look at them, and is held while epoll_ctl
// changes what belongs to them. It is not held in epoll_wait, nor while a waker
// is cloned, woken or dropped.
//
// Then type: make exercise N=15. If you are stuck: make hint N=15.
#include "15_reactor.h"

#include <errno.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct source {
    struct waker waker;  // of who waits; empty: nobody
    uint32_t generation; // grows with each change
} sources[1024];         // indexed by descriptor

struct poll reactor_register(int epoll, int fd, uint32_t events,
                             const struct waker *waker)
{
    // ---- your code, in place of this line ----
    todo("reactor_register", epoll, fd, events, waker, &lock, sources);
    // ------------------------------------------
}

void reactor_deregister(int epoll, int fd)
{
    // ---- your code, in place of this line ----
    todo("reactor_deregister", epoll, fd);
    // ------------------------------------------
}

void reactor_loop(int epoll)
{
    // ---- your code, in place of this line ----
    todo("reactor_loop", epoll);
    // ------------------------------------------
}
