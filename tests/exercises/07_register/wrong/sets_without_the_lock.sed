# Expect: flag_set changed flag->waker without the lock
/^void flag_set/,/^}/{
/pthread_mutex/d
}
