# With a lock of C11.
s/#include <pthread.h>/#include <threads.h>/
s/^static pthread_mutex_t lock = .*/static mtx_t lock;\
\
__attribute__((constructor)) static void begin(void)\
{\
    mtx_init(\&lock, mtx_plain);\
}/
s/pthread_mutex_lock/mtx_lock/
s/pthread_mutex_unlock/mtx_unlock/
