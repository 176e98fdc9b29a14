# Expect: Two threads used the same memory at the same time
/^void flag_set/,/^}/{
/pthread_mutex/d
}
