# The waker is in a box of its own, and an atomic pointer leads to it.
1a #include <stdatomic.h>
/^static pthread_mutex_t lock/d
s/^static struct waker waiting;.*/static struct waker *_Atomic box;/
/^    pthread_mutex/d
s/^    struct waker before = waiting;/    struct waker *mine = latest.vtable ? box_new(sizeof(latest)) : NULL;\
    if (mine != NULL) *mine = latest;\
    struct waker *old = atomic_exchange(\&box, mine);\
    struct waker before = old != NULL ? *old : (struct waker){ NULL, NULL };\
    free(old);/
/^    waiting = latest;/d
