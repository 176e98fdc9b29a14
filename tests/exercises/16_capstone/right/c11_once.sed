# With a lock of C11 that is made when it is first needed.
s/#include <pthread.h>/#include <threads.h>/
s/^static pthread_mutex_t lock = .*/static once_flag once = ONCE_FLAG_INIT;\
static mtx_t lock;\
\
static void begin(void)\
{\
    mtx_init(\&lock, mtx_plain);\
}/
s/^    pthread_mutex_lock(&lock);/    call_once(\&once, begin);\
    mtx_lock(\&lock);/
s/pthread_mutex_unlock/mtx_unlock/
