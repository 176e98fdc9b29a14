# Expect: flag_set looked at flag->waker without the lock
/^void flag_set/,/^}/{
/pthread_mutex/d
}
