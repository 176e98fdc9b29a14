# Expect: reactor_loop had looked at the generation before it had the lock
/^void reactor_loop/,/^}/{
s/^        pthread_mutex_lock(&lock);/        if (sources[fd].generation != event.data.u64 >> 32) continue;\
&/
s/^        if (sources\[fd\].generation == .*/        if (sources[fd].waker.vtable != NULL)/
}
