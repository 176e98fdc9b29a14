// 01b. A coroutine is a state machine, too.
//
// Concept. An async block runs until it must wait, and goes on there later. In
// C it has no stack while it waits. So a struct holds the place where it left
// off, the future that it awaits, and each local that is needed after an await.
// This is what rustc, or the book's corofy, makes of such a block. You write
// one by hand:
//
//     async fn sum(first: Future, second: fn(intptr_t) -> Future) {
//         let a = first.await;          // SUM_FIRST while it is pending
//         let b = second(a).await;      // SUM_SECOND while it is pending
//         a + b                         // a lives across the second await
//     }
//
// Read. examples/states.c, which is such a machine with one await; trale.h,
// 'struct poll await' and 'async and .await'. In the book's chapter, 'Improving
// our base example'.
//
// Write sum_poll and sum_drop, the two gaps below.
//
// sum_poll goes on where it left off, as far as it can: when the first future
// is ready, it makes the second, self->second(a), and polls that at once, for a
// future that was never polled wakes nobody. A child that is pending has kept
// the waker; the sum itself keeps none. Ready with a + b. Several sums may be
// under way at the same time.
//
// await(&self->child, cx) polls the child. If it is ready, it drops it, leaves
// NULL and returns POLL_READY with its value.
//
// sum_drop: the sum may be dropped at any time, and then drops the child that
// it has. future_drop(NULL) does nothing.
//
// Then type: make exercise N=01b. If you are stuck: make hint N=01b.
#include "exercise.h"

enum sum_state { SUM_FIRST, SUM_SECOND };

struct sum {
    struct future future;
    enum sum_state state;
    struct future *child; // the one that is awaited, owned; NULL: none
    intptr_t a;           // once the first was ready
    struct future *(*second)(intptr_t a);
};

static struct poll sum_poll(struct future *future, struct context *cx)
{
    struct sum *self = (struct sum *)future;

    // ---- your code, in place of this line ----
    todo("sum_poll", self, cx);
    // ------------------------------------------
}

static void sum_drop(struct future *future)
{
    struct sum *self = (struct sum *)future;

    // ---- your code, in place of this line ----
    todo("sum_drop", self);
    // ------------------------------------------
}

// Takes over the first future, and each that `second` returns.
struct future *sum(struct future *first, struct future *(*second)(intptr_t a))
{
    static const struct future_vtable vtable = { "sum", sum_poll, sum_drop };
    struct sum *self = future_new(sizeof(*self), &vtable);

    self->child = first;
    self->second = second;
    return &self->future;
}
