# Expect: Two threads used the same memory at the same time
/^void reactor_deregister/,/^}/s/^    pthread_mutex_lock/    if (sources[fd].waker.vtable == NULL) return;\
&/
