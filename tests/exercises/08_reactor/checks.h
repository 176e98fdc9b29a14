// What the checks call.
#include "trale.h"

struct poll register_waker(int epoll, struct subscription *sub,
                           const struct waker *waker);
void reactor_turn(int epoll, int ms);
struct poll tick_poll(int epoll, struct subscription *sub, int ms,
                      struct context *cx);
