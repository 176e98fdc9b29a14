# Expect: block_on called usleep: it looks from time to time
1s/^/#define _DEFAULT_SOURCE\
#include <unistd.h>\
/
s/^        while (!parker->woken) .*$/        while (!parker->woken) {\
            pthread_mutex_unlock(\&parker->lock);\
            usleep(1000);\
            pthread_mutex_lock(\&parker->lock);\
        }/
