// 09. The lifetime of a descriptor.
//
// Concept. A descriptor is a number, and the kernel gives the number of one
// that was closed to the next who opens something. So three things must be
// right. It is closed once: a second close hits whoever has the number by then.
// It is out of the epoll set before it is closed: afterwards nobody can take it
// out. And an event that was fetched for its old owner must not wake its new
// one.
//
// Read. trale.c, 'reactor/poll.rs: Poll::insert'; NOTES.md, 'Invariants
// and states', rule 7; the manual page epoll(7). In the book's chapter,
// 'Step 3 – Implementing a proper Reactor'.
//
// Write three functions, for futures of the checks that each own a descriptor:
// they watch it when it would block, and release it when they have read its
// end and again when they are dropped. `epoll` is from epoll_create1.
//
// watch: asks epoll to tell when fd can be read. epoll_wait then gives the
// checks an event, with which they call serve: that shall wake *waker, once.
// There may be an older registration of the same owner: undo it first, and it
// is gone even if epoll_ctl fails then. event.data must tell registrations
// apart, and not just descriptors. Returns POLL_PENDING; or POLL_READY(-errno)
// if epoll_ctl fails, and then keeps no waker.
//
// serve: gets an event from epoll_wait. Meanwhile its registration may have
// been undone, the descriptor closed, its number given away and watched again:
// such an event wakes nobody and changes nothing. Any other: takes the
// descriptor out of the epoll set and wakes the waker. Then nobody watches.
//
// release: undoes the registration, closes *fd, and leaves -1 in its place. If
// it finds a negative number there, it does nothing.
//
// You need: unwatch, epoll_ctl, close, waker_clone, waker_wake, waker_drop.
// Then type: make exercise N=09. If you are stuck: make hint N=09.
#include "exercise.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct source {
    struct waker waker;  // of who watches; empty: nobody
    uint32_t generation; // grows with each end of a registration
} sources[1024];         // indexed by descriptor

// Undoes the registration, if there is one.
static void unwatch(int epoll, int fd)
{
    struct source *source = &sources[fd];

    if (source->waker.vtable != NULL) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    source->generation++;
    waker_drop(&source->waker);
}

struct poll watch(int epoll, int fd, const struct waker *waker)
{
    // ---- your code, in place of this line ----
    todo("watch", epoll, fd, waker, unwatch);
    // ------------------------------------------
}

void serve(int epoll, struct epoll_event event)
{
    // ---- your code, in place of this line ----
    todo("serve", epoll, event);
    // ------------------------------------------
}

void release(int epoll, int *fd)
{
    // ---- your code, in place of this line ----
    todo("release", epoll, fd);
    // ------------------------------------------
}
