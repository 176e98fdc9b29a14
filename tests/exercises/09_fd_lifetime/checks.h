// What the checks call.
#include "trale.h"

#include <sys/epoll.h>

struct poll watch(int epoll, int fd, const struct waker *waker);
void serve(int epoll, struct epoll_event event);
void release(int epoll, int *fd);
