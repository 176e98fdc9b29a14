// What epoll knows stays in the set, silent, and is changed when somebody
// comes.
#include "15_reactor.h"

#include <errno.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

struct entry {
    struct waker waker;
    uint32_t age;
};

static struct entry table[1024];

static uint64_t name_of(int fd)
{
    return (uint64_t)(uint32_t)fd | (uint64_t)table[fd].age << 32;
}

struct poll reactor_register(int epoll, int fd, uint32_t events,
                             const struct waker *waker)
{
    struct waker mine = waker_clone(waker), other;
    struct epoll_event event = { .events = events | EPOLLONESHOT };

    pthread_mutex_lock(&mutex);
    other = table[fd].waker;
    table[fd].age++;
    table[fd].waker = mine;
    event.data.u64 = name_of(fd);
    int result = epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    if (result == -1 && errno == ENOENT)
        result = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    int error = result == -1 ? errno : 0;
    if (error) table[fd].waker = (struct waker){ NULL, NULL };
    pthread_mutex_unlock(&mutex);
    waker_drop(&other);
    if (!error) return POLL_PENDING;
    waker_drop(&mine);
    return POLL_READY(-error);
}

void reactor_deregister(int epoll, int fd)
{
    pthread_mutex_lock(&mutex);
    struct waker waker = waker_take(&table[fd].waker);
    table[fd].age++;
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    pthread_mutex_unlock(&mutex);
    waker_drop(&waker);
}

void reactor_loop(int epoll)
{
    struct epoll_event events[8];
    bool stop = false;

    while (!stop) {
        int n = epoll_wait(epoll, events, 8, -1);
        for (int i = 0; i < n; i++) {
            uint64_t name = events[i].data.u64;
            if (name == REACTOR_STOP) {
                stop = true;
                continue;
            }
            struct entry *entry = &table[name & 0xffffffff];
            struct waker waker = { NULL, NULL };
            pthread_mutex_lock(&mutex);
            if (name_of((int)(entry - table)) == name)
                waker = waker_take(&entry->waker);
            pthread_mutex_unlock(&mutex);
            waker_wake(&waker);
        }
    }
}
