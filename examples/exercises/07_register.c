// 07. Register, then check again.
//
// Concept. A future looks whether what it waits for is there. It is not, so the
// future leaves its waker. What if it came between the two? Then nobody was
// woken, and nobody will be. So the future looks once more, after the waker was
// left: what came before that look is seen, and what comes after finds a waker.
//
// Read. examples/exercises/07_flag.h, which is given; trale.c, 'later trale:
// TaskJoiner::poll' (there, one lock covers both steps) and trale.c,
// 'reactor/mod.rs: the reactor' (there, epoll looks again); rule 6 of trale.c,
// 'It follows eight rules'. In the book's chapter, 'Implementing a proper
// Reactor'.
//
// Write flag_wait_poll and flag_set, the two gaps below.
//
// flag_set sets the flag for good, and wakes the task that waits, if one does.
// It is called on any thread, at any time, perhaps more than once.
//
// flag_wait_poll is ready, with 0, if the flag is set; if it is set from the
// start, the poll clones no waker. Otherwise a clone of the waker of this poll
// takes the place of the one in flag->waker, which is dropped. Only one task
// waits at a time, but another one may poll next time.
//
// Whenever flag_set comes, even between two lines of the poll: the poll returns
// ready, or its waker is woken. A wake too many does no harm.
//
// flag->lock guards flag->waker: even to look at it needs the lock. Do not
// clone, drop or wake a waker while you have the lock: that calls code of
// others, which may need it. An executor may even poll the task on the spot,
// inside the wake.
//
// You need: waker_clone, waker_take, waker_wake, waker_drop,
// pthread_mutex_lock, pthread_mutex_unlock.
// Then type: make exercise N=07. If you are stuck: make hint N=07.
#include "07_flag.h"

struct poll flag_wait_poll(struct future *future, struct context *cx)
{
    struct flag *flag = ((struct flag_wait *)future)->flag;

    // ---- your code, in place of this line ----
    todo("flag_wait_poll", flag, cx);
    // ------------------------------------------
}

void flag_set(struct flag *flag)
{
    // ---- your code, in place of this line ----
    todo("flag_set", flag);
    // ------------------------------------------
}
