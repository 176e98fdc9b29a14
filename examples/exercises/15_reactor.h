// What exercise 15 is about: a reactor that any thread may use, and that runs
// on a thread of its own.
#ifndef REACTOR_H
#define REACTOR_H

#include "exercise.h"

#include <pthread.h>
#include <sys/epoll.h>

// An event with this data ends reactor_loop. No registration has it.
#define REACTOR_STOP UINT64_MAX

struct poll reactor_register(int epoll, int fd, uint32_t events,
                             const struct waker *waker);
void reactor_deregister(int epoll, int fd);
void reactor_loop(int epoll);

#endif
