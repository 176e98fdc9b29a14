// 11. Select, and cancellation by drop.
//
// Concept. Of two futures the first that is ready wins, and the other one is
// cancelled. Nobody tells it so: it is dropped. Therefore its drop gives back
// all that it holds, in whatever state it is; and what must not be lost, such
// as data that was read, must not be in it.
//
// Read. examples/exercises/11_select.h, which is given; trale.h, 'struct poll
// await'; trale.c, 'futures/udp.rs: RecvFrom::poll', for what a dropped future
// has not taken along, and 'drop(Subscription)'. In the book's chapter, 'An
// example using concurrency'.
//
// Write race_poll, race_drop, receive_poll and receive_drop, the gaps below.
//
// race(first, second) is ready when one of the two is, with its value. Each
// poll asks first, and then second, but only if first is pending: if both are
// ready, the value of second would be taken out and lost. As soon as there is a
// winner the other is dropped, in the same poll.
//
// race_drop drops the children that are still there: somebody may cancel the
// race, too.
//
// receive(inbox) is ready with the next message. receive_poll reads what has
// come, but nothing of the message behind it. While its message is not whole,
// it is pending, and registered with the reactor. At the end of the input, even
// in the middle of a message, it is ready with -EPIPE. If read fails, EAGAIN
// says that nothing is there now; with any other errno it is ready, -errno.
// (EINTR does not come, for inbox->fd does not block.) A receive that is
// dropped has lost nothing: the next one goes on where it was.
//
// receive_drop undoes the registration, in which there is a waker.
//
// You need: await (polls, and drops what is ready), future_drop, read(2),
// reactor_register_waker, reactor_deregister_waker.
// Then type: make exercise N=11. If you are stuck: make hint N=11.
#include "11_select.h"
#include "exercise.h"

#include <errno.h>
#include <unistd.h>

struct poll race_poll(struct future *future, struct context *cx)
{
    struct race *self = (struct race *)future;

    // ---- your code, in place of this line ----
    todo("race_poll", self, cx);
    // ------------------------------------------
}

void race_drop(struct future *future)
{
    struct race *self = (struct race *)future;

    // ---- your code, in place of this line ----
    todo("race_drop", self);
    // ------------------------------------------
}

struct poll receive_poll(struct future *future, struct context *cx)
{
    struct receive *self = (struct receive *)future;

    // ---- your code, in place of this line ----
    todo("receive_poll", self, cx);
    // ------------------------------------------
}

void receive_drop(struct future *future)
{
    struct receive *self = (struct receive *)future;

    // ---- your code, in place of this line ----
    todo("receive_drop", self);
    // ------------------------------------------
}
