# Expect: That is busy-polling
/pthread_cond_wait/d
