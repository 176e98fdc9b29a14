// A registration whose descriptor and kind may differ from call to call, for
// tests that reuse one subscription. The leaf futures of trale set both once.
#ifndef REGISTER_H
#define REGISTER_H

#include "trale.h"

static inline struct poll register_waker(struct subscription *sub, int fd,
                                         const struct waker *waker,
                                         enum wakeup_kind kind)
{
    if (sub->fd != fd || sub->kind != kind) {
        reactor_deregister_waker(sub); // it must not change while it waits
        sub->fd = fd;
        sub->kind = kind;
    }
    return reactor_register_waker(sub, waker);
}

#endif
