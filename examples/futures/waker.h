// Option<Waker>, as leaf futures and fibers keep it.
#ifndef FUTURES_WAKER_H
#define FUTURES_WAKER_H

#include "trale.h"

// A future may be polled with another waker each time; the latest counts. Most
// often it is the same one again, and then there is nothing to do.
static inline void waker_keep(struct waker *kept, const struct waker *waker)
{
    if (kept->vtable == waker->vtable && kept->data == waker->data) return;
    waker_drop(kept);
    *kept = waker_clone(waker);
}

#endif
