# Expect: channel_send called values_push without the lock
/pthread_mutex_/d
