# The thread that joins is woken by a waker of its own, which posts a semaphore.
1a #include <errno.h>\
#include <semaphore.h>
s/^intptr_t handle_join/static void nothing(void *data)\
{\
    (void)data;\
}\
\
static void post(void *data)\
{\
    sem_post(data);\
}\
\
&/
/^intptr_t handle_join/,/^}/ {
    s/^    pthread_mutex_lock.*/    static const struct waker_vtable vtable = { nothing, post, nothing };\
    sem_t semaphore;\
    struct context cx = { \&(struct waker){ \&vtable, \&semaphore } };\
    struct poll poll;\
\
    (void)task;\
    sem_init(\&semaphore, 0, 0);\
    while (poll = future_poll(handle, \&cx), !poll.ready)\
        sem_wait(\&semaphore);\
    intptr_t value = poll.value;/
    /^    while (!task/d
    /^    intptr_t value = task/d
    /^    pthread_mutex_unlock/d
}
