// 08. A reactor: epoll and timerfd.
//
// Concept. The reactor sleeps in epoll_wait for all who wait, and wakes those
// who can go on. To a leaf future a wake is only a hint: it tries its system
// call, and if that would block, it registers its waker and is pending. Here
// all is done by one thread: the checks poll what was woken, and when there is
// nothing to poll they turn the reactor.
//
// Read. trale.c, 'reactor/mod.rs: the reactor'; trale.c, 'futures/timer.rs: a
// leaf future'; the manual pages epoll_ctl(2) and timerfd_create(2). In the
// book's chapter, 'Step 3 – Implementing a proper Reactor'.
//
// Write three functions. `epoll` is the descriptor from epoll_create1. In
// struct subscription (trale.h) use the waker (empty: nobody waits), the fd,
// and the kind: it is 0 at first, and you set it to WAKEUP_READABLE when epoll
// knows the fd.
//
// register_waker: *waker shall be woken, once, when sub->fd can be read, has
// come to its end or has failed. If that is so already, the next turn wakes,
// even if an earlier wake was for the same data and nobody has read it. Whoever
// was woken may register again. To register while somebody waits replaces the
// waker. Returns POLL_PENDING; or POLL_READY(-errno) if epoll_ctl fails, and
// then keeps no waker.
//
// reactor_turn: one epoll_wait of at most `ms` milliseconds (-1: for ever; 0:
// it does not sleep), then wakes the waker of each subscription that it
// reports. One turn need not report all that are ready. If a signal ends the
// epoll_wait (EINTR), the turn may end, and wakes nobody. Until somebody
// registers again, later turns must not find the same descriptor, even if more
// comes: a reactor for which nobody waits sleeps.
//
// tick_poll: a clock that ticks every `ms`, at least 1, as a part of a future's
// poll. At the first call sub->fd is -1: make a timerfd and arm it with
// `every`, once. Ready with the number of ticks since the last time, which is
// what read(2) gives (8 bytes); pending if there was none, and only then its
// waker is registered. It must not block. Ready with -errno if there is no
// timerfd. The checks close it.
//
// You need: epoll_ctl, epoll_wait, timerfd_create, timerfd_settime, read,
// waker_clone, waker_wake, waker_drop.
// Then type: make exercise N=08. If you are stuck: make hint N=08.
#define _GNU_SOURCE // -std=c11 alone does not declare CLOCK_MONOTONIC
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct poll register_waker(int epoll, struct subscription *sub,
                           const struct waker *waker)
{
    // ---- your code, in place of this line ----
    todo("register_waker", epoll, sub, waker);
    // ------------------------------------------
}

void reactor_turn(int epoll, int ms)
{
    // ---- your code, in place of this line ----
    todo("reactor_turn", epoll, ms);
    // ------------------------------------------
}

struct poll tick_poll(int epoll, struct subscription *sub, int ms,
                      struct context *cx)
{
    struct timespec period = { ms / 1000, ms % 1000 * 1000000L };
    struct itimerspec every = { period, period };

    // ---- your code, in place of this line ----
    todo("tick_poll", epoll, sub, cx, every);
    // ------------------------------------------
}
