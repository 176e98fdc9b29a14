# Expect: flag_set changed flag->waker without the lock. Another thread may look at
/^void flag_set/,/^}/{
/pthread_mutex/d
}
